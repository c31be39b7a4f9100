package native

import (
	"context"
	"time"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/record"
)

// Scan finds the end of the item at window[i] as record.Scan does, and reads it for Run and Write. The window must not
// change before that.
func (m *Machine) Scan(window []byte, i int, eof bool) (end int, st record.Status) {
	m.reset()
	m.item, end, st = m.scan(window, i, eof)
	return end, st
}

// Run gives every output of the item. It reports false where gojq has to say what the outputs are, and then nothing of
// what was given counts.
func (m *Machine) Run(ctx context.Context, budget time.Duration, emit func(Output) bool) (sure bool) {
	if m.run == nil {
		m.outputs()
	}
	m.emit = emit
	return m.start(ctx, budget, m.run)
}

// outputs compiles the program to give its outputs. What writes them compiled; should this not, gojq runs all items.
func (m *Machine) outputs() {
	k := m.code.compiler(m)
	if m.run = k.each(m.code.program, output); len(k.reasons) > 0 {
		m.run = func(*Machine, value) signal { return sigBail }
	}
}

// Write appends every output of the item to b as a record in the model's form, and hands each with what stands beside it,
// null where nothing does, to take, which gives b back. It reports as Run does.
func (m *Machine) Write(ctx context.Context, budget time.Duration, b []byte, take func(b []byte, remote, warning Output) ([]byte, bool)) (sure bool) {
	m.buf, m.most, m.take = b, len(b)+jq.MaxEncoded, take
	return m.start(ctx, budget, m.write)
}

func (m *Machine) start(ctx context.Context, budget time.Duration, program each) (sure bool) {
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
	m.ctx, m.budget, m.began = ctx, budget, time.Time{}
	m.stack, m.steps, m.outs, m.frames = m.stack[:0], 0, 0, 0
	return program(m, m.item) == goOn && !m.over()
}

// output hands an output to who takes them.
func output(m *Machine, v value) signal {
	if m.outs++; m.outs > maxOutputs || !m.emit(Output{v}) {
		return sigBail
	}
	return goOn
}

// Output is one output of a program, or a member of it. It dies with the item.
type Output struct{ v value }

// Null reports that it is null.
func (o Output) Null() bool { return o.v.kind == isNull }

// AppendJSON appends it as jq.Encoder does, keys by name. It reports false where that has an error.
func (o Output) AppendJSON(b []byte) ([]byte, bool) { return appendJSON(b, o.v, 0) }

// Any is the output as gojq has it.
func (o Output) Any() any { return toAny(o.v) }
