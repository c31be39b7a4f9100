package mappingtest

import (
	_ "embed"
	"fmt"
	"regexp"
	"strings"
)

//go:embed forms.txt
var formsText string

// form is a line of forms.txt.
type form struct {
	in    kind
	out   string
	texts []string
	holes []string
	rare  bool
}

// rarely are the functions that few mappings call and that need not compile. Most programs have none of them, since one
// alone leaves all that stands around it to gojq.
var rarely = regexp.MustCompile(`\b(sub|match|test|capture|delpaths|skip|pick|fma|paths?|tostream|truncate_stream|JOIN|nth|bsearch|ldexp|walk|\.\. \|=)\b|\?//`)

var hole = regexp.MustCompile(`\{\{([a-z]+[@*]*)\}\}`)

// forms are all forms, by what they may serve for.
var forms = func() map[kind][]*form {
	by := map[kind][]*form{}
	for _, line := range strings.Split(formsText, "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		parts := strings.SplitN(line, " ", 3)
		in, known := kinds[parts[0]]
		if !known || len(parts) < 3 {
			panic(fmt.Sprintf("forms.txt: %q", line))
		}
		f := &form{in: in, out: parts[1], rare: rarely.MatchString(parts[2])}
		at := 0
		for _, m := range hole.FindAllStringSubmatchIndex(parts[2], -1) {
			f.texts, f.holes = append(f.texts, parts[2][at:m[0]]), append(f.holes, parts[2][m[2]:m[3]])
			at = m[1]
		}
		f.texts = append(f.texts, parts[2][at:])
		for _, want := range kinds {
			if f.result(in).fits(want) {
				by[want] = append(by[want], f)
			}
		}
	}
	return by
}()

// result is the kind that the form gives on that of its input.
func (f *form) result(in kind) kind {
	switch f.out {
	case "same":
		return in
	case "list", "strs", "nums", "entries":
		return array
	case "elem":
		return anything
	}
	return kinds[f.out]
}

// shaped is the shape that the form gives on that of its input.
func (f *form) shaped(in *shape) *shape {
	switch f.out {
	case "same":
		return in
	case "elem":
		out := *in.inner()
		out.nullable = true
		return &out
	case "list":
		return listOf(in)
	case "strs":
		return listOf(of(text))
	case "nums":
		return listOf(of(number))
	case "entries":
		return listOf(entry(in))
	}
	return of(kinds[f.out])
}

// build makes an expression of the form.
func (g *generator) build(f *form, s scope, depth int) (*node, *shape) {
	in, got := g.expr(s.single(), f.in, depth-1)
	inner := s.on(got)
	parts := []any{"("}
	if in.String() != "." {
		parts = append(parts, in, " | ")
	}
	for i, h := range f.holes {
		parts = append(parts, f.texts[i], g.fill(h, inner, depth-1))
	}
	parts = append(parts, f.texts[len(f.holes)]+")")
	return join(parts...), f.shaped(got)
}

// fill makes what stands in a hole of a form.
func (g *generator) fill(hole string, s scope, depth int) *node {
	name := strings.TrimRight(hole, "@*")
	switch name {
	case "int":
		return join(pick(g.Dice, []string{"0", "1", "2", "3", "-1", "-2", "10"}))
	case "word":
		return join(g.word())
	case "lit":
		return join(g.constant(anything))
	case "name":
		return join(g.name(s))
	case "key":
		return join(quoted(unquoted(g.name(s))))
	}
	want, known := kinds[name]
	if !known {
		panic("forms.txt: what is " + hole + "?")
	}
	if strings.Contains(hole, "@") {
		s.in = s.in.inner()
	}
	s.many = strings.Contains(hole, "*")
	n, _ := g.expr(s, want, depth)
	return n
}
