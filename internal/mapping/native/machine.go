package native

import (
	"context"
	"time"
)

// Machine runs one program on one record after another. It belongs to one goroutine: the closures of its program remember
// which layouts they met.
type Machine struct {
	memory

	code     *Code
	run      each // gives outputs to emit; made where it is asked for, if write is there
	write    each // gives records to take; nil where there is no plan
	item     value
	emit     func(Output) bool // takes an output; false where it can't be written here
	take     func(b []byte, remote, warning Output) ([]byte, bool)
	buf      []byte   // what is being written stands at its end
	most     int      // of it, past which an item bails
	beside   [2]value // what stands beside the record
	roots    []value
	docs     []document // that the roots were read from, or that were bound to them before
	bindings uint64     // how often a root was bound
	vars     []value    // of the variables that the program binds, by slot
	stack    []value    // outputs that are being collected
	missed   value      // what a test came upon that is no value
	steps    int        // of this item
	outs     int        // outputs of this item
	touched  bool       // an assignment has found something at its path
	ctx      context.Context
	budget   time.Duration
	began    time.Time
	frames   int // of walks through values, that nest as deep as these
}

// eval gives the one output of an expression, or none of it.
type eval func(m *Machine, in value) value

// each gives all outputs of an expression to what comes behind it, which it knows since it was compiled.
type each func(m *Machine, in value) signal

// signal says whether an expression goes on.
type signal int

const (
	goOn      signal = iota
	sigFailed        // jq has an error here
	sigBail          // what jq has here is not known
	sigLabels        // and above: a label is left, or an error passes through a try that it is none of
)

// signalOf is the signal of what is no value.
func signalOf(v value) signal {
	switch v.kind {
	case isNone:
		return goOn
	case isError:
		return sigFailed
	case isBreak:
		return signal(v.x)
	}
	return sigBail
}

// stopped is a signal as what is no value.
func stopped(s signal) value {
	switch s {
	case goOn:
		return none
	case sigFailed:
		return failed
	case sigBail:
		return unknown
	}
	return value{kind: isBreak, x: uint64(s)}
}

// Bounds of an item's run here, past which gojq has it, with its own.
const (
	maxOutputs = 10_000
	maxPending = 1 << 20 // outputs that are being collected
	lookEvery  = 4096    // steps between two looks at the clock
)

// step counts an iteration, and says whether there may be another.
func (m *Machine) step() bool {
	m.steps++
	return m.steps%lookEvery != 0 || m.inTime()
}

// inTime says that the item has time and memory left.
func (m *Machine) inTime() bool {
	if m.began.IsZero() { // few items come here, and none has to know when it began before
		m.began = time.Now()
	}
	return !m.over() && m.ctx.Err() == nil && time.Since(m.began) < m.budget
}

// push puts an output to those that are being collected.
func push(m *Machine, v value) signal {
	if len(m.stack) >= maxPending {
		return sigBail
	}
	m.stack = append(m.stack, v)
	return goOn
}

// collected takes what was pushed since base as elements that stay.
func (m *Machine) collected(base int) []value {
	elems := m.values(len(m.stack) - base)
	copy(elems, m.stack[base:])
	m.stack = m.stack[:base]
	return elems
}
