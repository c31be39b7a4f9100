// Package core is jq reduced to what a compiler has to know: a small tree of about twenty forms, in which names are
// resolved, functions are expanded and sugar is gone.
//
// A program is lowered from gojq's syntax tree by package jq. A definition with parameters is expanded where it is
// called, with its arguments in the place of its parameters; one without is a Func that all its calls share. Nothing
// calls itself, for the lint refuses it, so the tree is finite. What has no form here becomes Foreign, which says why;
// a program with one is still a program, for gojq.
package core

import "fmt"

// Pos is the place in a file that a node was written at.
type Pos struct {
	File      string
	Line, Col int
}

func (p Pos) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col) }

// Node is one form. Every node takes an input and gives zero or more outputs, or an error.
type Node interface{ At() Pos }

// At is the place of a node; a form embeds it.
func (p Pos) At() Pos { return p }

// Binding is a variable, or a label: each has one, however many share its name. A pattern's inner parts have none. It may
// be bound anew while an earlier value of it is still needed: the same text runs inside of itself in `recurse(f)`, and in
// `f | f` of a Func.
type Binding struct{ Name string }

// Func is a definition without parameters. Its body sees the variables around the definition.
type Func struct {
	Name string
	Body Node
}

// Op is an operator on two values.
type Op uint8

// The operators.
const (
	Add Op = iota
	Sub
	Mul
	Div
	Mod
	Eq
	Ne
	Lt
	Le
	Gt
	Ge
)

type (
	// Identity is `.`.
	Identity struct{ Pos }
	// Const is a value that the text holds: nil, bool, int, float64, *big.Int, string, []any or map[string]any of such.
	// Nobody may change it.
	Const struct {
		Pos
		Value any
	}
	// Var is a variable that the program binds.
	Var struct {
		Pos
		Binding *Binding
	}
	// Root is a variable that stands beside the input, by its place in the list that the program was compiled with.
	Root struct {
		Pos
		Index int
		Name  string // such as "$query"
	}
	// Field is Of | .name. A nil Of, here and below, is `.`.
	Field struct {
		Pos
		Of   Node
		Name string
	}
	// Index is an element or member by a key that is no literal text. Key is evaluated on the input of the whole, not on
	// Of's output; where both have several outputs, Key's are the outer loop.
	Index struct {
		Pos
		Of, Key Node
		List    bool // it is the pattern [$x]: an error of what is neither a list nor null, though texts have elements too
	}
	// Slice is Of[From:To]; either may be nil. They are evaluated on the input of the whole; From is the outer loop, then
	// To, then Of.
	Slice struct {
		Pos
		Of, From, To Node
	}
	// Iterate is Of[].
	Iterate struct {
		Pos
		Of Node
	}
	// Pipe gives each output of Left to Right.
	Pipe struct {
		Pos
		Left, Right Node
	}
	// Comma gives the outputs of Left, then those of Right.
	Comma struct {
		Pos
		Left, Right Node
	}
	// Object builds objects; the members multiply where they have several outputs, the first one outside, and of a member
	// its key. Of members with the same key the last one counts. A key that is no text is an error when all are there.
	Object struct {
		Pos
		Members []Member
	}
	// Array collects all outputs of Of. The empty one is a Const, as every one of constants.
	Array struct {
		Pos
		Of Node
	}
	// If has no nil: an absent else is Identity.
	If struct {
		Pos
		Cond, Then, Else Node
	}
	// Logic is `and`, or `or` where Or is set.
	Logic struct {
		Pos
		Or          bool
		Left, Right Node
	}
	// Alternative is Left // Right.
	Alternative struct {
		Pos
		Left, Right Node
	}
	// Binary is an operator; its operands multiply, the right one outside.
	Binary struct {
		Pos
		Op          Op
		Left, Right Node
	}
	// Negate is -Of.
	Negate struct {
		Pos
		Of Node
	}
	// Let runs Body for each output of Value, with the same input as Value.
	Let struct {
		Pos
		Value   Node
		Binding *Binding
		Body    Node
	}
	// Reduce is `reduce Over as $x (Start; Update)`.
	Reduce struct {
		Pos
		Over          Node
		Binding       *Binding
		Start, Update Node
	}
	// Foreach is `foreach Over as $x (Start; Update; Extract)`; an absent Extract is Identity.
	Foreach struct {
		Pos
		Over                   Node
		Binding                *Binding
		Start, Update, Extract Node
	}
	// Try is `try Body catch Catch`, or Body? where Catch is nil.
	Try struct {
		Pos
		Body, Catch Node
	}
	// Label is `label $x | Body`.
	Label struct {
		Pos
		Binding *Binding
		Body    Node
	}
	// Break leaves the label.
	Break struct {
		Pos
		Binding *Binding
	}
	// Text is a string with values in it. Format is "" or that of each value, such as "@uri"; a format alone is one part.
	// The parts multiply, the last one outside.
	Text struct {
		Pos
		Format string
		Parts  []Node // Const strings, which are as they stand, and what stands between them, none of which is a Const
	}
	// Invoke is a call of a definition without parameters.
	Invoke struct {
		Pos
		Func *Func
	}
	// Call is a function of jq's or of the house, one of those that a mapping may call. Args are closures. `..` is recurse.
	Call struct {
		Pos
		Name string
		Args []Node
	}
	// Assign is an assignment: `=`, `|=`, or with an operator `+=`; Alt is `//=`. Path and Value are as they stand: but for
	// `|=`, Value is evaluated on the input of the whole, and each of its outputs makes one of the whole's.
	Assign struct {
		Pos
		Kind        AssignKind
		Op          Op // of Arithmetic
		Path, Value Node
	}
	// Foreign is what has no form here, and why.
	Foreign struct {
		Pos
		Why string
	}
)

// Member is one member of an object that is built; Key has the same input as Value.
type Member struct{ Key, Value Node }

// AssignKind says what an assignment does.
type AssignKind uint8

// The assignments.
const (
	Set        AssignKind = iota // =
	Modify                       // |=
	Arithmetic                   // += -= *= /= %=
	Alt                          // //=
)
