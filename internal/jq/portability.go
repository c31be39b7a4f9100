package jq

import (
	"slices"
	"strings"

	"github.com/itchyny/gojq"
)

// A mapping can be run by jq itself, as old as 1.6, which many machines have: see Module.Portable. What only a newer one
// reads is warned of, as far as the tree shows it.

// keywords are no names of variables in jq 1.6.
var keywords = strings.Fields("__loc__ and as catch def elif else end foreach if import include label module or reduce then try")

// newer are the functions that jq 1.6 does not have.
var newer = strings.Fields("abs/0 add/1 ltrim/0 pick/1 rtrim/0 skip/2 toboolean/0 trim/0 trimstr/1")

func (c *checker) unportable(node any, text, fix string) {
	if c.opt.Kind != Mapping {
		return
	}
	c.report(node, "portable", "jq 1.6 "+text, fix)
	c.findings[len(c.findings)-1].Warn = true
}

func (c *checker) portableName(node any, variable string) {
	if name, is := strings.CutPrefix(variable, "$"); is && slices.Contains(keywords, name) {
		c.unportable(node, "takes "+variable+" for a keyword", "choose another name")
	}
}

func (c *checker) portableCall(f *gojq.Func) {
	if slices.Contains(newer, signature(f.Name, len(f.Args))) {
		c.unportable(f, "does not have "+f.Name, "say it with others")
	}
}

// portableValue looks at the value of an object's key, which may be terms and pipes of them.
func (c *checker) portableValue(q *gojq.Query) {
	switch {
	case q == nil:
	case q.Term == nil && q.Op == gojq.OpPipe && len(q.FuncDefs) == 0 && len(q.Patterns) == 0:
		c.portableValue(q.Left)
		c.portableValue(q.Right)
	case q.Term == nil || len(q.FuncDefs) > 0 || statement(q.Term.Type):
		c.unportable(q, "wants parentheses around this value of an object", "write (…)")
	}
}

// statement says that a term is one only to newer versions.
func statement(t gojq.TermType) bool {
	return slices.Contains([]gojq.TermType{gojq.TermTypeIf, gojq.TermTypeTry, gojq.TermTypeReduce, gojq.TermTypeForeach, gojq.TermTypeLabel}, t)
}
