package main

import (
	"fmt"
	"io"
	"time"
)

// progress counts records on a terminal while pages come; elsewhere it is silent.
type progress struct {
	w     io.Writer
	n     int
	began time.Time
}

func newProgress(w io.Writer) *progress {
	p := &progress{w: w, began: time.Now()}
	if !isTerminal(w) {
		p.w = io.Discard
	}
	p.add(0)
	return p
}

func (p *progress) add(n int) {
	p.n += n
	fmt.Fprintf(p.w, "\rreading… %s, %s\x1b[K", count(p.n, "record"), time.Since(p.began).Round(time.Second))
}

// done takes the line away again.
func (p *progress) done() { fmt.Fprint(p.w, "\r\x1b[K") }
