package mappingtest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// generator makes one program.
type generator struct {
	*Dice
	left  int  // nodes that may still be made
	count int  // definitions and variables so far
	rare  bool // forms that need not compile are fine
}

// scope is what an expression stands in.
type scope struct {
	in   *shape
	vars []field // of a name with its dollar
	defs []definition
	many bool // any number of outputs is fine
}

// definition is a function of the program's own.
type definition struct {
	name   string
	params []string // those that begin with a dollar are values
	in     *shape
	out    *shape
}

func (s scope) single() scope {
	s.many = false
	return s
}

func (s scope) on(in *shape) scope {
	s.in = in
	return s
}

func (s scope) with(name string, v *shape) scope {
	s.vars = append(s.vars[:len(s.vars):len(s.vars)], field{name, v})
	return s
}

var identifier = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

func spelled(name string) string {
	if identifier.MatchString(name) {
		return name
	}
	return quoted(name)
}

func unquoted(name string) string {
	var s string
	if json.Unmarshal([]byte(name), &s) != nil {
		return name
	}
	return s
}

// name is that of a member, mostly one that the input has.
func (g *generator) name(s scope) string {
	if s.in.kind == object && len(s.in.fields) > 0 && !g.once(8) {
		return spelled(pick(g.Dice, s.in.fields).name)
	}
	return spelled(pick(g.Dice, names))
}

func (g *generator) word() string {
	return pick(g.Dice, []string{quoted(pick(g.Dice, words)), `"a"`, `"-"`, `"id"`, `"USD"`, `"\u00e9\n"`, `"x\ty"`})
}

// constant is a literal of a kind.
func (g *generator) constant(k kind) string {
	switch k {
	case text:
		return g.word()
	case date:
		return quoted(pick(g.Dice, dates[:5]))
	case decimal:
		return quoted(pick(g.Dice, numbers))
	case number:
		return pick(g.Dice, []string{"0", "1", "2", "-1", "1.50", "1e2", "0.1", "100", "-0", "9007199254740993", "1e-7", "12345678901234567890", "3.0"})
	case boolean:
		return pick(g.Dice, []string{"true", "false"})
	case array:
		return pick(g.Dice, []string{"[]", "[1, 2]", `["a", "b"]`, `[{"a": 1}]`, "[null]", "[3, 1, 2]"})
	case object:
		return pick(g.Dice, []string{"{}", "{a: 1}", `{b: "x", a: null}`, `{"id": "i", name: "n"}`})
	case nothing:
		return "null"
	}
	return g.constant(pick(g.Dice, []kind{text, text, number, number, boolean, array, object, nothing, date}))
}

// path is a way from a value to a part of it.
type path struct {
	text  string
	shape *shape
}

// paths lists the ways from a value that end in one of the kind.
func paths(root string, s *shape, want kind, depth int, into []path) []path {
	if s.kind.fits(want) || s.kind == anything {
		into = append(into, path{root, s})
	}
	if depth == 0 {
		return into
	}
	dot := strings.TrimSuffix(root, ".")
	for _, f := range s.fields {
		inner := *f.shape
		inner.nullable = inner.nullable || s.nullable
		into = paths(dot+"."+spelled(f.name), &inner, want, depth-1, into)
	}
	if s.kind == array && s.elem != nil {
		inner := *s.elem
		inner.nullable = true
		if root == "." {
			dot = "."
		}
		into = paths(dot+"[0]", &inner, want, depth-1, into)
	}
	return into
}

// leaf is a path or a constant.
func (g *generator) leaf(s scope, want kind) (*node, *shape) {
	g.left--
	var all []path
	if !g.once(6) {
		all = paths(".", s.in, want, 3, nil)
	}
	if len(all) == 0 || g.once(4) {
		for _, v := range s.vars {
			all = paths(v.name, v.shape, want, 2, all)
		}
	}
	if len(all) == 0 || g.once(8) {
		k := want
		return join(g.constant(k)), of(k)
	}
	p := pick(g.Dice, all)
	switch {
	case want == anything || want == nothing:
	case p.shape.nullable && !g.once(10), p.shape.kind == anything && want != anything && !g.once(4):
		if p.shape.kind == anything {
			return join("(", p.text, " | ", guards[want], ")"), of(want)
		}
		out := *p.shape
		out.nullable = false
		return join("(", p.text, " // ", g.constant(p.shape.kind), ")"), &out
	}
	if g.once(12) && p.text != "." {
		return join(p.text + "?"), p.shape
	}
	return join(p.text), p.shape
}

// guards make a value of a kind of whatever there is.
var guards = map[kind]string{
	boolean: "not", number: "numbers // 0", text: "tostring", date: `strings // "2026-01-31" | try rfc3339 catch "2026-01-31"`, decimal: `try (dec // 0 | tostring) catch "1.5"`,
	array: "arrays // []", object: "objects // {}",
}

// expr makes an expression that gives a value of the kind, or any number of them where the scope says so.
func (g *generator) expr(s scope, want kind, depth int) (*node, *shape) {
	g.left--
	if depth <= 0 || g.left <= 0 || g.once(6) {
		return g.leaf(s, want)
	}
	return g.grown(s, want, depth)
}

// grown is an expression that is no leaf.
func (g *generator) grown(s scope, want kind, depth int) (*node, *shape) {
	if g.once(60) { // of a kind that nobody expects
		want = pick(g.Dice, []kind{text, number, array, object, nothing})
	}
	if s.many && g.once(2) {
		return g.stream(s, want, depth)
	}
	switch g.below(12) {
	case 0:
		return g.let(s, want, depth)
	case 1:
		return g.define(s, want, depth)
	case 2:
		if n, out := g.call(s, want, depth); n != nil {
			return n, out
		}
	case 3:
		return g.special(s, want, depth)
	}
	fit := forms[want]
	for range 8 {
		if len(fit) == 0 {
			break
		}
		if f := pick(g.Dice, fit); g.rare || !f.rare {
			return g.build(f, s, depth)
		}
	}
	return g.leaf(s, want)
}

func (g *generator) fresh(prefix string) string {
	g.count++
	if g.once(4) {
		return prefix + "x" // now and then the one that hides another
	}
	return fmt.Sprintf("%s%d", prefix, g.count)
}
