package jq

import (
	"errors"
	"fmt"
	"slices"

	"github.com/itchyny/gojq"

	"github.com/meterbridge/meterbridge/internal/house"
)

// function is one of the house's.
type function struct {
	name  string
	arity int
	run   func(v any, args []any) any
}

// houseFunctions are functionsOfTheHouse, made once.
var houseFunctions = functionsOfTheHouse()

// functionsOfTheHouse are in scope of every program: exact decimals, dates in UTC, stable ids. They are Go functions
// and not jq definitions, so that each is one bounded step.
func functionsOfTheHouse() []function {
	var all []function
	f0 := func(name string, f func(any) any) {
		all = append(all, function{name, 0, func(v any, _ []any) any { return f(v) }})
	}
	f1 := func(name string, f func(v, x any) any) {
		all = append(all, function{name, 1, func(v any, args []any) any { return f(v, args[0]) }})
	}
	f0("dec", Dec)
	f0("dsum", dsum)
	f0("dneg", dneg)
	f1("dadd", dadd)
	f1("dsub", dsub)
	f1("dmul", dmul)
	f1("dcmp", dcmp)
	f1("dshift", dshift)
	for name, form := range house.Forms {
		f0(name, func(v any) any { return onDate(v, form) })
	}
	for name, step := range house.Steps {
		f1(name, func(v, n any) any { return stepDate(v, n, step) })
	}
	for name, part := range house.Parts {
		f0(name, func(v any) any { return partOfDate(v, part) })
	}
	for name, epoch := range house.Epochs {
		f0(name, func(v any) any { return fromEpoch(v, epoch) })
	}
	f0("yyyymmdd", yyyymmdd)
	f1("cycle_start", cycleStart)
	f0("unix", unix)
	f0("unix_ms", unixMilli)
	f0("months", months)
	f0("mdy", mdy)
	f0("stable_id", stableID)
	f0("slug", slug)
	all = append(all, function{"replace_all", 2, func(v any, args []any) any { return replaceAll(v, args[0], args[1]) }})
	return all
}

// houseOptions put the functions of the house into the scope of a program. All programs share them.
var houseOptions = func() (opts []gojq.CompilerOption) {
	for _, f := range houseFunctions {
		opts = append(opts, gojq.WithFunction(f.name, f.arity, f.arity, func(v any, args []any) any { return named(f.name, f.run(v, args)) }))
	}
	return opts
}()

// House lists the functions that are the house's and not jq's, as name/arity in order of the name.
func House() []string {
	var names []string
	for _, f := range houseFunctions {
		names = append(names, signature(f.name, f.arity))
	}
	slices.Sort(names)
	return names
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
