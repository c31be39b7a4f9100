package jq

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/itchyny/gojq"
)

// Session runs one program on one input after another, with the same variables, and belongs to one goroutine. It keeps
// gojq's machine alive between the inputs, whose stacks would otherwise be grown anew for each: the program is run once
// over a generator that hands it the inputs, and after each a mark that comes out at the other end.
type Session struct {
	code  *Code
	vars  []any
	feed  *feed
	clock *clock
	timer *time.Timer
	iter  gojq.Iter // nil before the first run and after one that failed
}

// feed is the generator.
type feed struct {
	input any
	full  bool
}

// mark comes out of the program when all outputs of an input have.
type mark struct{}

// Next is gojq's.
func (f *feed) Next() (any, bool) {
	if !f.full {
		return mark{}, true
	}
	v := f.input
	f.full, f.input = false, nil
	return v, true
}

// feeding wraps a program for sessions. The names start with an underscore and are unknown to the lint, so that no
// program can call them.
const feeding = `_feed | if _mark then . else _program end`

var feedOptions = []gojq.CompilerOption{
	gojq.WithIterFunction("_feed", 0, 0, func(v any, _ []any) gojq.Iter { return v.(*feed) }),
	gojq.WithFunction("_mark", 0, 0, func(v any, _ []any) any {
		_, ok := v.(mark)
		return ok
	}),
}

// feeder compiles the wrapped program, once, for those programs that need it.
func (c *Code) feeder() (*gojq.Code, error) {
	c.once.Do(func() {
		q, err := gojq.Parse(feeding)
		if err != nil {
			c.fedErr = err
			return
		}
		q.Right.Term.If.Else = c.query
		c.fed, c.fedErr = gojq.Compile(q, append(slices.Clip(c.given), feedOptions...)...)
	})
	return c.fed, c.fedErr
}

// clock is a context that is done when the time of the current input is over. gojq asks it before every step.
type clock struct {
	context.Context
	done chan struct{}
	once sync.Once
}

func (c *clock) Done() <-chan struct{} { return c.done }

func (c *clock) Err() error {
	select {
	case <-c.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

func (c *clock) ring() { c.once.Do(func() { close(c.done) }) }

// Session is a new session with the values of Options.Vars.
func (c *Code) Session(vars []any) *Session {
	return &Session{code: c, vars: vars}
}

var errMachine = errors.New("running jq: the machine ended")

// Run runs the program on an input as Code.RunWithin does.
func (s *Session) Run(ctx context.Context, budget time.Duration, input any, emit func(any) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.start(budget); err != nil {
		return err
	}
	hear := func() bool { return true }
	if ctx.Done() != nil {
		hear = context.AfterFunc(ctx, s.clock.ring)
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("running jq: panic: %v", p)
		}
		// After an error the machine stands somewhere inside of the input; after a ring, perhaps a late one, it stops.
		if quiet, silent := s.timer.Stop(), hear(); err != nil || !quiet || !silent {
			s.iter, s.feed = nil, nil
		}
	}()
	s.feed.input, s.feed.full = input, true
	for n := 0; ; n++ {
		v, ok := s.iter.Next()
		if !ok {
			return errMachine
		}
		switch v := v.(type) {
		case mark:
			return nil
		case error:
			if err := ctx.Err(); err != nil {
				return err
			}
			return runError(s.clock, v, budget)
		}
		if n == s.code.outputs {
			return fmt.Errorf("%w: more than %d outputs", ErrBudget, s.code.outputs)
		}
		if err := emit(v); err != nil {
			return err
		}
	}
}

// start sets the clock, and makes a machine where there is none.
func (s *Session) start(budget time.Duration) error {
	if s.iter != nil {
		s.timer.Reset(budget)
		return nil
	}
	code, err := s.code.feeder()
	if err != nil {
		return fmt.Errorf("running jq: %w", err)
	}
	s.feed, s.clock = &feed{}, &clock{Context: context.Background(), done: make(chan struct{})}
	s.timer = time.AfterFunc(budget, s.clock.ring)
	s.iter = code.RunWithContext(s.clock, s.feed, s.vars...)
	return nil
}
