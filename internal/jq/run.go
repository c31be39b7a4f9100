package jq

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/itchyny/gojq"
)

// ErrBudget is behind every error of a run that was stopped for its time, its outputs or their size.
var ErrBudget = errors.New("budget exceeded")

// Run runs the program on an input within the program's time. The values of vars stand in the order of Options.Vars;
// emit is given each output and may stop the run with an error. Inputs and variables may hold nothing but nil, bool,
// int, float64, *big.Int, json.Number, string, []any and map[string]any; what emit is given holds nothing else, and
// may share memory with the input.
func (c *Code) Run(ctx context.Context, input any, vars []any, emit func(any) error) error {
	return c.RunWithin(ctx, c.timeout, input, vars, emit)
}

// RunWithin is Run with a time of its own, for a caller that knows the size of the input.
func (c *Code) RunWithin(ctx context.Context, budget time.Duration, input any, vars []any, emit func(any) error) (err error) {
	// gojq panics, even inside of Error(), on types it does not know; a defect of ours must not end the process.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("running jq: panic: %v", p)
		}
	}()
	if c.steps != nil && ctx.Err() == nil {
		if v, ok := c.steps.run(input); ok {
			return emit(v)
		}
	}
	caller, input := ctx, made(input)
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	iter := c.code.RunWithContext(ctx, input, vars...)
	for n := 0; ; n++ {
		v, ok := iter.Next()
		if !ok {
			return nil
		}
		if e, bad := v.(error); bad {
			if err := caller.Err(); err != nil {
				return err
			}
			return runError(ctx, e, budget)
		}
		if n == c.outputs {
			return fmt.Errorf("%w: more than %d outputs", ErrBudget, c.outputs)
		}
		if err := emit(v); err != nil {
			return err
		}
	}
}

// One runs a program that is expected to give one output; none is null, and of several the first counts.
func (c *Code) One(ctx context.Context, input any, vars ...any) (any, error) {
	var out any
	stop := errors.New("enough")
	err := c.Run(ctx, input, vars, func(v any) error {
		out = v
		return stop
	})
	if err != nil && !errors.Is(err, stop) {
		return nil, err
	}
	return out, nil
}

func runError(ctx context.Context, e error, budget time.Duration) error {
	var halt *gojq.HaltError
	switch {
	case errors.As(e, &halt):
		return errors.New("the program halted")
	case ctx.Err() != nil && errors.Is(e, ctx.Err()):
		if errors.Is(e, context.DeadlineExceeded) {
			return fmt.Errorf("%w: more than %v: %w", ErrBudget, budget, e)
		}
		return e
	}
	return errors.New(cut(e.Error(), maxMessage))
}

// maxMessage bounds an error's text, which may quote a value.
const maxMessage = 500

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n] + "…"
}
