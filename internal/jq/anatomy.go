package jq

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/itchyny/gojq"
)

// Anatomy is one definition of a module, or an expression, taken apart, for whoever explains its outputs: what it reads, what it compares
// with, and where it builds the members of objects. It runs as the definition does, and can change the value of one of
// those members on the way: whatever is different in the outputs was built there.
type Anatomy struct {
	Line     int             // of the definition, or where the expression starts
	Keys     []Key           // in the order of the source
	Refs     []Ref           // what is read for anything but the member that was left out
	Names    map[string]bool // every name that is looked up in an object
	Literals []string        // every text that stands in the source, each once
	code     *Code
}

// Key is a place of the source that builds a member of an object.
type Key struct {
	Name     string // "" where it is computed
	File     string
	Line     int
	Constant bool // the value is written out
}

// NoKey is the key of a run in which nothing is changed.
const NoKey = -1

// The names start with an underscore and are unknown to the lint, so that no program can have them.
const (
	markName = "_mark"
	keyName  = "$_key"
)

var errNotDefined = errors.New("the definition is not there")

// Dissect takes apart a definition of a file that ParseModule has taken, or, where no name is given, the expression that
// Compile has. leave is a member of the output that does not count, change is what happens to the value of the key that
// a run names.
func Dissect(src Source, opt Options, name, leave string, change func(any) any) (*Anatomy, error) {
	f, findings := parse(src, opt) // a copy of its own, since the tree is rewritten
	if f == nil || Failed(findings) {
		return nil, fmt.Errorf("dissecting %s: %v", src.File, findings)
	}
	a := &Anatomy{Names: map[string]bool{}}
	a.Line, _ = src.Start()
	call := f.query
	if name != "" {
		if a.Line = (&Module{file: f}).Line(name); a.Line == 0 {
			return nil, fmt.Errorf("dissecting %s: %s: %w", src.File, name, errNotDefined)
		}
		call = calls(f, name)
	}
	a.Refs = f.refsBeside(call, leave)
	built := a.look(f)
	for i, kv := range built {
		wrap(kv, i)
	}
	code, err := gojq.Compile(call, append(slices.Clip(houseOptions), gojq.WithVariables(append(slices.Clone(opt.Vars), keyName)),
		gojq.WithFunction(markName, 2, 2, func(v any, args []any) any {
			if args[0] == args[1] {
				return change(v)
			}
			return v
		}))...)
	if err != nil {
		return nil, fmt.Errorf("dissecting %s: %w", src.File, err)
	}
	a.code = &Code{code: code, outputs: cmp.Or(opt.MaxOutputs, MaxOutputs)}
	return a, nil
}

// look gathers what stands in the tree, and gives the members that objects are built of in the order of Keys.
func (a *Anatomy) look(f *file) []*gojq.ObjectKeyVal {
	var built []*gojq.ObjectKeyVal
	for node := range f.places {
		switch n := node.(type) {
		case *gojq.ObjectKeyVal:
			built = append(built, n)
		case *gojq.Index:
			a.Names[n.Name] = true
			if n.Str != nil && n.Str.Queries == nil {
				a.Names[n.Str.Str] = true
			}
		case *gojq.PatternObject:
			a.Names[n.Key] = true
		case *gojq.String:
			if n.Queries == nil && n.Str != "" {
				a.Literals = append(a.Literals, n.Str)
			}
		}
	}
	slices.SortFunc(built, func(x, y *gojq.ObjectKeyVal) int { return f.places.at(x).compare(f.places.at(y)) })
	for _, kv := range built {
		at := f.places.at(kv)
		line, _ := f.source(at).at(at.offset)
		k := Key{Name: kv.Key, File: f.source(at).File, Line: line, Constant: kv.Val != nil && constant(kv.Val)}
		if kv.KeyString != nil && kv.KeyString.Queries == nil {
			k.Name = kv.KeyString.Str
		}
		if kv.Val == nil {
			a.Names[k.Name] = true
		}
		if k.Name != "" && k.Name[0] == '$' {
			k.Name = k.Name[1:]
		}
		a.Keys = append(a.Keys, k)
	}
	slices.Sort(a.Literals)
	a.Literals = slices.Compact(a.Literals)
	return built
}

// spellOut writes {key} out as {key: .key}; false where that can't be done.
func spellOut(kv *gojq.ObjectKeyVal) bool {
	if kv.Val == nil {
		t := &gojq.Term{Type: gojq.TermTypeIndex}
		switch {
		case kv.Key != "" && kv.Key[0] == '$':
			t = &gojq.Term{Type: gojq.TermTypeFunc, Func: &gojq.Func{Name: kv.Key}}
			kv.Key = kv.Key[1:]
		case kv.Key != "":
			t.Index = &gojq.Index{Name: kv.Key}
		case kv.KeyString != nil:
			t.Index = &gojq.Index{Str: kv.KeyString}
		default:
			return false
		}
		kv.Val = &gojq.Query{Term: t}
	}
	return true
}

// wrap makes {key: value} of a member into {key: (value | _mark(i; $_key))}. What is written short is written out first.
func wrap(kv *gojq.ObjectKeyVal, i int) {
	if !spellOut(kv) {
		return
	}
	number := func(n int) *gojq.Query {
		return &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeNumber, Number: fmt.Sprint(n)}}
	}
	key := &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeFunc, Func: &gojq.Func{Name: keyName}}}
	call := &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeFunc, Func: &gojq.Func{Name: markName, Args: []*gojq.Query{number(i), key}}}}
	kv.Val = &gojq.Query{Left: kv.Val, Op: gojq.OpPipe, Right: call}
}

// Run runs the definition as Code.RunWithin does, with the value of one key changed, or of none.
func (a *Anatomy) Run(ctx context.Context, budget time.Duration, key int, input any, vars []any, emit func(any) error) error {
	return a.code.RunWithin(ctx, budget, input, append(slices.Clone(vars), key), emit)
}
