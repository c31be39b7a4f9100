package jq

import (
	"github.com/itchyny/gojq"

	"github.com/meterbridge/meterbridge/internal/jq/core"
)

// MaxLowered bounds the steps of lowering one program: definitions that call each other twice would double at each level.
const MaxLowered = 50_000

// Core is a mapping's program lowered to core's forms; nil of a slot, which is not worth it.
func (c *Code) Core() core.Node {
	if c.file == nil {
		return nil
	}
	return c.file.lower(c.query)
}

// Core is a definition lowered to core's forms, nil where there is none of the name.
func (m *Module) Core(name string) core.Node {
	if m.Line(name) == 0 {
		return nil
	}
	return m.file.lower(m.call(name))
}

func (f *file) lower(q *gojq.Query) core.Node {
	l := lowerer{file: f, at: map[spot]core.Pos{}}
	var s *meanings
	for i, name := range f.opt.Vars {
		s = &meanings{up: s, name: name, value: &meaning{root: i}}
	}
	n := l.query(q, s)
	if l.steps > MaxLowered {
		return l.foreign(q, "the program is too large when its definitions are written out")
	}
	return n
}

// meanings are the names in scope. A label's begins with a star.
type meanings = bindings[*meaning]

// meaning is what a name in scope stands for.
type meaning struct {
	variable *core.Binding // of a variable, or a label
	root     int           // of a variable that stands beside the input
	fn       *core.Func    // of a definition without parameters that was called before, from the same environment
	open     bool          // its body is being lowered
}

// lowerer walks gojq's tree as gojq's own compiler does, and says in core's forms what that would make of it. What it
// can't say exactly is Foreign.
type lowerer struct {
	*file
	at    map[spot]core.Pos
	steps int
}

func (l *lowerer) pos(node any) core.Pos { return l.posOf(l.places.at(node)) }

func (l *lowerer) posOf(at spot) core.Pos {
	pos, known := l.at[at]
	if !known {
		src := l.source(at)
		pos.File = src.File
		pos.Line, pos.Col = src.at(at.offset)
		l.at[at] = pos
	}
	return pos
}

func (l *lowerer) foreign(node any, why string) core.Node {
	return &core.Foreign{Pos: l.pos(node), Why: why}
}

// define takes the definitions of a query into scope.
func (l *lowerer) define(defs []*gojq.FuncDef, s *meanings) *meanings {
	for _, d := range defs {
		s = &meanings{up: s, name: d.Name, arity: len(d.Args), def: d, value: &meaning{}}
		s.scope = s
	}
	return s
}

// operators of gojq on two values, and those that its assignments with an operator are for.
var onTwo = map[gojq.Operator]core.Op{
	gojq.OpAdd: core.Add, gojq.OpSub: core.Sub, gojq.OpMul: core.Mul, gojq.OpDiv: core.Div, gojq.OpMod: core.Mod,
	gojq.OpEq: core.Eq, gojq.OpNe: core.Ne, gojq.OpLt: core.Lt, gojq.OpLe: core.Le, gojq.OpGt: core.Gt, gojq.OpGe: core.Ge,
}

var updating = map[gojq.Operator]core.Op{
	gojq.OpUpdateAdd: core.Add, gojq.OpUpdateSub: core.Sub, gojq.OpUpdateMul: core.Mul, gojq.OpUpdateDiv: core.Div, gojq.OpUpdateMod: core.Mod,
}

func (l *lowerer) query(q *gojq.Query, s *meanings) core.Node {
	if l.steps++; l.steps > MaxLowered {
		return l.foreign(q, "")
	}
	s = l.define(q.FuncDefs, s)
	switch {
	case q.Term != nil:
		return l.term(q.Term, s)
	case q.Right == nil: // definitions alone
		return l.foreign(q, "there is no expression")
	case q.Op == gojq.OpPipe && len(q.Patterns) > 0:
		return l.bind(q, s)
	}
	pos, left := l.pos(q), l.query(q.Left, s)
	right := l.query(q.Right, s)
	switch q.Op {
	case gojq.OpPipe:
		if blind(left, right) {
			return l.foreign(q, "alternatives stand before a pipe that does not look at what they give")
		}
		return pipe(pos, left, right)
	case gojq.OpComma:
		return &core.Comma{Pos: pos, Left: left, Right: right}
	case gojq.OpAlt:
		return &core.Alternative{Pos: pos, Left: left, Right: right}
	case gojq.OpAnd, gojq.OpOr:
		return &core.Logic{Pos: pos, Or: q.Op == gojq.OpOr, Left: left, Right: right}
	}
	if op, is := onTwo[q.Op]; is {
		return &core.Binary{Pos: pos, Op: op, Left: left, Right: right}
	}
	return l.assign(q, left, right, s)
}

// assign is an assignment, which gojq makes a call of a function that a program can hide.
func (l *lowerer) assign(q *gojq.Query, path, value core.Node, s *meanings) core.Node {
	n := &core.Assign{Pos: l.pos(q), Path: path, Value: value}
	hidden := "_modify"
	switch q.Op {
	case gojq.OpAssign:
		n.Kind, hidden = core.Set, "_assign"
	case gojq.OpModify:
		n.Kind = core.Modify
	case gojq.OpUpdateAlt:
		n.Kind = core.Alt
	default:
		n.Kind, n.Op = core.Arithmetic, updating[q.Op]
	}
	if s.find(hidden, 2) != nil || n.Kind >= core.Arithmetic && s.find(functionOf[q.Op], 2) != nil {
		return l.foreign(q, "a definition hides what "+q.Op.String()+" calls")
	}
	return n
}

// functionOf names what an assignment with an operator calls.
var functionOf = map[gojq.Operator]string{
	gojq.OpUpdateAdd: "_add", gojq.OpUpdateSub: "_subtract", gojq.OpUpdateMul: "_multiply", gojq.OpUpdateDiv: "_divide",
	gojq.OpUpdateMod: "_modulo", gojq.OpUpdateAlt: "_alternative",
}
