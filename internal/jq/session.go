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

// pair is the input of a program with a variable that each run brings, and the variable's value.
type pair struct{ input, each any }

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
const (
	feeding     = `_feed | if _mark then . else _program end`
	feedingEach = `_feed | if _mark then . else _each as %s | _input | _program end`
)

var feedOptions = []gojq.CompilerOption{
	gojq.WithIterFunction("_feed", 0, 0, func(v any, _ []any) gojq.Iter { return v.(*feed) }),
	gojq.WithFunction("_mark", 0, 0, func(v any, _ []any) any {
		_, ok := v.(mark)
		return ok
	}),
	gojq.WithFunction("_each", 0, 0, func(v any, _ []any) any { return v.(pair).each }),
	gojq.WithFunction("_input", 0, 0, func(v any, _ []any) any { return v.(pair).input }),
}

// feeder compiles the wrapped program, once, for those programs that need it.
func (c *Code) feeder() (*gojq.Code, error) {
	c.once.Do(func() {
		text := feeding
		if c.each != "" {
			text = fmt.Sprintf(feedingEach, c.each)
		}
		q, err := gojq.Parse(text)
		if err != nil {
			c.fedErr = err
			return
		}
		program := &q.Right.Term.If.Else
		for (*program).Right != nil { // past what stands before it
			program = &(*program).Right
		}
		*program = c.query
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

// RunEach is Run for a program with Options.Each, whose variable has the value of each.
func (s *Session) RunEach(ctx context.Context, budget time.Duration, input, each any, emit func(any) error) error {
	return s.Run(ctx, budget, pair{input, each}, emit)
}

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
