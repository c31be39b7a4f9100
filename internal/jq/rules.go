package jq

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/itchyny/gojq"

	"github.com/meterbridge/meterbridge/internal/house"

	"github.com/meterbridge/meterbridge/internal/near"
)

// maxIndex bounds a literal index on the left of an assignment: the array is filled up to it.
const maxIndex = 1000

func (c *checker) variable(node any, name string, b *binding) {
	if b.find(name, 0) != nil {
		return
	}
	if i, bad := known.refused[signature(name, 0)]; bad {
		c.report(node, refused[i].rule, name+" "+refused[i].text, refused[i].fix)
		return
	}
	fix := ""
	if close := near.Word(name, b.names(true)); close != "" {
		fix = "did you mean " + close + "?"
	} else if all := b.names(true); len(all) > 0 {
		slices.Reverse(all) // from the outside in
		fix = "in scope: " + strings.Join(all, " ")
	}
	c.report(node, "unknown-variable", name+" is not defined", fix)
}

// call checks the name of a function, its arguments, and what each may be.
func (c *checker) call(f *gojq.Func, b *binding) {
	for _, a := range f.Args {
		c.query(a, b)
	}
	if f.Name[0] == '$' {
		c.variable(f, f.Name, b)
		return
	}
	if local := b.find(f.Name, len(f.Args)); local != nil {
		if local.open != nil && *local.open {
			c.report(f, "unbounded", f.Name+" calls itself, which nothing bounds", "iterate over the input itself")
		}
		return
	}
	sig := signature(f.Name, len(f.Args))
	if i, bad := known.refused[sig]; bad {
		c.report(f, refused[i].rule, f.Name+" "+refused[i].text, refused[i].fix)
		return
	}
	if !known.allowed[sig] {
		c.unknown(f, b)
		return
	}
	if c.opt.Untrusted && c.places.at(f).lib == 0 && slices.Contains(trustedOnly, sig) {
		c.report(f, "untrusted", f.Name+" is not for an override that comes from outside", "")
	}
	c.portableCall(f)
	c.arguments(f)
}

func (c *checker) unknown(f *gojq.Func, b *binding) {
	var arities []string
	for n := range 5 {
		if sig := signature(f.Name, n); known.allowed[sig] || b.find(f.Name, n) != nil {
			arities = append(arities, strconv.Itoa(n))
		}
	}
	if len(arities) > 0 {
		c.report(f, "unknown-function", fmt.Sprintf("%s takes %s arguments, not %d", f.Name, strings.Join(arities, " or "), len(f.Args)), "")
		return
	}
	fix := ""
	if close := near.Word(f.Name, b.names(false)); close != "" {
		fix = "did you mean " + close + "?"
	} else if dateLike.MatchString(f.Name) {
		fix = "the dates are " + strings.Join(near.Order(f.Name, dateFunctions()), ", ")
	}
	c.report(f, "unknown-function", f.Name+" is not defined", fix)
}

// arguments refuses computed arguments where one value can make a native call run for minutes or take gigabytes.
func (c *checker) arguments(f *gojq.Func) {
	switch f.Name {
	case "test", "match", "capture", "sub":
		if _, ok := literal(f.Args[0]); !ok {
			c.report(f, "regex", f.Name+" takes a regular expression that is not a literal, and each one is kept compiled for good", "write it as a string literal")
		}
		if n := map[string]int{"test": 1, "match": 1, "capture": 1, "sub": 2}[f.Name]; len(f.Args) > n {
			if flags, ok := literal(f.Args[n]); !ok || strings.Contains(flags, "g") {
				c.report(f, "global-regex", f.Name+" with the flag g takes time that grows with the square of the input's length", "leave the flag out")
			}
		}
	case "strptime", "strftime", "format":
		if _, ok := literal(f.Args[0]); !ok {
			c.report(f, "literal", f.Name+" takes a format that is not a literal", "write it as a string literal")
		}
	case "join":
		if _, ok := literal(f.Args[0]); !ok {
			c.report(f, "literal", "join takes a separator that is not a literal, and repeats it", "write it as a string literal")
		}
	case "contains", "inside", "indices", "index", "rindex":
		if !constant(f.Args[0]) {
			c.report(f, "literal", f.Name+" compares each with each, and takes a value that is not a literal", "write it as a literal, or use `any(. == …)`")
		}
	case "pick":
		c.assigned(f.Args[0], f)
	case "add_days", "add_months", "add_hours", "dshift":
		if constant(f.Args[0]) && class(f.Args[0], maxClass) != isNumber {
			c.report(f.Args[0], "argument", f.Name+" takes a number", "write it without quotes: "+f.Name+"(-1)")
		}
	}
}

// dateLike are the names that somebody gives a function for dates.
var dateLike = regexp.MustCompile(`(?i)date|time|day|week|month|year|hour|iso|format|epoch|unix`)

// dateFunctions are the house's, by name.
func dateFunctions() []string {
	out := []string{"cycle_start", "from_days", "from_unix", "from_unix_ms", "mdy", "months", "unix", "unix_ms"}
	out = slices.AppendSeq(out, maps.Keys(house.Forms))
	out = slices.AppendSeq(out, maps.Keys(house.Steps))
	slices.Sort(out)
	return out
}

// span refuses a date function on a whole span of time: .window | date.
func (c *checker) span(q *gojq.Query) {
	l := q.Left.Term
	if l == nil || l.Type != gojq.TermTypeIndex || len(l.SuffixList) > 0 || !slices.Contains(c.opt.Objects, l.Index.Name) {
		return
	}
	r := q.Right
	for r.Term == nil && r.Op == gojq.OpPipe {
		r = r.Left
	}
	if r.Term == nil || r.Term.Type != gojq.TermTypeFunc {
		return
	}
	if f := r.Term.Func.Name; f != "months" && slices.Contains(dateFunctions(), f) {
		c.report(q.Left, "span", "."+l.Index.Name+" is an object of start and end, and "+f+" takes a date", "."+l.Index.Name+".start | "+f)
	}
}

// operator checks the operators whose cost depends on what their operands turn out to be.
func (c *checker) operator(q *gojq.Query) {
	switch q.Op {
	case gojq.OpPipe:
		c.span(q)
	case gojq.OpAssign:
		if c.opt.Condition {
			c.report(q, "assignment", "= assigns, and decides nothing", "did you mean ==?")
		}
	}
	switch q.Op {
	case gojq.OpAssign, gojq.OpModify, gojq.OpUpdateAdd, gojq.OpUpdateSub, gojq.OpUpdateMul, gojq.OpUpdateDiv, gojq.OpUpdateMod, gojq.OpUpdateAlt:
		c.assigned(q.Left, q)
	}
	switch q.Op {
	case gojq.OpMul, gojq.OpUpdateMul:
		if l, r := class(q.Left, maxClass), class(q.Right, maxClass); l == isString || r == isString {
			c.report(q, "repeat", "a string is repeated", "write it out")
		} else if c.opt.Kind == Mapping && !(l == isNumber && r == isNumber || l == isComposite || r == isComposite) {
			c.report(q, "repeat", "an operand of * may be a string, which would be repeated, and * rounds", "use `dmul(x)`, or `dshift(n)` for a power of ten")
		}
	case gojq.OpSub, gojq.OpUpdateSub:
		if c.opt.Kind == Mapping && class(q.Left, maxClass) != isNumber && class(q.Right, maxClass) != isNumber {
			c.report(q, "inexact", "the operands of - may be two arrays, compared each with each, and - rounds", "use `dsub(x)`")
		}
	}
}

// assigned refuses computed indices and large ones in a path that is written to.
func (c *checker) assigned(q *gojq.Query, node any) {
	bad := false
	eachIndex(q, func(x *gojq.Index) {
		for _, k := range []*gojq.Query{x.Start, x.End} {
			if k == nil {
				continue
			}
			if _, ok := literal(k); ok {
				continue
			}
			if n, ok := number(k); !ok || n < -maxIndex || n > maxIndex {
				bad = true
			}
		}
	}, func(f *gojq.Func) { bad = bad || f.Name == "getpath" })
	if bad {
		c.report(node, "computed-path", "an index that is written to is computed or large, and the array would be filled up to it", "build the value: `{($key): …}`, `from_entries`")
	}
}

type operand uint8

const (
	isUnknown   operand = iota
	isNumber            // or null, or an error
	isString            //
	isComposite         // an object or an array
)

const numeric = " length year month_number day_number unix unix_ms floor ceil round abs fabs trunc tonumber mktime dec dsum dadd dsub dmul dneg dshift dcmp sqrt utf8bytelength "

// maxClass bounds how deep class looks; past it a value is unknown.
const maxClass = 8

// class is what the value of a query is bound to be.
func class(q *gojq.Query, depth int) operand {
	if q == nil || depth == 0 {
		return isUnknown
	}
	if q.Term == nil {
		switch q.Op {
		case gojq.OpPipe:
			return class(q.Right, depth-1)
		case gojq.OpAdd, gojq.OpSub, gojq.OpMul, gojq.OpDiv, gojq.OpMod:
			if l := class(q.Left, depth-1); l == class(q.Right, depth-1) {
				return l
			}
		}
		return isUnknown
	}
	if len(q.Term.SuffixList) > 0 {
		return isUnknown
	}
	switch t := q.Term; t.Type {
	case gojq.TermTypeNumber:
		return isNumber
	case gojq.TermTypeUnary:
		return class(&gojq.Query{Term: t.Unary.Term}, depth-1)
	case gojq.TermTypeString, gojq.TermTypeFormat:
		return isString
	case gojq.TermTypeObject, gojq.TermTypeArray:
		return isComposite
	case gojq.TermTypeQuery:
		return class(t.Query, depth-1)
	case gojq.TermTypeFunc:
		if strings.Contains(numeric, " "+t.Func.Name+" ") {
			return isNumber
		}
	}
	return isUnknown
}
