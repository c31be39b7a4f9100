package worker

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/meterbridge/meterbridge/internal/jq"
)

func appendProgram(b []byte, p *Program) []byte {
	b = appendField(appendField(appendField(b, p.Text), p.Def), p.Each)
	b = appendList(b, p.Vars)
	b = binary.AppendUvarint(b, uint64(len(p.Libs)))
	for _, lib := range p.Libs {
		b = appendField(appendField(b, lib.File), lib.Text)
	}
	return b
}

func readProgram(b []byte) (*Program, error) {
	f := fields{b: b}
	p := &Program{Text: string(f.bytes()), Def: string(f.bytes()), Each: string(f.bytes())}
	for range f.count() {
		p.Vars = append(p.Vars, string(f.bytes()))
	}
	for range f.count() {
		p.Libs = append(p.Libs, jq.Source{File: string(f.bytes()), Text: string(f.bytes())})
	}
	return p, f.end()
}

func appendList[Text string | []byte](b []byte, list []Text) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, s := range list {
		b = appendField(b, s)
	}
	return b
}

func readList(f *fields) (list [][]byte) {
	for range f.count() {
		list = append(list, f.bytes())
	}
	return list
}

// run is what a worker is asked: to run its program on its item for each of these documents.
type run struct {
	budget time.Duration
	each   [][]byte
}

func (r *run) append(b []byte) []byte {
	return appendList(binary.AppendUvarint(b, uint64(r.budget)), r.each)
}

func readRun(b []byte) (*run, error) {
	f := fields{b: b}
	r := &run{budget: time.Duration(f.number()), each: readList(&f)}
	return r, f.end()
}

// answer is what a worker says: the outputs by document, up to the one that failed.
type answer struct {
	outs  [][][]byte
	err   error
	spent bool // it has grown, and wants to be replaced
}

// What an answer ends with.
const (
	wentWell = 0
	failed   = 1
	ranOut   = 2
	badFrame = 3
)

func (a *answer) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(a.outs)))
	for _, outs := range a.outs {
		b = appendList(b, outs)
	}
	switch {
	case a.err == nil:
		b = append(b, wentWell)
	case errors.Is(a.err, jq.ErrBudget):
		b = append(b, ranOut)
	case errors.Is(a.err, errFrame):
		b = append(b, badFrame)
	default:
		b = append(b, failed)
	}
	if a.err != nil {
		b = appendField(b, a.err.Error())
	}
	if a.spent {
		return append(b, 1)
	}
	return append(b, 0)
}

// readAnswer reads an answer to a request for the records of some documents. Its bytes are those of b.
func readAnswer(b []byte, asked int) (*answer, error) {
	f := fields{b: b}
	a := &answer{}
	for range f.count() {
		a.outs = append(a.outs, readList(&f))
	}
	switch how := f.number(); how {
	case wentWell:
	case failed, ranOut:
		a.err = &runError{text: string(f.bytes()), budget: how == ranOut}
	default:
		return nil, errFrame
	}
	a.spent = f.number() != 0
	if f.end() != nil || len(a.outs) > asked || a.err == nil && len(a.outs) != asked || a.err != nil && len(a.outs) == asked {
		return nil, errFrame
	}
	for _, outs := range a.outs {
		if len(outs) > maxOutputs {
			return nil, errFrame
		}
	}
	return a, nil
}

// runError is an error of the program, in the words that it has where it runs in this process.
type runError struct {
	text   string
	budget bool
}

func (e *runError) Error() string { return e.text }

func (e *runError) Is(target error) bool { return e.budget && target == jq.ErrBudget }
