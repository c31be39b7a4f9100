// Package worker runs programs that nobody here wrote, each in a process of its own.
//
// What the lint can't refuse, a deadline can't stop, for gojq looks at the clock between two steps and one step may take
// gigabytes; so the process that may be lost is not this one. A Pool keeps a few workers: the same binary once more,
// without an environment, in a process group of its own, with a bound on its memory and its processor time, which the
// kernel ends together with its parent. They speak in frames over their standard streams (frame.go, message.go). A
// Session takes one of them for as long as the records of one item need; one that dies, or does not answer in time, is an
// error of that item, and the next item has a new one.
package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/meterbridge/meterbridge/internal/jq"
)

// Bounds of a worker, and of how many there are.
const (
	MaxWorkers = 4                // workers at a time; half of them for the overrides of one resource of one account
	MaxMemory  = 256 << 20        // address space that a worker may take beyond what it starts with; past half of it, it is replaced
	MaxItems   = 10_000           // requests that a worker answers, then it is replaced
	maxCPU     = 2 * time.Minute  // processor time of a worker, which the kernel holds
	maxBusy    = time.Minute      // time that a worker works, then it is replaced
	maxAge     = 10 * time.Minute // time that a worker lives, then it is replaced
	maxIdle    = time.Minute      // time that a worker is kept without work
	maxStack   = 64 << 20         // bytes of a worker's stack

	startPatience  = 10 * time.Second // wait for a worker to start
	answerPatience = time.Second      // wait for its answer past the time of the mapping, which is its own to keep; then it is killed
)

// Verb is the command of the binary that is a worker.
const Verb = "jq-worker"

// ErrUnsupported says that this system can't bound a process.
var ErrUnsupported = errors.New("overrides that are untrusted need Linux, which can bound the memory of a process")

// Program is what a worker runs: the texts that a jq.Code was compiled from. It is shared and immutable.
type Program struct {
	Text string
	Def  string      // its definition to run; "" where the text is an expression
	Libs []jq.Source // that it includes
	Vars []string    // in the order of a session's documents
	Each string      // the variable that each record brings; not one of Vars

	seats chan struct{} // taken by who runs it
}

// NewProgram is a program that may be run.
func NewProgram(p Program) *Program {
	p.seats = make(chan struct{}, max(1, MaxWorkers/2))
	return &p
}

// Session runs one program on one item after another, with the same variables. It belongs to one goroutine.
type Session struct {
	pool    *Pool
	program *Program
	roots   [][]byte
	rev     int // of the roots
}

// Session is a new session of a program.
func (p *Pool) Session(program *Program) *Session {
	return &Session{pool: p, program: program}
}

// Bind sets the JSON documents of the program's variables, empty for null. They must not change before the next Bind.
func (s *Session) Bind(roots [][]byte) {
	s.roots = roots
	s.rev++
}

// Run runs the program on an item, once for each of the documents that Each has. Both are JSON, an empty document is null.
// It gives the outputs by document, at most two of each: who wants one knows then that there are more. An error is that of
// the document behind the last that has outputs; one of time, memory or size wraps jq.ErrBudget.
func (s *Session) Run(ctx context.Context, budget time.Duration, item []byte, each [][]byte) (outs [][][]byte, err error) {
	for size := 0; len(each) > 0; {
		n := share(each)
		began := time.Now()
		some, err := s.ask(ctx, budget, item, each[:n])
		for _, o := range some {
			for _, out := range o {
				size += len(out)
			}
		}
		if size > maxOutput { // of several requests
			return outs, fmt.Errorf("%w: more than %d bytes of output", jq.ErrBudget, maxOutput)
		}
		outs = append(outs, some...)
		if err != nil {
			return outs, err
		}
		if each = each[n:]; len(each) > 0 {
			if budget -= time.Since(began); budget <= 0 {
				return outs, tooSlow(0)
			}
		}
	}
	return outs, nil
}

// share is how many documents go into one request.
func share(each [][]byte) int {
	size := 0
	for n, doc := range each {
		if size += len(doc); n > 0 && (size > maxShare || n == MaxRecords) {
			return n
		}
	}
	return len(each)
}

// ask is one round trip.
func (s *Session) ask(ctx context.Context, budget time.Duration, item []byte, each [][]byte) ([][][]byte, error) {
	w, err := s.pool.take(ctx, s.program)
	if err != nil {
		return nil, err
	}
	defer s.pool.give(w, s.program)
	a, err := w.ask(ctx, s, budget, item, each)
	if err != nil {
		return nil, err
	}
	return a.outs, a.err
}
