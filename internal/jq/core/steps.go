package core

import (
	"regexp"
	"strings"
)

var word = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// step is a step of a path, behind what it is a step of.
func (p *printer) step(n Node) {
	of := func(of Node) {
		switch of.(type) {
		case nil:
			p.write(".")
		case *Field, *Index, *Slice, *Iterate, *Var, *Root:
			p.write(of)
		default:
			p.write("(", of, ")")
		}
	}
	switch n := n.(type) {
	case *Field:
		if n.Of != nil {
			of(n.Of)
		}
		if word.MatchString(n.Name) {
			p.write(".", n.Name)
		} else {
			p.write(".", quoted(n.Name))
		}
	case *Index:
		if n.List {
			p.write("(", n.Of, " as [")
			i := n.Key.(*Const).Value.(int)
			p.write(strings.Repeat("$_, ", i), "$_] | $_)")
			return
		}
		of(n.Of)
		p.write("[", n.Key, "]")
	case *Slice:
		of(n.Of)
		p.write("[")
		if n.From != nil {
			p.write(n.From)
		}
		p.write(":")
		if n.To != nil {
			p.write(n.To)
		}
		p.write("]")
	case *Iterate:
		of(n.Of)
		p.write("[]")
	}
}

func (p *printer) object(n *Object) {
	p.write("{")
	for i, m := range n.Members {
		p.write([]string{"", ", "}[min(i, 1)])
		if _, known := TextOf(m.Key); known {
			p.write(m.Key)
		} else {
			p.write("(", m.Key, ")")
		}
		p.write(": ", m.Value)
	}
	p.write("}")
}

func (p *printer) join(n *Text) {
	if n.Format != "" {
		p.write(n.Format, " ")
	}
	p.write(`"`)
	for _, part := range n.Parts {
		if text, literal := TextOf(part); literal {
			text = quoted(text)
			p.write(text[1 : len(text)-1])
		} else {
			p.write(`\(`, part, ")")
		}
	}
	p.write(`"`)
}
