package proxy

import (
	"bytes"
	"io"
	"sync"
	"time"
)

// restAfter is how long a provider may be silent before what its stream needs only for a record is lent to others.
const restAfter = 100 * time.Millisecond

// arrived is a body that has come whole. Who reads JSON out of it reads it where it is: it belongs to all who share the call, and
// nobody writes to it.
type arrived struct {
	bytes.Reader
	all []byte
}

func newArrived(body []byte) *arrived {
	a := &arrived{all: body}
	a.Reset(body)
	return a
}

// flushing calls before each read, so that what is written leaves before a wait for more.
type flushing struct {
	r      io.Reader
	before func()
}

func (f flushing) Read(b []byte) (int, error) {
	if f.before != nil {
		f.before()
	}
	return f.r.Read(b)
}

// resting calls rest in a read that takes long, while its reader can do nothing but wait: never before or after.
type resting struct {
	r     io.Reader
	rest  func()
	timer *time.Timer

	mu    sync.Mutex
	waits bool
}

func newResting(r io.Reader, rest func()) *resting {
	s := &resting{r: r, rest: rest}
	s.timer = time.AfterFunc(restAfter, s.silent)
	s.timer.Stop()
	return s
}

func (s *resting) Read(b []byte) (int, error) {
	s.wait(true)
	s.timer.Reset(restAfter)
	defer func() {
		s.timer.Stop()
		s.wait(false)
	}()
	return s.r.Read(b)
}

func (s *resting) wait(waits bool) {
	s.mu.Lock()
	s.waits = waits
	s.mu.Unlock()
}

func (s *resting) silent() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waits {
		s.rest()
	}
}

// watched knows a fault of the reading from one of what was read.
type watched struct {
	r   io.Reader
	err error
}

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.r.Read(b)
	w.err = err
	return n, err
}

// sound says that nothing has gone wrong with the reading itself.
func (w *watched) sound() bool { return w.err == nil || w.err == io.EOF }
