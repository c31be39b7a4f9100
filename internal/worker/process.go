package worker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/meterbridge/meterbridge/internal/jq"
)

// process is a worker, seen from its parent.
type process struct {
	cmd     *exec.Cmd
	in, out *os.File // its standard streams, from our side
	said    words
	dead    chan struct{} // closed when it has ended

	born    time.Time
	rested  time.Time // when its last request was over
	busy    time.Duration
	items   int
	buf     []byte
	reply   []byte
	program *Program // that it has
	session *Session // whose roots it has
	rev     int
	spent   bool // it is to be replaced
}

// start starts a worker, where on has it done, and waits until it is ready.
func start(command []string, on func(func() error) error) (*process, error) {
	theirIn, in, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("starting a worker: %w", err)
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		theirIn.Close()
		in.Close()
		return nil, fmt.Errorf("starting a worker: %w", err)
	}
	w := &process{cmd: exec.Command(command[0], command[1:]...), in: in, out: out, dead: make(chan struct{}), born: time.Now()}
	w.cmd.Stdin, w.cmd.Stdout, w.cmd.Stderr = theirIn, theirOut, &w.said
	w.cmd.Args[0] = os.Args[0] // as whom this process was called
	apart(w.cmd)
	err = on(w.cmd.Start)
	theirIn.Close()
	theirOut.Close()
	if err != nil {
		in.Close()
		out.Close()
		return nil, fmt.Errorf("starting a worker: %w", err)
	}
	go func() {
		_ = w.cmd.Wait() // how it ended stands in ProcessState
		close(w.dead)
	}()
	// Reads that block cost half of what Go's poller does, and what ends them is the process's end.
	in.Fd()
	out.Fd()
	late := w.within(startPatience)
	kind, _, err := readFrame(out, nil, 0)
	if err == nil && kind != readyFrame {
		err = errFrame
	}
	if late() {
		err = fmt.Errorf("it took longer than %v", startPatience)
	}
	if err != nil {
		w.kill()
		return nil, fmt.Errorf("starting a worker: it is not ready: %w: %s", err, w.said.first())
	}
	return w, nil
}

// alive says that it has not ended by itself.
func (w *process) alive() bool {
	select {
	case <-w.dead:
		return false
	default:
		return true
	}
}

// stop ends it.
func (w *process) stop() { _ = w.cmd.Process.Kill() }

// within ends it after a time, unless that is called off before: late says that it wasn't.
func (w *process) within(d time.Duration) (late func() bool) {
	timer := time.AfterFunc(d, w.stop)
	return func() bool { return !timer.Stop() }
}

// kill ends it, and waits until it has.
func (w *process) kill() {
	w.stop()
	<-w.dead
	w.in.Close()
	w.out.Close()
}

// ask is one round trip. After an error that is not the program's the worker has ended.
func (w *process) ask(ctx context.Context, s *Session, budget time.Duration, item []byte, each [][]byte) (*answer, error) {
	if err := w.write(s, budget, item, each); err != nil {
		return nil, err
	}
	began := time.Now()
	late := w.within(budget + answerPatience)
	left := context.AfterFunc(ctx, w.stop)
	_, err := w.in.Write(w.buf)
	var kind frameKind
	if err == nil {
		kind, w.reply, err = readFrame(w.out, w.reply, MaxAnswer)
	}
	var a *answer
	if err == nil {
		if a, err = readAnswer(w.reply, len(each)); kind != answerFrame {
			err = errFrame
		}
	}
	killed, stays := late(), left()
	w.spent = err != nil || killed || !stays
	if err != nil {
		w.kill()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if killed {
			return nil, tooSlow(budget)
		}
		return nil, w.reason(err)
	}
	defer w.shed()
	w.items++
	w.rested = time.Now()
	w.busy += w.rested.Sub(began)
	w.spent = w.spent || a.spent || w.items >= MaxItems || w.busy >= maxBusy || w.rested.Sub(w.born) >= maxAge
	for i, outs := range a.outs { // the reply is overwritten by the next
		for j := range outs {
			a.outs[i][j] = bytes.Clone(outs[j])
		}
	}
	return a, nil
}

const maxKept = 256 << 10 // bytes of a buffer that waits with a worker

// shed lets go of what a large item left.
func (w *process) shed() {
	if cap(w.buf) > maxKept {
		w.buf = nil
	}
	if cap(w.reply) > maxKept {
		w.reply = nil
	}
}

// write fills the buffer with what the worker lacks to run the program on the item.
func (w *process) write(s *Session, budget time.Duration, item []byte, each [][]byte) error {
	w.buf = w.buf[:0]
	most := 0
	add := func(kind frameKind, build func([]byte) []byte) {
		from := len(w.buf)
		w.buf = appendFrame(w.buf, kind, build)
		most = max(most, len(w.buf)-from-header)
	}
	if w.program != s.program {
		add(programFrame, func(b []byte) []byte { return appendProgram(b, s.program) })
		w.session = nil
	}
	if w.session != s || w.rev != s.rev {
		add(rootsFrame, func(b []byte) []byte { return appendList(b, s.roots) })
	}
	add(itemFrame, func(b []byte) []byte { return append(b, item...) })
	add(runFrame, (&run{budget, each}).append)
	w.program, w.session, w.rev = s.program, s, s.rev
	if most > MaxRequest {
		w.spent = true // it was not told of what stands above
		return fmt.Errorf("%w: what an untrusted override reads of one item has more than %d bytes", jq.ErrBudget, MaxRequest)
	}
	return nil
}

// reason says why a worker did not answer.
func (w *process) reason(err error) error {
	switch said := w.said.first(); {
	case strings.Contains(said, "out of memory"), strings.Contains(said, "cannot allocate memory"):
		return fmt.Errorf("%w: more than %d MiB of memory", jq.ErrBudget, MaxMemory>>20)
	case strings.Contains(said, "stack"):
		return fmt.Errorf("%w: a value or a call nests too deeply", jq.ErrBudget)
	case errors.Is(err, errFrame):
		return errors.New("the process of the override gave an answer that is none")
	}
	return fmt.Errorf("the process of the override ended: %v", w.cmd.ProcessState)
}

// words keeps the start of what a worker says before it dies, and passes over the rest.
type words struct {
	mu   sync.Mutex
	text []byte
}

const maxSaid = 1024 // bytes that are kept of what a worker says when it dies

func (s *words) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = append(s.text, b[:min(len(b), maxSaid-len(s.text))]...)
	return len(b), nil
}

func (s *words) first() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.text)
}
