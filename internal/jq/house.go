package jq

import (
	"errors"
	"fmt"

	"github.com/itchyny/gojq"
)

// house is the house's functions, in scope of every program: exact decimals, dates in UTC, stable ids. They are Go
// functions and not jq definitions, so that each is one bounded step, and the mapping compiler can call the same body.
func house() []gojq.CompilerOption {
	var opts []gojq.CompilerOption
	f0 := func(name string, f func(any) any) {
		opts = append(opts, gojq.WithFunction(name, 0, 0, func(v any, _ []any) any { return named(name, f(v)) }))
	}
	f1 := func(name string, f func(v, x any) any) {
		opts = append(opts, gojq.WithFunction(name, 1, 1, func(v any, xs []any) any { return named(name, f(v, xs[0])) }))
	}
	f0("dec", Dec)
	f0("dsum", dsum)
	f0("dneg", dneg)
	f1("dadd", dadd)
	f1("dsub", dsub)
	f1("dmul", dmul)
	f1("dcmp", dcmp)
	f1("dshift", dshift)
	for name, layout := range layouts {
		f0(name, func(v any) any { return onDate(v, layout) })
	}
	for name, add := range steps {
		f1(name, func(v, n any) any { return stepDate(v, n, add) })
	}
	for name, part := range parts {
		f0(name, func(v any) any { return partOfDate(v, part) })
	}
	for name, at := range epochs {
		f0(name, func(v any) any { return fromEpoch(v, at) })
	}
	f0("yyyymmdd", yyyymmdd)
	f1("cycle_start", cycleStart)
	f0("unix", unix)
	f0("unix_ms", unixMilli)
	f0("months", months)
	f0("mdy", mdy)
	f0("stable_id", stableID)
	f0("slug", slug)
	opts = append(opts, gojq.WithFunction("replace_all", 2, 2, func(v any, xs []any) any { return named("replace_all", replaceAll(v, xs[0], xs[1])) }))
	return opts
}

// named puts the function's name before its error.
func named(name string, v any) any {
	if err, ok := v.(error); ok {
		return fmt.Errorf("%s: %w", name, err)
	}
	return v
}

// wrong is the error of a value that a function can't take.
func wrong(v any, want string) error {
	switch v.(type) {
	case nil, bool, int, float64, string, []any, map[string]any:
		return fmt.Errorf("%s is not %s", cut(gojq.Preview(v), 80), want)
	}
	if IsNumber(v) {
		return fmt.Errorf("%s is not %s", cut(gojq.Preview(v), 80), want)
	}
	return errors.New("not " + want)
}
