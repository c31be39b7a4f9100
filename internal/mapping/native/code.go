package native

import (
	"sync"

	"github.com/meterbridge/meterbridge/internal/jq/core"
)

// Code is a program that compiles. It is shared, and keeps the machines that nobody uses.
type Code struct {
	program core.Node
	roots   int
	plan    *Plan // nil where nothing is written
	resting sync.Pool
}

// Compile compiles a program that has so many roots, and whose outputs are written by a plan, if there is one. Where the
// code is nil, the reasons say why; else they say which of its expressions are left to gojq.
func Compile(program core.Node, roots int, plan *Plan) (*Code, []Reason) {
	c := &Code{program: program, roots: roots, plan: plan}
	m, k := c.machine()
	if len(k.reasons) > 0 {
		return nil, k.reasons
	}
	c.Rest(m)
	return c, k.notes
}

// Machine is a machine that runs the program. Rest gives it back.
func (c *Code) Machine() *Machine {
	if m, ok := c.resting.Get().(*Machine); ok {
		return m
	}
	m, _ := c.machine() // compiled once before, without a reason
	return m
}

// Rest keeps a machine for who needs one next.
func (c *Code) Rest(m *Machine) {
	m.release()
	m.unbind()
	clear(m.vars)
	clear(m.stack[:cap(m.stack)])
	m.emit, m.take, m.buf, m.ctx = nil, nil, nil, nil
	c.resting.Put(m)
}

// machine is a new one. Where what writes its records can't be compiled, a value is made of each of them: an expression
// may be part of what gojq can run in the middle of a program.
func (c *Code) machine() (*Machine, *compiler) {
	m := &Machine{memory: *newMemory(), code: c, roots: make([]value, c.roots), docs: make([]document, c.roots), bindings: 1}
	k := c.compiler(m)
	if c.plan == nil {
		m.run = k.each(c.program, output)
		return m, k
	}
	to := sink{place{kind: ofObject, inside: c.plan.record, plan: c.plan}, recorded}
	if m.write = k.into(c.program, to); len(k.reasons) > 0 {
		k = c.compiler(m)
		m.write = k.each(c.program, recorded(to.append))
	}
	return m, k
}

func (c *Code) compiler(m *Machine) *compiler {
	return &compiler{m: m, program: c.program, slots: map[*core.Binding]int{}, labels: map[*core.Binding]signal{}, funcs: map[*core.Func]eval{},
		putFuncs: map[putting]put{}, cards: map[core.Node]card{}, sugared: map[*core.Call]core.Node{}, fixedOnes: map[core.Node]bool{}, next: sigLabels}
}
