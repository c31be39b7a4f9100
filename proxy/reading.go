package proxy

import "io"

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
