package core

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// TextOf is the text that a node is, where that is known.
func TextOf(n Node) (text string, known bool) {
	c, is := n.(*Const)
	if is {
		text, known = c.Value.(string)
	}
	return text, known
}

// quoted is a text as a literal of jq's, which is one of JSON's.
func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// constant writes a value so that it is read as the same one: a float has a point or an exponent.
func (p *printer) constant(v any) {
	switch v := v.(type) {
	case []any:
		p.write("[")
		for i, e := range v {
			p.write([]string{"", ", "}[min(i, 1)])
			p.constant(e)
		}
		p.write("]")
	case map[string]any:
		p.write("{")
		for i, k := range slices.Sorted(maps.Keys(v)) {
			p.write([]string{"", ", "}[min(i, 1)], quoted(k), ": ")
			p.constant(v[k])
		}
		p.write("}")
	case string:
		p.write(quoted(v))
	case nil:
		p.write("null")
	default:
		p.number(fmt.Sprint(v), v)
	}
}

// number writes a number, or true or false.
func (p *printer) number(text string, v any) {
	if f, is := v.(float64); is {
		switch {
		case math.IsInf(f, 0):
			text = strings.TrimSuffix(text[:1], "+") + "1e999"
		case !strings.ContainsAny(text, ".e"):
			text += ".0"
		}
	}
	if text[0] == '-' {
		text = "(" + text + ")"
	}
	p.write(text)
}
