package core

import (
	"strings"
	"testing"
)

func TestTextIsBounded(t *testing.T) {
	text := func(n int) string { return String(&Const{Value: strings.Repeat("x", n-len(`""`))}) }
	if got := text(MaxText); len(got) != MaxText {
		t.Errorf("a program of %d bytes has %d as a text", MaxText, len(got))
	}
	if got := text(MaxText + 1); got != "" {
		t.Errorf("a program that is too long is a text of %d bytes", len(got))
	}
	f := &Func{Name: "f", Body: &Identity{}}
	for range 64 {
		call := &Invoke{Func: f}
		f = &Func{Name: "f", Body: &Comma{Left: call, Right: call}}
	}
	if got := String(f.Body); got != "" {
		t.Errorf("a program that doubles at each level is a text of %d bytes", len(got))
	}
}

func TestPartOf(t *testing.T) {
	x, y, label := &Binding{Name: "x"}, &Binding{Name: "y"}, &Binding{Name: "out"}
	query := &Root{Index: 3, Name: "$query"}
	part, ok := PartOf(&Comma{
		Left:  &Let{Value: &Var{Binding: x}, Binding: y, Body: &Comma{Left: &Var{Binding: y}, Right: query}},
		Right: &Comma{Left: query, Right: &Var{Binding: x}},
	})
	if want := `(($x_1 as $y_2 | ($y_2, $query)), ($query, $x_1))`; !ok || part.Text != want {
		t.Errorf("the part is %s, want %s", part.Text, want)
	}
	if len(part.Vars) != 1 || part.Vars[0] != x || part.Names[0] != "$x_1" || len(part.Roots) != 1 || part.Roots[0] != query {
		t.Errorf("it sees %v %v %v", part.Vars, part.Names, part.Roots)
	}
	for _, c := range []struct {
		name string
		node Node
		want bool
	}{
		{"a label within", &Label{Binding: label, Body: &Break{Binding: label}}, true},
		{"a label around it", &Break{Binding: label}, false},
		{"no form", &Array{Of: &Foreign{Why: "why"}}, false},
		{"too long", &Const{Value: strings.Repeat("x", MaxText)}, false},
	} {
		if _, ok := PartOf(c.node); ok != c.want {
			t.Errorf("%s: it can be taken out is %v", c.name, ok)
		}
	}
}
