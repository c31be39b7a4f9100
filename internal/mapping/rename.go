package mapping

import (
	"slices"
	"strings"
)

// nameOf stands before the path of a member whose name, and not its value, is a source.
const nameOf = "name of "

// rename changes the names of an object's members, of those objects that the mapping takes as a whole: columns of a
// table, tags. All names are changed at once, for some belong together. What changes then comes from the names of those
// members whose values go into the same record and not into every one.
func (x *examined) rename(n *node) {
	if !slices.ContainsFunc(x.records, func(r *explained) bool { return slices.ContainsFunc(r.targets, (*target).isSourceless) }) {
		return
	}
	for _, kid := range n.kids {
		x.rename(kid)
	}
	names := map[string]string{}
	for i, k := range n.keys {
		if kid := n.kids[i]; len(kid.kids) == 0 && kid.hi > kid.lo && x.forest.leaves[kid.lo].read == within && !slices.Contains(x.literals, k) {
			names[k] = x.elsewhere(k, x.rotate)
			x.taken[names[k]] = true // two names must not become one
		}
	}
	if len(names) == 0 || x.spent() {
		return
	}
	r, _ := x.run(noPlace, x.forest.roots[0].renamed(n, names), x.vars, nil)
	x.differ(r, func(t *target) {
		t.from = append(t.from, x.named(t, n, names)...)
	})
}

// named are the members whose names make a value.
func (x *examined) named(t *target, n *node, names map[string]string) (from []leaf) {
	feeds := func(r *explained, l leaf) bool {
		return slices.ContainsFunc(r.targets, func(t *target) bool {
			return slices.ContainsFunc(t.from, func(f leaf) bool { return f.path == l.path })
		})
	}
	for i, k := range n.keys {
		if names[k] == "" {
			continue
		}
		l := x.forest.leaves[n.kids[i].lo]
		every, own := true, false
		for _, r := range x.records {
			fed := feeds(r, l)
			every = every && fed
			own = own || fed && slices.Contains(r.targets, t)
		}
		if own && !every {
			l.path, l.val = nameOf+l.path, k
			from = append(from, l)
		}
	}
	if len(from) == 0 {
		from = []leaf{{path: strings.TrimSpace("names in " + n.path), pattern: n.path, val: ""}}
	}
	return from
}

// renamed is a value with other names in one of its objects.
func (n *node) renamed(at *node, names map[string]string) any {
	switch {
	case len(n.kids) == 0 || at.lo < n.lo || at.hi > n.hi:
		return n.val
	case n.keys == nil:
		out := make([]any, len(n.kids))
		for i, kid := range n.kids {
			out[i] = kid.renamed(at, names)
		}
		return out
	}
	out := make(map[string]any, len(n.kids))
	for i, k := range n.keys {
		if to := names[k]; n == at && to != "" {
			k = to
		}
		out[k] = n.kids[i].renamed(at, names)
	}
	return out
}
