package connector

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
	"go.yaml.in/yaml/v3"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// Expr is jq written without braces, mostly a condition.
type Expr struct{ slot *slot }

func (e *Expr) decode(d *decoder, n *yaml.Node, f field) {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		d.wrongType(n, "jq without braces")
		return
	}
	e.slot = d.program(n.Value, d.locate(n), true)
}

func (e *Expr) reads(root, name string) bool { return e != nil && e.slot.reads(root, name) }

// readsHeader says whether the expression reads .headers.name, a header's canonical name, or all of them.
func (e *Expr) readsHeader(name string) bool {
	if e == nil || e.slot == nil || e.slot.code == nil {
		return false
	}
	return slices.ContainsFunc(e.slot.code.Refs(), func(r jq.Ref) bool {
		return r.Root == "." && len(r.Path) > 0 && r.Path[0] == "headers" &&
			(len(r.Path) == 1 || r.Path[1] == anyStep || strings.EqualFold(r.Path[1], name))
	})
}

// holds runs the condition; a missing one holds, null and false do not.
func (e *Expr) holds(in any) (bool, error) {
	if e == nil {
		return true, nil
	}
	v, err := e.slot.run(in)
	return err == nil && v != nil && v != false, err
}

// String is the condition as it is written.
func (e *Expr) String() string {
	if e == nil || e.slot == nil {
		return ""
	}
	return e.slot.text()
}

// ParsePath turns a dotted path of the language into gjson's notation: errors.0.detail. A dot that belongs to a key is
// written \., and nothing else has a meaning of its own.
func ParsePath(s string) string {
	var parts []string
	var key strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			key.WriteByte(s[i])
		case s[i] == '.':
			parts = append(parts, EscapePath(key.String()))
			key.Reset()
		default:
			key.WriteByte(s[i])
		}
	}
	return strings.Join(append(parts, EscapePath(key.String())), ".")
}

// find gives the value at a path of a document whose depth was checked; the empty path is the document.
func find(doc []byte, path string) gjson.Result {
	if path == "" {
		return gjson.ParseBytes(doc)
	}
	return gjson.GetBytes(doc, path)
}

// EscapePath is one part of a path as gjson takes it.
func EscapePath(part string) string { return gjson.Escape(part) }

// SplitPath is the keys of a path in gjson's notation, in which a backslash keeps the next character.
func SplitPath(path string) []string {
	if strings.IndexByte(path, '\\') < 0 {
		return strings.Split(path, ".")
	}
	var parts []string
	var key strings.Builder
	for i := 0; i < len(path); i++ {
		switch {
		case path[i] == '\\' && i+1 < len(path):
			i++
			key.WriteByte(path[i])
		case path[i] == '.':
			parts = append(parts, key.String())
			key.Reset()
		default:
			key.WriteByte(path[i])
		}
	}
	return append(parts, key.String())
}

// firstText is the first of several paths with a non-empty string or a number.
func firstText(doc []byte, paths []string) string {
	for _, p := range paths {
		if r := find(doc, p); r.Type == gjson.String && r.Str != "" {
			return r.Str
		} else if r.Type == gjson.Number {
			return r.Raw
		}
	}
	return ""
}

// Names is a list of header names; one may stand without brackets.
type Names []string

func (l *Names) decode(d *decoder, n *yaml.Node, f field) {
	items := n.Content
	if n.Kind == yaml.ScalarNode {
		items = []*yaml.Node{n}
	} else if n.Kind != yaml.SequenceNode {
		d.wrongType(n, "a list of header names")
		return
	}
	for _, item := range items {
		if item.Kind != yaml.ScalarNode || !validToken(item.Value) {
			d.wrongType(item, "a header's name")
			continue
		}
		*l = append(*l, item.Value)
	}
}

// validToken says whether s can name an HTTP header.
func validToken(s string) bool {
	for _, c := range []byte(s) {
		alnum := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !alnum && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return s != ""
}

// Statuses is one HTTP status, or a list of them.
type Statuses []int

func (l *Statuses) decode(d *decoder, n *yaml.Node, f field) {
	items := n.Content
	if n.Kind == yaml.ScalarNode {
		items = []*yaml.Node{n}
	}
	for _, item := range items {
		s, err := strconv.Atoi(item.Value)
		if item.Kind != yaml.ScalarNode || err != nil || s < 100 || s > 599 {
			d.wrongType(item, "an HTTP status")
			continue
		}
		*l = append(*l, s)
	}
}

// ProblemCode is a code of the house's table of problems.
type ProblemCode problem.Code

func (c *ProblemCode) decode(d *decoder, n *yaml.Node, f field) {
	var known []string
	for _, e := range problem.Table() {
		known = append(known, string(e.Code))
	}
	if n.Kind != yaml.ScalarNode || !slices.Contains(known, n.Value) {
		d.add(n, "value", "`"+clip(n.Value)+"` is not a problem code", didYouMean(n.Value, known, "`meterbridge docs errors` lists them"))
		return
	}
	*c = ProblemCode(n.Value)
}
