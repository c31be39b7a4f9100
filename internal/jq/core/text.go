package core

import (
	"fmt"
	"regexp"
	"strings"
)

// MaxText bounds what String gives; a Func stands in it once for each of its calls.
const MaxText = 1 << 20

// String is the program that a tree is, as jq: one that does the same as the one it was lowered from. Everything is in
// parentheses, and each variable has a name of its own. It is "" where that is longer than MaxText.
func String(n Node) string {
	p := printer{names: map[*Binding]string{}}
	p.node(n)
	if p.b.Len() > MaxText {
		return ""
	}
	return p.b.String()
}

// printer writes each node as a term, so that it can stand anywhere.
type printer struct {
	b     strings.Builder
	names map[*Binding]string
}

// write takes texts, bindings and nodes.
func (p *printer) write(parts ...any) {
	for _, part := range parts {
		switch part := part.(type) {
		case string:
			p.b.WriteString(part)
		case *Binding:
			if p.names[part] == "" {
				p.names[part] = fmt.Sprintf("$%s_%d", part.Name, len(p.names)+1)
			}
			p.b.WriteString(p.names[part])
		case Node:
			p.node(part)
		}
	}
}

var opText = [...]string{Add: "+", Sub: "-", Mul: "*", Div: "/", Mod: "%", Eq: "==", Ne: "!=", Lt: "<", Le: "<=", Gt: ">", Ge: ">="}

func (op Op) String() string { return opText[op] }

func (p *printer) node(n Node) {
	if p.b.Len() > MaxText {
		return
	}
	switch n := n.(type) {
	case *Identity:
		p.write(".")
	case *Const:
		p.constant(n.Value)
	case *Var:
		p.write(n.Binding)
	case *Root:
		p.write(n.Name)
	case *Field, *Index, *Slice, *Iterate:
		p.step(n)
	case *Pipe:
		p.write("(", n.Left, " | ", n.Right, ")")
	case *Comma:
		p.write("(", n.Left, ", ", n.Right, ")")
	case *Object:
		p.object(n)
	case *Array:
		p.write("[", n.Of, "]")
	case *If:
		p.write("(if ", n.Cond, " then ", n.Then, " else ", n.Else, " end)")
	case *Logic:
		word := " and "
		if n.Or {
			word = " or "
		}
		p.write("(", n.Left, word, n.Right, ")")
	case *Alternative:
		p.write("(", n.Left, " // ", n.Right, ")")
	case *Binary:
		p.write("(", n.Left, " ", n.Op.String(), " ", n.Right, ")")
	case *Negate:
		p.write("(-(", n.Of, "))")
	default:
		p.rest(n)
	}
}

// rest are the forms that bind, call or assign.
func (p *printer) rest(n Node) {
	switch n := n.(type) {
	case *Let:
		p.write("(", n.Value, " as ", n.Binding, " | ", n.Body, ")")
	case *Reduce:
		p.write("(reduce ", n.Over, " as ", n.Binding, " (", n.Start, "; ", n.Update, "))")
	case *Foreach:
		p.write("(foreach ", n.Over, " as ", n.Binding, " (", n.Start, "; ", n.Update, "; ", n.Extract, "))")
	case *Try:
		p.write("(try ", n.Body)
		if n.Catch != nil {
			p.write(" catch ", n.Catch)
		}
		p.write(")")
	case *Label:
		p.write("(label ", n.Binding, " | ", n.Body, ")")
	case *Break:
		p.write("(break ", n.Binding, ")")
	case *Text:
		p.text(n)
	case *Invoke:
		p.write("(", n.Func.Body, ")")
	case *Call:
		p.write(n.Name)
		for i, a := range n.Args {
			p.write([]string{"(", "; "}[min(i, 1)], a)
		}
		if len(n.Args) > 0 {
			p.write(")")
		}
	case *Assign:
		sign := [...]string{Set: "=", Modify: "|=", Arithmetic: n.Op.String() + "=", Alt: "//="}[n.Kind]
		p.write("(", n.Path, " ", sign, " ", n.Value, ")")
	case *Foreign:
		p.write("(error(", quoted("no form: "+n.Why), "))")
	}
}

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

func (p *printer) text(n *Text) {
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
