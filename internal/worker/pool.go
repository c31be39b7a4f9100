package worker

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"time"
)

// Pool keeps workers. They are started when somebody needs one, kept warm for the next, and ended when nobody does. The
// zero value is ready; it must be closed.
type Pool struct {
	// Command is what a worker is started by; this binary with Verb where it is empty.
	Command []string

	once  sync.Once
	err   error         // of the first start
	seats chan struct{} // taken by who has a worker
	asked chan func()   // what the starter is to do
	over  chan struct{} // closed with the pool

	mu     sync.Mutex
	idle   []*process // the last used at the end
	sweep  *time.Timer
	closed bool
}

var (
	errClosed = errors.New("running an override: the gateway is stopping")
	errNoPool = errors.New("running an override: it is untrusted, and there are no workers to run it")
)

func (p *Pool) begin() error {
	if p == nil {
		return errNoPool // and never in this process
	}
	p.once.Do(func() {
		if !Supported {
			p.err = ErrUnsupported
			return
		}
		if len(p.Command) == 0 {
			p.Command = []string{self, Verb}
		}
		p.mu.Lock()
		p.seats, p.asked, p.over = make(chan struct{}, MaxWorkers), make(chan func()), make(chan struct{})
		p.mu.Unlock()
		if p.err = keep(); p.err == nil {
			go p.starter()
		}
	})
	return p.err
}

// take waits for a worker. Nobody has more than half of them: one program that is slow must not stop the others. I8
func (p *Pool) take(ctx context.Context, program *Program) (*process, error) {
	if err := p.begin(); err != nil {
		return nil, err
	}
	for _, seats := range []chan struct{}{program.seats, p.seats} {
		select {
		case seats <- struct{}{}:
		case <-ctx.Done():
			if seats == p.seats {
				<-program.seats
			}
			return nil, ctx.Err()
		}
	}
	w, err := p.rested(program)
	if err == nil && w == nil {
		w, err = start(p.Command, p.onStarter)
	}
	if err != nil {
		p.leave(program)
		return nil, err
	}
	return w, nil
}

// starter starts the workers: the kernel takes the thread that did for their parent, and a thread that Go takes away from a
// goroutine may end at any time.
func (p *Pool) starter() {
	runtime.LockOSThread()
	for {
		select {
		case do := <-p.asked:
			do()
		case <-p.over:
			return
		}
	}
}

// onStarter has the starter do something.
func (p *Pool) onStarter(do func() error) (err error) {
	done := make(chan struct{})
	select {
	case p.asked <- func() { err = do(); close(done) }:
		<-done
		return err
	case <-p.over:
		return errClosed
	}
}

func (p *Pool) leave(program *Program) {
	<-p.seats
	<-program.seats
}

// rested is a worker that waits, before others one that has the program; nil where a new one is to be started.
func (p *Pool) rested(program *Program) (*process, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, errClosed
	}
	p.idle = slices.DeleteFunc(p.idle, func(w *process) bool {
		if !w.alive() {
			w.kill() // lets go of its pipes
			return true
		}
		return false
	})
	if len(p.idle) == 0 {
		return nil, nil
	}
	i := slices.IndexFunc(p.idle, func(w *process) bool { return w.program == program })
	if i < 0 {
		i = len(p.idle) - 1
	}
	w := p.idle[i]
	p.idle = slices.Delete(p.idle, i, i+1)
	return w, nil
}

// give gives a worker back.
func (p *Pool) give(w *process, program *Program) {
	defer p.leave(program)
	p.mu.Lock()
	keep := !w.spent && !p.closed
	if keep {
		p.idle = append(p.idle, w)
		if p.sweep == nil {
			p.sweep = time.AfterFunc(maxIdle, p.end)
		}
	}
	p.mu.Unlock()
	if !keep {
		w.kill()
	}
}

// end ends the workers that nobody has needed for a while.
func (p *Pool) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.idle = slices.DeleteFunc(p.idle, func(w *process) bool {
		if now.Sub(w.rested) < maxIdle {
			return false
		}
		w.kill()
		return true
	})
	if p.sweep = nil; len(p.idle) > 0 && !p.closed {
		p.sweep = time.AfterFunc(maxIdle, p.end)
	}
}

// Close ends the workers.
func (p *Pool) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over != nil && !p.closed {
		close(p.over)
	}
	p.closed = true
	if p.sweep != nil {
		p.sweep.Stop()
	}
	for _, w := range p.idle {
		w.kill()
	}
	p.idle = nil
	return nil
}
