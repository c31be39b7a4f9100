package native

import (
	"fmt"

	"github.com/meterbridge/meterbridge/internal/jq/core"
)

// Reason is why a program does not compile, and the expression that is to blame.
type Reason struct {
	core.Pos
	Why string
}

// card is how many outputs an expression has.
type card uint8

const (
	one  card = iota
	some      // none or one
	many
)

// compiler makes the closures of one machine.
type compiler struct {
	m         *Machine
	slots     map[*core.Binding]int
	labels    map[*core.Binding]signal
	funcs     map[*core.Func]eval
	putFuncs  map[putting]put
	cards     map[core.Node]card
	sugared   map[*core.Call]core.Node
	fixedOnes map[core.Node]bool
	next      signal // the next label's
	program   core.Node
	reasons   []Reason
	notes     []Reason // why parts of it are gojq's
	tried     int      // of its expressions, as islands
	size      int
}

// maxSize bounds the closures of a program: a definition with several outputs has some for each of its calls.
const maxSize = 200_000

// fail notes why the program can't be compiled. What it gives back is never run.
func (c *compiler) fail(n core.Node, format string, args ...any) {
	if len(c.reasons) < 100 {
		c.reasons = append(c.reasons, Reason{n.At(), fmt.Sprintf(format, args...)})
	}
}

// slot is the place of a variable.
func (c *compiler) slot(b *core.Binding) int {
	i, ok := c.slots[b]
	if !ok {
		i = c.temp()
		c.slots[b] = i
	}
	return i
}

// temp is a place that nothing else has.
func (c *compiler) temp() int {
	c.m.vars = append(c.m.vars, null)
	return len(c.m.vars) - 1
}

// label is a signal that nothing else has.
func (c *compiler) label() signal {
	c.next++
	return c.next
}

// full notes, once, that the program has grown too large.
func (c *compiler) full(n core.Node) bool {
	if c.size++; c.size == maxSize {
		c.fail(n, "the program grows too large when its functions are put where they are called")
	}
	return c.size >= maxSize
}

// eval compiles an expression of at most one output. A nil node is `.`.
func (c *compiler) eval(n core.Node) eval {
	if n == nil || c.full(n) {
		return identity
	}
	before := len(c.reasons)
	f := c.form(n)
	if c.card(n) != many { // who asks for one of many gives up all of it
		if i := c.outside(n, before); i != nil {
			f = i.eval
		}
	}
	if !path(n) && c.fixed(n) {
		return once(f)
	}
	return f
}

// form compiles an expression as what it is.
func (c *compiler) form(n core.Node) eval {
	switch n := n.(type) {
	case *core.Identity:
		return identity
	case *core.Const:
		return c.constant(n)
	case *core.Var:
		slot := c.slot(n.Binding)
		return func(m *Machine, _ value) value { return m.vars[slot] }
	case *core.Root:
		return func(m *Machine, _ value) value { return m.roots[n.Index] }
	case *core.Field:
		return c.field(n)
	case *core.Index:
		return c.index(n)
	case *core.Slice:
		return c.slice(n)
	case *core.Pipe:
		return c.pipe(n)
	case *core.Object:
		return c.object(n)
	case *core.Array:
		return c.array(n.Of)
	case *core.If:
		return c.branch(n)
	case *core.Logic:
		return c.logic(n)
	case *core.Alternative:
		return c.alternative(n)
	case *core.Binary:
		return c.binary(n)
	case *core.Negate:
		of := c.eval(n.Of)
		return func(m *Machine, in value) value {
			v := of(m, in)
			if v.gone() {
				return v
			}
			return negate(&m.memory, v)
		}
	case *core.Let:
		return c.let(n)
	case *core.Reduce:
		return c.reduce(n)
	case *core.Try:
		return c.try(n)
	case *core.Label:
		return c.labelled(n)
	case *core.Break:
		v := stopped(c.target(n))
		return func(*Machine, value) value { return v }
	case *core.Text:
		return c.text(n)
	case *core.Invoke:
		return c.invoke(n)
	case *core.Call:
		return c.call(n)
	case *core.Assign:
		return c.assign(n)
	case *core.Foreign:
		c.fail(n, "%s", n.Why)
		return identity
	}
	c.fail(n, "%T has no compiled form", n)
	return identity
}

func identity(_ *Machine, in value) value { return in }

// each compiles an expression of any number of outputs with what comes behind it.
func (c *compiler) each(n core.Node, next each) each {
	if n == nil || c.full(n) {
		return next
	}
	if c.card(n) != many {
		return c.then(c.eval(n), next)
	}
	before := len(c.reasons)
	f := c.forms(n, next)
	if i := c.outside(n, before); i != nil {
		return i.each(next)
	}
	return f
}

func (c *compiler) forms(n core.Node, next each) each {
	switch n := n.(type) {
	case *core.Field:
		return c.each(n.Of, c.then(c.field(&core.Field{Pos: n.Pos, Name: n.Name}), next))
	case *core.Index:
		return c.indexEach(n, next)
	case *core.Slice:
		return c.sliceEach(n, next)
	case *core.Iterate:
		return c.each(n.Of, iterate(next))
	case *core.Pipe:
		return c.each(n.Left, c.each(n.Right, next))
	case *core.Comma:
		return c.comma(n, next)
	case *core.Object:
		return c.objects(n, next)
	case *core.If:
		return c.branchEach(n, next)
	case *core.Logic:
		return c.logicEach(n, next)
	case *core.Alternative:
		return c.alternativeEach(n, next)
	case *core.Binary:
		return c.binaryEach(n, next)
	case *core.Negate:
		return c.each(n.Of, c.then(c.eval(&core.Negate{Pos: n.Pos}), next))
	case *core.Let:
		return c.letEach(n, next)
	case *core.Reduce:
		return c.each(n.Start, c.then(c.reduce(n), next))
	case *core.Foreach:
		return c.foreach(n, next)
	case *core.Try:
		return c.tryEach(n, next)
	case *core.Label:
		return c.labelledEach(n, next)
	case *core.Invoke:
		return c.each(n.Func.Body, next)
	case *core.Text:
		return c.textEach(n, next)
	case *core.Assign:
		return c.assignEach(n, next)
	case *core.Call:
		return c.callEach(n, next)
	}
	c.fail(n, "%T with several outputs", n)
	return next
}

// then hands the output of an expression on.
func (c *compiler) then(f eval, next each) each {
	return func(m *Machine, in value) signal {
		v := f(m, in)
		if v.gone() {
			return signalOf(v)
		}
		return next(m, v)
	}
}
