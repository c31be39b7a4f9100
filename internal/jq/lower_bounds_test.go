package jq

import (
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/jq/core"
)

func lowered(t *testing.T, text string) (core.Node, int) {
	t.Helper()
	f, findings := parse(Source{File: "acme.jq", Text: text}, lowerOptions)
	if f == nil || Failed(findings) {
		t.Fatalf("%.80s: %v", text, findings)
	}
	l := lowerer{file: f, at: map[spot]core.Pos{}}
	l.query(f.query, nil)
	return f.lower(f.query), l.steps
}

func TestLoweringIsBounded(t *testing.T) {
	program := func(steps int) string {
		return "def f(g): g" + strings.Repeat(", g", 75) + "; f(f(.)), .z" + strings.Repeat("\n.a", steps)
	}
	_, steps := lowered(t, program(1))
	most := 1 + MaxLowered - steps
	if n, steps := lowered(t, program(most)); foreign(n) || steps != MaxLowered {
		t.Errorf("a program of %d steps is not lowered", steps)
	}
	n, _ := lowered(t, program(most+1))
	if f, is := n.(*core.Foreign); !is || !strings.Contains(f.Why, "too large") {
		t.Errorf("a program of %d steps is lowered to %T", MaxLowered+1, n)
	}
	if _, steps := lowered(t, "def f(g): g, g;"+strings.Repeat("f(", 60)+"."+strings.Repeat(")", 60)); steps > 2*MaxLowered {
		t.Errorf("%d steps were made of a program that doubles at each level", steps)
	}
}

func TestLoweredDefinitions(t *testing.T) {
	n, _ := lowered(t, "def f: .a; def g(h): def k: h; [k, k]; f, f, g(.x), g(.y)")
	comma := func(n core.Node) (left, right core.Node) { c := n.(*core.Comma); return c.Left, c.Right }
	rest, gy := comma(n)
	rest, gx := comma(rest)
	f1, f2 := comma(rest)
	if f1.(*core.Invoke).Func != f2.(*core.Invoke).Func {
		t.Error("two calls of a definition are of two Funcs")
	}
	inner := func(n core.Node) *core.Func {
		left, right := comma(n.(*core.Array).Of)
		if left.(*core.Invoke).Func != right.(*core.Invoke).Func {
			t.Error("two calls of an inner definition are of two Funcs")
		}
		return left.(*core.Invoke).Func
	}
	if inner(gx) == inner(gy) {
		t.Error("a definition that sees a parameter is the same for two arguments")
	}
}

func TestLoweredPlaces(t *testing.T) {
	lib := Source{File: "lib/acme.jq", Text: "def cost: .b.c;\ndef half(x):\n  x | cost?;"}
	m, findings := ParseModule(Source{File: "m.jq", Text: "include \"acme\";\ndef usage:\n  {id, n: half(.a[ .k ])};"}, Options{Kind: Mapping, Libs: []Source{lib}})
	if m == nil {
		t.Fatal(findings)
	}
	object := m.Core("usage").(*core.Invoke).Func.Body.(*core.Object)
	pipe := object.Members[1].Value.(*core.Pipe)
	cost := pipe.Right.(*core.Try).Body.(*core.Invoke)
	for _, c := range []struct {
		name string
		node core.Node
		want string
	}{
		{"an object", object, "m.jq:3:3"},
		{"a key", object.Members[0].Key, "m.jq:3:4"},
		{"a key's value", object.Members[0].Value, "m.jq:3:4"},
		{"a pipe of a library's", pipe, "lib/acme.jq:3:5"},
		{"an argument", pipe.Left, "m.jq:3:18"},
		{"a computed key", pipe.Left.(*core.Index).Key, "m.jq:3:20"},
		{"a try", pipe.Right, "lib/acme.jq:3:11"},
		{"a call within a library", cost, "lib/acme.jq:3:7"},
		{"its body", cost.Func.Body, "lib/acme.jq:1:13"},
	} {
		if got := c.node.At().String(); got != c.want {
			t.Errorf("%s is at %s, want %s", c.name, got, c.want)
		}
	}
	if m.Core("products") != nil {
		t.Error("a definition that is not there is lowered")
	}
}
