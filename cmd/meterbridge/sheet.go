package main

import (
	"fmt"
	"io"
	"strings"
)

// sheet writes labelled lines, long ones broken between words.
type sheet struct {
	w     io.Writer
	width int
	names int // width of the column of names
}

// fitName makes the column of names wide enough.
func (p *sheet) fitName(name string) { p.names = max(p.names, len(name)+2) }

func (p *sheet) heading(s string) { fmt.Fprintf(p.w, "\n%s\n", s) }

const (
	labelWidth   = 13
	unboundWidth = 110 // where there is no terminal to ask
)

func (p *sheet) line(label, value string) {
	if value == "" {
		return
	}
	for i, part := range wrap(value, max(30, p.room())) {
		fmt.Fprintf(p.w, "  %-*s%s\n", labelWidth, firstOnly(i, label), part)
	}
}

// named is a line whose value has a name of its own, in a column before it.
func (p *sheet) named(label, name, value string) {
	for i, part := range wrap(value, max(30, p.room()-p.names)) {
		fmt.Fprintf(p.w, "  %-*s%-*s%s\n", labelWidth, firstOnly(i, label), p.names, firstOnly(i, name), part)
	}
}

func (p *sheet) room() int {
	if p.width == 0 {
		return unboundWidth - labelWidth - 2
	}
	return p.width - labelWidth - 2
}

// wrap breaks between words.
func wrap(s string, width int) []string {
	var out []string
	for len([]rune(s)) > width {
		cut := strings.LastIndex(string([]rune(s)[:width+1]), " ")
		if cut <= 0 {
			break
		}
		out, s = append(out, strings.TrimRight(s[:cut], " ")), strings.TrimLeft(s[cut:], " ")
	}
	return append(out, s)
}
