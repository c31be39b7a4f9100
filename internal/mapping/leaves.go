package mapping

import (
	"maps"
	"slices"
	"strconv"

	"github.com/meterbridge/meterbridge/internal/jq"
)

// maxLeaves bounds the values of an item and of the roots beside it that are looked at one by one.
const maxLeaves = 50_000

// reading is how a mapping's source reads a value.
type reading uint8

const (
	unread  reading = iota // it names neither the value nor anything around it
	within                 // it reads something around it as a whole
	byName                 // it reads the value, or something of that name
	reaches                // only on the way down: it reads something below
)

// leaf is a value of the input that holds no others.
type leaf struct {
	root    int // 0 is the item; the others are the roots, from 1
	path    string
	pattern string // path without the places in lists
	val     any
	read    reading
}

// node is a value of the input, with the range of the leaves below it.
type node struct {
	val    any
	path   string
	keys   []string // of an object
	kids   []*node  // of an object or a list
	lo, hi int
}

// forest is an item and the roots that stand beside it, taken apart.
type forest struct {
	roots  []*node
	leaves []leaf
	cut    bool // there are more leaves
}

// grow takes an input apart. Of the roots beside the item only what the mapping reads is followed.
func (e *Explainer) grow(item any, vars []any) *forest {
	f := &forest{}
	clear(e.taken)
	f.roots = append(f.roots, e.plant(f, item, 0, nil, "", ""))
	for i, v := range vars {
		f.roots = append(f.roots, e.plant(f, v, i+1, nil, roots[i], roots[i]))
	}
	return f
}

// plant takes apart one value. steps are the keys that lead to it, a list's being "[]".
func (e *Explainer) plant(f *forest, v any, root int, steps []string, path, pattern string) *node {
	n := &node{val: v, path: path, lo: len(f.leaves)}
	read := e.reads(root, steps)
	n.hi = n.lo
	if root > 0 && read == unread {
		return n
	}
	if len(f.leaves) >= maxLeaves {
		f.cut = true
		return n
	}
	switch v := v.(type) {
	case map[string]any:
		n.keys = slices.Sorted(maps.Keys(v))
		for _, k := range n.keys {
			e.taken[k] = true
			n.kids = append(n.kids, e.plant(f, v[k], root, append(slices.Clip(steps), k), path+member(path, k), pattern+member(pattern, k)))
		}
	case []any:
		for i, kid := range v {
			n.kids = append(n.kids, e.plant(f, kid, root, append(slices.Clip(steps), "[]"), path+"["+strconv.Itoa(i)+"]", pattern+"[]"))
		}
	}
	if len(n.kids) == 0 {
		if read == reaches {
			read = byName
		}
		f.leaves = append(f.leaves, leaf{root, path, pattern, v, read})
		e.taken[textOf(v)] = true
	}
	n.hi = len(f.leaves)
	return n
}

// reads compares a path with what the source reads.
func (e *Explainer) reads(root int, steps []string) reading {
	best := unread
	for _, r := range e.refs[root] {
		n := min(len(r), len(steps))
		if !slices.EqualFunc(r[:n], steps[:n], func(read, step string) bool { return read == step || read == "[]" }) {
			continue
		}
		switch {
		case len(r) == len(steps) && (n == 0 || r[n-1] == steps[n-1]):
			return byName
		case len(r) > len(steps):
			best = reaches
		case best == unread: // read as a part of what is around it, or by a computed name
			best = within
		}
	}
	if best == within && len(steps) > 0 && e.names[steps[len(steps)-1]] {
		return byName
	}
	return best
}

// rewrite is a value with the leaves from lo to hi changed. What holds none of them is shared.
func (n *node) rewrite(lo, hi int, change func(leaf int, v any) any) any {
	if n.hi <= lo || hi <= n.lo {
		return n.val
	}
	switch {
	case len(n.kids) == 0:
		return change(n.lo, n.val)
	case n.keys != nil:
		out := make(map[string]any, len(n.kids))
		for i, k := range n.keys {
			out[k] = n.kids[i].rewrite(lo, hi, change)
		}
		return out
	}
	out := make([]any, len(n.kids))
	for i, kid := range n.kids {
		out[i] = kid.rewrite(lo, hi, change)
	}
	return out
}

// rewrite is the input with the leaves from lo to hi changed: the item and the roots beside it.
func (f *forest) rewrite(lo, hi int, change func(leaf int, v any) any) (item any, vars []any) {
	vars = make([]any, len(f.roots)-1)
	for i, n := range f.roots {
		if v := n.rewrite(lo, hi, change); i == 0 {
			item = v
		} else {
			vars[i-1] = v
		}
	}
	return item, vars
}

// member is the step of a path to a member, as jq writes it.
func member(path, name string) string {
	switch {
	case !isPlain(name):
		return "[" + string(jq.AppendString(nil, name)) + "]"
	case path == "":
		return name
	}
	return "." + name
}

// isPlain says that a name stands in a path without quotes.
func isPlain(name string) bool {
	for i := range len(name) {
		c := name[i]
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}
