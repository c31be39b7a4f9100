package jq

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/itchyny/gojq"
)

// binding is a name in scope, in a list that grows towards the inside of the program.
type binding struct {
	up    *binding
	name  string // "f" or "$x" or "*$label"
	arity int
	open  *bool // of a definition: its body is being checked, so a call now is recursion
}

func (b *binding) find(name string, arity int) *binding {
	for ; b != nil; b = b.up {
		if b.name == name && b.arity == arity {
			return b
		}
	}
	return nil
}

func (b *binding) with(name string, arity int) *binding {
	return &binding{up: b, name: name, arity: arity}
}

// names lists what is in scope of the given form, for "did you mean".
func (b *binding) names(variables bool) []string {
	var out []string
	for ; b != nil; b = b.up {
		if variables == (b.name[0] == '$') && b.name[0] != '*' {
			out = append(out, b.name)
		}
	}
	if !variables {
		for _, f := range Functions() {
			name, _, _ := strings.Cut(f, "/")
			out = append(out, name)
		}
	}
	return out
}

// A text that has more defects is not what somebody meant.
const maxFindings = 100 // defects of one program that are looked for

// checker walks the tree once, with scopes, and gathers findings.
type checker struct {
	*file
	findings []Finding
}

func (f *file) check() []Finding {
	c := checker{file: f}
	var b *binding
	for _, v := range f.opt.Vars {
		b = b.with(v, 0)
	}
	c.query(f.query, b)
	slices.SortStableFunc(c.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	return c.findings
}

func (c *checker) report(node any, rule, text, fix string) {
	c.findings = append(c.findings, c.finding(c.places.at(node), rule, text, fix))
}

func (c *checker) queries(b *binding, qs ...*gojq.Query) {
	for _, q := range qs {
		c.query(q, b)
	}
}

func (c *checker) query(q *gojq.Query, b *binding) {
	if q == nil || len(c.findings) >= maxFindings {
		return
	}
	for _, d := range q.FuncDefs {
		b = c.def(d, b)
	}
	switch {
	case q.Term != nil:
		c.term(q.Term, b)
		return
	case q.Right == nil:
		return
	}
	c.query(q.Left, b)
	if len(q.Patterns) > 0 {
		b = c.patterns(q.Patterns, b)
	}
	c.query(q.Right, b)
	c.operator(q)
}

func (c *checker) def(d *gojq.FuncDef, b *binding) *binding {
	if _, bad := known.refused[signature(d.Name, len(d.Args))]; !bad && c.opt.Kind == Mapping && known.allowed[signature(d.Name, len(d.Args))] {
		c.report(d, "shadow", fmt.Sprintf("%s hides the function of that name", d.Name), "choose another name")
	}
	open := true
	self := &binding{up: b, name: d.Name, arity: len(d.Args), open: &open}
	inner := self
	for _, a := range d.Args {
		if a[0] == '$' {
			c.portableName(d, a)
			inner = inner.with(a, 0)
		}
		inner = inner.with(strings.TrimPrefix(a, "$"), 0)
	}
	c.query(d.Body, inner)
	open = false
	return self
}

func (c *checker) patterns(ps []*gojq.Pattern, b *binding) *binding {
	for _, p := range ps {
		b = c.pattern(p, b)
	}
	return b
}

func (c *checker) pattern(p *gojq.Pattern, b *binding) *binding {
	if p.Name != "" {
		c.portableName(p, p.Name)
		return b.with(p.Name, 0)
	}
	for _, e := range p.Array {
		b = c.pattern(e, b)
	}
	for _, e := range p.Object {
		if e.Key != "" && e.Key[0] == '$' {
			c.portableName(e, e.Key)
			b = b.with(e.Key, 0)
		}
		c.str(e.KeyString, b)
		c.query(e.KeyQuery, b)
		if e.Val != nil {
			b = c.pattern(e.Val, b)
		}
	}
	return b
}

func (c *checker) term(t *gojq.Term, b *binding) {
	switch t.Type {
	case gojq.TermTypeIndex:
		c.index(t.Index, b)
	case gojq.TermTypeFunc:
		c.call(t.Func, b)
	case gojq.TermTypeObject:
		for _, kv := range t.Object.KeyVals {
			if kv.Key != "" && kv.Key[0] == '$' {
				c.variable(kv, kv.Key, b)
			}
			c.str(kv.KeyString, b)
			c.queries(b, kv.KeyQuery, kv.Val)
			c.portableValue(kv.Val)
		}
	case gojq.TermTypeArray:
		c.query(t.Array.Query, b)
	case gojq.TermTypeUnary:
		c.term(t.Unary.Term, b)
	case gojq.TermTypeFormat:
		c.format(t, b)
	case gojq.TermTypeString:
		c.str(t.Str, b)
	case gojq.TermTypeIf:
		c.queries(b, t.If.Cond, t.If.Then, t.If.Else)
		if t.If.Else == nil {
			c.unportable(t, "wants an else", "write `else . end`")
		}
		for _, e := range t.If.Elif {
			c.queries(b, e.Cond, e.Then)
		}
	case gojq.TermTypeTry:
		c.queries(b, t.Try.Body, t.Try.Catch)
	case gojq.TermTypeReduce:
		c.queries(b, t.Reduce.Query, t.Reduce.Start)
		c.query(t.Reduce.Update, c.patterns(t.Reduce.Patterns, b))
	case gojq.TermTypeForeach:
		c.queries(b, t.Foreach.Query, t.Foreach.Start)
		c.queries(c.patterns(t.Foreach.Patterns, b), t.Foreach.Update, t.Foreach.Extract)
	case gojq.TermTypeLabel:
		c.query(t.Label.Body, b.with("*"+t.Label.Ident, 0))
	case gojq.TermTypeBreak:
		if b.find("*"+t.Break, 0) == nil {
			c.report(t, "unknown-label", fmt.Sprintf("no label %s in scope", t.Break), "")
		}
	case gojq.TermTypeQuery:
		c.query(t.Query, b)
	}
	for _, s := range t.SuffixList {
		if s.Index != nil {
			c.index(s.Index, b)
		}
	}
}

func (c *checker) index(x *gojq.Index, b *binding) {
	c.str(x.Str, b)
	c.queries(b, x.Start, x.End)
}

func (c *checker) str(s *gojq.String, b *binding) {
	if s != nil {
		c.queries(b, s.Queries...)
	}
}

func (c *checker) format(t *gojq.Term, b *binding) {
	if !slices.Contains(formats, t.Format) {
		c.report(t, "unknown-format", fmt.Sprintf("%s is no format", t.Format), "one of "+strings.Join(formats, " "))
	}
	c.str(t.Str, b)
}
