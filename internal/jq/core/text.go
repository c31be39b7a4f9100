package core

import (
	"fmt"
	"slices"
	"strings"
)

// MaxText bounds what String gives; a Func stands in it once for each of its calls.
const MaxText = 1 << 20

// String is the program that a tree is, as jq: one that does the same as the one it was lowered from. Everything is in
// parentheses, and each variable has a name of its own. It is "" where that is longer than MaxText.
func String(n Node) string { return write(n).text() }

// Part is a part of a program as jq, and what it sees of what is around it.
type Part struct {
	Text  string
	Vars  []*Binding // by the names
	Names []string   // that they have in the text
	Roots []*Root    // each once
}

// PartOf takes a tree out of its program. It reports false where that can't be: there is something without a form in it,
// or it leaves a label that is around it, or its text would be longer than MaxText.
func PartOf(n Node) (Part, bool) {
	p := write(n)
	p.part.Text = p.text()
	return p.part, p.part.Text != "" && !p.stuck
}

func write(n Node) *printer {
	p := &printer{names: map[*Binding]string{}}
	p.node(n)
	return p
}

// printer writes each node as a term, so that it can stand anywhere.
type printer struct {
	b     strings.Builder
	names map[*Binding]string
	part  Part
	stuck bool // it is no program on its own, whatever its variables are
}

func (p *printer) text() string {
	if p.b.Len() > MaxText {
		return ""
	}
	return p.b.String()
}

// variable writes a name where it is used. What has none by then is bound outside.
func (p *printer) variable(b *Binding) {
	known := p.names[b] != ""
	p.write(b)
	if !known {
		p.part.Vars, p.part.Names = append(p.part.Vars, b), append(p.part.Names, p.names[b])
	}
}

func (p *printer) root(n *Root) {
	if !slices.ContainsFunc(p.part.Roots, func(r *Root) bool { return r.Name == n.Name }) {
		p.part.Roots = append(p.part.Roots, n)
	}
	p.write(n.Name)
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
		p.variable(n.Binding)
	case *Root:
		p.root(n)
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
		p.stuck = p.stuck || p.names[n.Binding] == ""
		p.write("(break ", n.Binding, ")")
	case *Text:
		p.join(n)
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
		p.stuck = true
		p.write("(error(", quoted("no form: "+n.Why), "))")
	}
}
