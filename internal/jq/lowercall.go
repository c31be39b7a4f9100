package jq

import (
	"github.com/itchyny/gojq"

	"github.com/meterbridge/meterbridge/internal/jq/core"
)

// call is a name: a variable, a parameter, a definition, or a function of jq's or of the house.
func (l *lowerer) call(f *gojq.Func, s *meanings) core.Node {
	if f.Name[0] == '$' {
		return l.variable(f, f.Name, s)
	}
	b := s.find(f.Name, len(f.Args))
	switch {
	case b == nil:
		return l.function(f, s)
	case b.arg != nil:
		return l.query(b.arg, b.scope)
	case len(b.def.Args) == 0:
		return l.invoke(f, b)
	}
	return l.expand(f, b, s)
}

// variable is the value of a variable, where its name stands.
func (l *lowerer) variable(node any, name string, s *meanings) core.Node {
	b := s.find(name, 0)
	switch {
	case b == nil:
		return l.foreign(node, name+" is not the program's own")
	case b.value.variable == nil:
		return &core.Root{Pos: l.pos(node), Index: b.value.root, Name: name}
	}
	return &core.Var{Pos: l.pos(node), Binding: b.value.variable}
}

// function is a call of what no definition of the program's names.
func (l *lowerer) function(f *gojq.Func, s *meanings) core.Node {
	if !known.allowed[signature(f.Name, len(f.Args))] {
		return l.foreign(f, f.Name+" is no function that a mapping calls")
	}
	n := &core.Call{Pos: l.pos(f), Name: f.Name}
	for _, a := range f.Args {
		n.Args = append(n.Args, l.query(a, s))
	}
	return n
}

// invoke is a call of a definition without parameters, whose body is lowered once for all calls from one environment.
func (l *lowerer) invoke(f *gojq.Func, b *meanings) core.Node {
	m := b.value
	if m.open {
		return l.foreign(f, f.Name+" calls itself")
	}
	if m.fn == nil {
		m.fn, m.open = &core.Func{Name: f.Name}, true
		m.fn.Body = l.query(b.def.Body, b.scope)
		m.open = false
	}
	return &core.Invoke{Pos: l.pos(f), Func: m.fn}
}

// expand is a call of a definition with parameters: its body, in which each parameter is the argument in the caller's
// environment. One of the form $x is evaluated first, and can be called without its dollar as well.
func (l *lowerer) expand(f *gojq.Func, b, s *meanings) core.Node {
	inner := b.scope
	var lets []*core.Let
	for i, name := range b.def.Args {
		if name[0] == '$' {
			let := &core.Let{Pos: l.pos(f), Value: l.query(f.Args[i], s), Binding: &core.Binding{Name: name[1:]}}
			lets = append(lets, let)
			inner = &meanings{up: inner, name: name, value: &meaning{variable: let.Binding}}
			name = name[1:]
		}
		inner = &meanings{up: inner, name: name, arg: f.Args[i], scope: s}
	}
	return within(lets, l.query(b.def.Body, inner))
}

// within puts a body into variables, the first one outside.
func within(lets []*core.Let, body core.Node) core.Node {
	for i := len(lets) - 1; i >= 0; i-- {
		lets[i].Body = body
		body = lets[i]
	}
	return body
}
