package native

import (
	"context"
	"sync"
	"time"

	"github.com/meterbridge/meterbridge/internal/jq/core"
	"github.com/meterbridge/meterbridge/internal/record"
)

// Code is a program that compiles. It is shared, and keeps the machines that nobody uses.
type Code struct {
	program core.Node
	roots   int
	resting sync.Pool
}

// Compile compiles a program that has so many roots. Where the code is nil, the reasons say why; else they say which of
// its expressions are left to gojq.
func Compile(program core.Node, roots int) (*Code, []Reason) {
	c := &Code{program: program, roots: roots}
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
	m.emit, m.ctx = nil, nil
	c.resting.Put(m)
}

func (c *Code) machine() (*Machine, *compiler) {
	m := &Machine{memory: *newMemory(), roots: make([]value, c.roots), docs: make([]document, c.roots), bindings: 1}
	k := &compiler{m: m, program: c.program, slots: map[*core.Binding]int{}, labels: map[*core.Binding]signal{}, funcs: map[*core.Func]eval{},
		cards: map[core.Node]card{}, sugared: map[*core.Call]core.Node{}, fixedOnes: map[core.Node]bool{}, next: sigLabels}
	m.run = k.each(c.program, output)
	return m, k
}

// output hands an output to who takes them.
func output(m *Machine, v value) signal {
	if m.outs++; m.outs > maxOutputs || !m.emit(Output{v}) {
		return sigBail
	}
	return goOn
}

// Scan finds the end of the item at window[i] as record.Scan does, and reads it for Run. The window must not change
// before that.
func (m *Machine) Scan(window []byte, i int, eof bool) (end int, st record.Status) {
	m.reset()
	m.item, end, st = m.scan(window, i, eof)
	return end, st
}

// Run gives every output of the item to a plan. It reports false where gojq has to say what the outputs are, and then
// nothing of what was given counts.
func (m *Machine) Run(ctx context.Context, budget time.Duration, emit func(Output) bool) (sure bool) {
	if m.item.gone() || ctx.Err() != nil {
		return false
	}
	defer func() {
		if p := recover(); p != nil {
			if p != (tooDeep{}) {
				panic(p)
			}
			sure = false
		}
	}()
	m.ctx, m.budget, m.began, m.emit = ctx, budget, time.Time{}, emit
	m.stack, m.steps, m.outs, m.frames = m.stack[:0], 0, 0, 0
	return m.run(m, m.item) == goOn && !m.over()
}

// Output is one output of a program, or a member of it. It dies with the item.
type Output struct{ v value }

// Null reports that it is null.
func (o Output) Null() bool { return o.v.kind == isNull }

// AppendJSON appends it as jq.Encoder does, keys by name. It reports false where that has an error.
func (o Output) AppendJSON(b []byte) ([]byte, bool) { return appendJSON(b, o.v, 0) }

// Any is the output as gojq has it.
func (o Output) Any() any { return toAny(o.v) }

// Append appends an output as a record. It reports false where the model does not take it; remote and said are the
// members beside the record.
func (p *Plan) Append(b []byte, o Output) (out []byte, remote, said Output, ok bool) {
	out, remote.v, said.v, ok = p.append(b, o.v)
	return out, remote, said, ok
}
