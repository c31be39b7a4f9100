package worker

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/metrics"
	"slices"
	"time"

	"github.com/meterbridge/meterbridge/internal/jq"
)

const (
	maxOutputs = 2                  // outputs of a record that it answers: one more than an override may have
	maxOutput  = MaxAnswer - 64<<10 // outputs in one answer, in bytes; what else stands in it has room beside them
)

// Main is a worker: it bounds itself and answers until its parent has no more to ask. Nobody but a Pool speaks its
// language.
func Main(in io.Reader, out io.Writer) error {
	if err := confine(); err != nil {
		return fmt.Errorf("bounding the worker: %w", err)
	}
	return new(server).serve(in, out)
}

// serve answers requests.
func (s *server) serve(in io.Reader, out io.Writer) error {
	in = bufio.NewReader(in)
	if _, err := out.Write(appendFrame(nil, readyFrame, func(b []byte) []byte { return b })); err != nil {
		return err
	}
	for {
		kind, body, err := readFrame(in, s.frame, MaxRequest)
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		s.frame = body
		a := s.take(kind, body)
		if a == nil {
			continue
		}
		s.answer = appendFrame(s.answer[:0], answerFrame, a.append)
		if _, err := out.Write(s.answer); err != nil {
			return err
		}
	}
}

// server is a worker's state: what it was given last of each kind.
type server struct {
	frame, answer []byte
	unlinted      bool // for tests: what a lint can't know has to be bounded
	code          *jq.Code
	vars          int // of the code, without the one that each record brings
	roots         []any
	session       *jq.Session
	item          any
	err           error // of what was given last, for the next answer
}

// take takes a frame; nil says that there is nothing to answer.
func (s *server) take(kind frameKind, body []byte) *answer {
	switch kind {
	case programFrame:
		s.code, s.session, s.roots, s.item = nil, nil, nil, nil
		s.err = s.program(body)
	case rootsFrame:
		s.err = errors.Join(s.err, s.bind(body))
	case itemFrame:
		var err error
		s.item, err = document(body)
		s.err = errors.Join(s.err, err)
	case runFrame:
		a := s.run(body)
		a.spent = grown()
		s.err = nil
		return a
	default:
		return &answer{err: errFrame}
	}
	return nil
}

// program compiles what the parent has compiled before.
func (s *server) program(body []byte) error {
	p, err := readProgram(body)
	if err != nil {
		return err
	}
	opt := jq.Options{Kind: jq.Mapping, Untrusted: true, Unlinted: s.unlinted, Libs: p.Libs, Vars: append(slices.Clone(p.Vars), p.Each), Each: p.Each}
	src, findings := jq.Source{File: "override", Text: p.Text}, []jq.Finding(nil)
	if p.Def == "" {
		s.code, findings = jq.Compile(src, opt)
	} else if m, bad := jq.ParseModule(src, opt); m == nil {
		findings = bad
	} else {
		s.code, findings = m.Compile(p.Def)
	}
	if s.code == nil {
		return fmt.Errorf("compiling the override: %v", findings)
	}
	s.vars = len(p.Vars)
	return nil
}

func (s *server) bind(body []byte) error {
	f := fields{b: body}
	docs := readList(&f)
	if f.end() != nil {
		return errFrame
	}
	s.session, s.roots = nil, make([]any, len(docs))
	for i, doc := range docs {
		var err error
		if s.roots[i], err = document(doc); err != nil {
			return err
		}
	}
	return nil
}

// document is the value of a JSON document; none is null.
func document(b []byte) (any, error) {
	if len(b) == 0 {
		return nil, nil
	}
	return jq.Decode(b)
}

func (s *server) run(body []byte) *answer {
	r, err := readRun(body)
	switch {
	case s.err != nil:
		return &answer{err: s.err}
	case err != nil:
		return &answer{err: err}
	case s.code == nil || len(s.roots) != s.vars:
		return &answer{err: errFrame}
	}
	if s.session == nil {
		s.session = s.code.Session(append(slices.Clone(s.roots), nil))
	}
	a, left, size := &answer{}, r.budget, 0
	for _, doc := range r.each {
		base, err := document(doc)
		if err != nil {
			return &answer{err: err}
		}
		if left <= 0 {
			a.err = tooSlow(r.budget)
			return a
		}
		began := time.Now()
		outs, err := s.one(left, base, &size)
		left -= time.Since(began)
		if err != nil {
			a.err = err
			return a
		}
		a.outs = append(a.outs, outs)
	}
	return a
}

var errEnough = errors.New("enough")

// one runs the program for one record. size is of all outputs of the answer.
func (s *server) one(budget time.Duration, base any, size *int) (outs [][]byte, err error) {
	err = s.session.RunEach(context.Background(), budget, s.item, base, func(v any) error {
		if len(outs) == maxOutputs-1 { // that there are more says enough
			outs = append(outs, []byte("null"))
			return errEnough
		}
		e := jq.Encoder{MaxBytes: max(1, maxOutput-*size)}
		out, err := e.AppendValue(nil, v)
		*size += len(out)
		outs = append(outs, out)
		return err
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return outs, err
}

// grown says that the worker holds so much that another program might not have room.
func grown() bool {
	at := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/unused:bytes"}, {Name: "/memory/classes/heap/free:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(at)
	sum := uint64(0)
	for _, s := range at {
		sum += s.Value.Uint64()
	}
	return sum > MaxMemory/2
}

// tooSlow is the error of a program that was stopped for its time.
func tooSlow(budget time.Duration) error {
	if budget <= 0 {
		return fmt.Errorf("%w: the override takes too long for the records of one item", jq.ErrBudget)
	}
	return fmt.Errorf("%w: more than %v: %w", jq.ErrBudget, budget, context.DeadlineExceeded)
}
