package jq

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/itchyny/gojq"
)

// Watched is one definition of a module that remembers where it fails and where it writes the members of objects. It
// gives the same outputs and is several times slower: it is for an item that has failed already, run again to say where.
// It belongs to one goroutine.
type Watched struct {
	file   *file
	code   *Code
	spots  []spot
	names  []string // of the spots that write a member
	raised any      // what the last error said
	failed int      // where it arose, -1 before there was one
	wrote  []written
}

// written is a value that became a member.
type written struct {
	spot  int
	value any
}

// maxWritten bounds the members that are remembered of one run.
const maxWritten = 10_000

// Place is where something stands in a mapping or in a library of it.
type Place struct {
	File      string
	Line, Col int
}

// The names start with an underscore and are unknown to the lint, so that no program can call them.
const (
	failedName = "_failed"
	wroteName  = "_wrote"
)

// Watched makes a definition of the module one that is watched.
func (m *Module) Watched(name string) (*Watched, error) {
	f, findings := parse(m.file.src, m.file.opt) // a copy of its own, since the tree is rewritten
	if f == nil || Failed(findings) {
		return nil, fmt.Errorf("watching %s: it does not compile", m.file.src.File)
	}
	w := &Watched{file: f, failed: -1}
	for _, q := range f.queries() {
		w.query(q)
	}
	for node := range f.places {
		if kv, ok := node.(*gojq.ObjectKeyVal); ok {
			w.member(kv)
		}
	}
	f.extra = []gojq.CompilerOption{
		gojq.WithFunction(failedName, 1, 1, func(v any, args []any) any { return w.fail(v, args[0].(int)) }),
		gojq.WithFunction(wroteName, 1, 1, func(v any, args []any) any {
			if len(w.wrote) < maxWritten {
				w.wrote = append(w.wrote, written{args[0].(int), v})
			}
			return v
		}),
	}
	code, bad := f.compile(calls(f, name))
	if bad != nil {
		return nil, fmt.Errorf("watching %s: %s", f.src.File, bad.Text)
	}
	w.code = code
	return w, nil
}

// queries are all of the tree that have a place.
func (f *file) queries() []*gojq.Query {
	var out []*gojq.Query
	for node := range f.places {
		if q, ok := node.(*gojq.Query); ok {
			out = append(out, q)
		}
	}
	return out
}

func (w *Watched) spot(at spot, name string) int {
	w.spots, w.names = append(w.spots, at), append(w.names, name)
	return len(w.spots) - 1
}

// query makes E into try E catch _failed(n), which raises the error again. What can't fail itself is left.
func (w *Watched) query(q *gojq.Query) {
	if constant(q) || q.Term == nil && len(q.Patterns) == 0 && (q.Right == nil || q.Op == gojq.OpPipe || q.Op == gojq.OpComma) {
		return
	}
	body := *q
	body.FuncDefs = nil
	catch := calling(failedName, w.spot(w.file.places.at(q), ""))
	*q = gojq.Query{FuncDefs: q.FuncDefs, Term: &gojq.Term{Type: gojq.TermTypeTry, Try: &gojq.Try{Body: &body, Catch: catch}}}
}

// member makes {key: E} into {key: (E | _wrote(n))}.
func (w *Watched) member(kv *gojq.ObjectKeyVal) {
	name := kv.Key
	if kv.KeyString != nil && kv.KeyString.Queries == nil {
		name = kv.KeyString.Str
	}
	if name != "" && name[0] == '$' {
		name = name[1:]
	}
	if name == "" || !spellOut(kv) {
		return
	}
	kv.Val = &gojq.Query{Left: kv.Val, Op: gojq.OpPipe, Right: calling(wroteName, w.spot(w.file.places.at(kv), name))}
}

// fail notes where an error arose: the innermost expression hears of it first.
func (w *Watched) fail(v any, n int) error {
	if w.failed < 0 || !reflect.DeepEqual(w.raised, v) {
		w.failed, w.raised = n, v
	}
	return again{v}
}

// again is an error that was caught and is raised again.
type again struct{ value any }

func (e again) Value() any { return e.value }

func (e again) Error() string {
	if s, ok := e.value.(string); ok {
		return s
	}
	return "error: " + gojq.Preview(e.value)
}

// Run runs the definition as Code.RunWithin does.
func (w *Watched) Run(ctx context.Context, budget time.Duration, input any, vars []any, emit func(any) error) error {
	return w.code.RunWithin(ctx, budget, input, vars, emit)
}

// Failed is the expression at which the run has failed.
func (w *Watched) Failed() (Place, bool) {
	if w.failed < 0 {
		return Place{}, false
	}
	return w.place(w.failed), true
}

// Wrote is where a member of this name last was given this value.
func (w *Watched) Wrote(name string, value any) (Place, bool) {
	for i := len(w.wrote) - 1; i >= 0; i-- {
		if one := w.wrote[i]; w.names[one.spot] == name && reflect.DeepEqual(one.value, value) {
			return w.place(one.spot), true
		}
	}
	return Place{}, false
}

func (w *Watched) place(n int) Place {
	at := w.spots[n]
	src := w.file.source(at)
	line, col := src.at(at.offset)
	return Place{src.File, max(1, line), cmp.Or(col, 1)}
}
