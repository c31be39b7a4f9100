package jq

import (
	"slices"
	"strconv"

	"github.com/itchyny/gojq"
)

// step is one step of a straight program: from a value to the next. ok is false where gojq has to say what happens.
type step func(v any) (next any, ok bool)

// straight is a program that is nothing but steps one after the other: a path, functions of the house behind pipes, one
// comparison with a text. Most slots of connectors are, and run without a machine. A step that meets what it does not
// know ends the run, and gojq runs the program from its start: it has no effect that could happen twice.
type straight []step

// Straight says whether the program is nothing but such steps, which nothing can make long.
func (c *Code) Straight() bool { return c.steps != nil }

// run gives the one output.
func (s straight) run(v any) (out any, ok bool) {
	for _, next := range s {
		if v, ok = next(v); !ok {
			return nil, false
		}
	}
	return made(v), true
}

// straightOf is the program's steps, nil for any other program.
func straightOf(q *gojq.Query) straight {
	if len(q.FuncDefs)+len(q.Imports)+len(q.Patterns) > 0 || q.Meta != nil {
		return nil
	}
	if q.Term != nil {
		return termSteps(q.Term)
	}
	left, right := straightOf(q.Left), straight(nil)
	switch q.Op {
	case gojq.OpPipe:
		right = straightOf(q.Right)
	case gojq.OpEq:
		if text, ok := literalText(q.Right); ok {
			right = straight{func(v any) (any, bool) { return v == text, true }}
		}
	}
	if left == nil || right == nil {
		return nil
	}
	return slices.Concat(left, right)
}

func termSteps(t *gojq.Term) straight {
	var out straight
	switch t.Type {
	case gojq.TermTypeIdentity:
		out = straight{func(v any) (any, bool) { return v, true }}
	case gojq.TermTypeIndex:
		out = indexSteps(nil, t.Index)
	case gojq.TermTypeFunc:
		out = callSteps(t.Func)
	}
	for _, s := range t.SuffixList {
		if out == nil || s.Index == nil {
			return nil
		}
		out = indexSteps(out, s.Index)
	}
	return out
}

// indexSteps adds the member of an object.
func indexSteps(to straight, x *gojq.Index) straight {
	if x.Name == "" {
		return nil
	}
	return append(to, func(v any) (any, bool) {
		switch v := v.(type) {
		case nil:
			return nil, true
		case map[string]any:
			return v[x.Name], true
		case Object:
			return v.Member(x.Name), true
		}
		return nil, false
	})
}

// callSteps calls a function of the house, whose arguments are whole numbers.
func callSteps(f *gojq.Func) straight {
	at := slices.IndexFunc(houseFunctions, func(h function) bool { return h.name == f.Name && h.arity == len(f.Args) })
	if at < 0 {
		return nil
	}
	run, args := houseFunctions[at].run, make([]any, len(f.Args))
	for i, a := range f.Args {
		n, ok := literalInt(a)
		if !ok {
			return nil
		}
		args[i] = n
	}
	return straight{func(v any) (any, bool) {
		out := run(made(v), args)
		_, failed := out.(error)
		return out, !failed
	}}
}

func literalText(q *gojq.Query) (string, bool) {
	if t := q.Term; t != nil && t.Type == gojq.TermTypeString && len(t.SuffixList) == 0 && len(t.Str.Queries) == 0 {
		return t.Str.Str, true
	}
	return "", false
}

func literalInt(q *gojq.Query) (int, bool) {
	t, sign := q.Term, 1
	if t != nil && t.Type == gojq.TermTypeUnary && t.Unary.Op == gojq.OpSub && len(t.SuffixList) == 0 {
		t, sign = t.Unary.Term, -1
	}
	if t == nil || t.Type != gojq.TermTypeNumber || len(t.SuffixList) > 0 {
		return 0, false
	}
	n, err := strconv.Atoi(t.Number)
	return sign * n, err == nil
}
