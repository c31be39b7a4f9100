package mapping

import "slices"

// trace finds what each value comes from. Every value of the input is changed once, dates in both directions; then
// those targets that nothing changed are tried in other ways, for a condition may only hear of one particular word.
func (x *examined) trace() {
	var all, texts []int
	for i, l := range x.forest.leaves {
		if l.read == unread {
			continue
		}
		all = append(all, i)
		if _, ok := l.val.(string); ok {
			texts = append(texts, i)
		}
	}
	ways := x.ways()
	var shaping, failing []int // leaves whose change makes other records of the item, or none
	for _, w := range ways[:2] {
		x.each(all, w, x.touches, func(leaf int, r *result) {
			if !x.credit(leaf, r) {
				shaping = append(shaping, leaf)
			}
			if r.failed {
				failing = append(failing, leaf)
			}
		})
	}
	for _, i := range ordered(shaping) {
		x.shapes = append(x.shapes, x.forest.leaves[i])
	}
	failing = ordered(failing)
	x.reopen()
	x.together(texts, ways[0])
	x.rename(x.forest.roots[0])
	x.reopen()
	for _, w := range ways[2:] {
		x.each(failing, w, x.touches, func(leaf int, r *result) { x.credit(leaf, r) })
		x.open(all, w)
	}
	for _, word := range x.literals {
		x.open(texts, saying(word))
	}
}

func ordered(leaves []int) []int {
	slices.Sort(leaves)
	return slices.Compact(leaves)
}

// reopen marks the targets that no source is known of, but for those that are written out in the mapping.
func (x *examined) reopen() {
	for _, r := range x.records {
		for _, t := range r.targets {
			t.open = len(t.from) == 0 && !x.literal(t)
		}
	}
}

// credit adds a leaf to the sources of what its change has changed. It is false where the run failed, or gave more or
// fewer outputs.
func (x *examined) credit(leaf int, r *result) bool {
	return x.differ(r, func(t *target) { t.come(x.forest.leaves[leaf]) })
}

// smallGroup is how many leaves are still tried in parts where changing them all makes other records, which says
// nothing of the targets.
const smallGroup = 8

// open tries the open targets, with all leaves of one pattern at a time.
func (x *examined) open(leaves []int, w way) {
	if !x.anyOpen() {
		return
	}
	groups, order := map[string][]int{}, []string{}
	for _, i := range leaves {
		p := x.forest.leaves[i].pattern
		if groups[p] == nil {
			order = append(order, p)
		}
		groups[p] = append(groups[p], i)
	}
	for _, p := range order {
		x.each(groups[p], w, func(r *result, n int) bool {
			hit := false
			return !x.differ(r, func(t *target) { hit = hit || t.open }) && n <= smallGroup || hit
		}, func(leaf int, r *result) {
			x.differ(r, func(t *target) {
				if t.open {
					t.come(x.forest.leaves[leaf])
				}
			})
		})
	}
}

// anyOpen says that there are targets of which the first rounds found no source.
func (x *examined) anyOpen() bool {
	return slices.ContainsFunc(x.records, func(r *explained) bool {
		return slices.ContainsFunc(r.targets, func(t *target) bool { return t.open })
	})
}

// together changes at once the texts that are equal in all elements of a list, by which a mapping groups: a single one
// would leave its group.
func (x *examined) together(leaves []int, w way) {
	if !x.anyOpen() {
		return
	}
	done := map[string]bool{}
	for _, i := range leaves {
		l := x.forest.leaves[i]
		text, ok := l.val.(string)
		if key := l.pattern + "\x00" + text; !ok || done[key] {
			continue
		} else {
			done[key] = true
		}
		n, lead := 0, i
		item, vars := x.forest.rewrite(0, len(x.forest.leaves), func(i int, v any) any {
			if other := x.forest.leaves[i]; other.pattern != l.pattern || other.val != l.val {
				return v
			}
			n++
			return w(lead, v)
		})
		if n < 2 {
			continue
		}
		if x.spent() {
			return
		}
		l.path = l.pattern
		r, _ := x.run(noPlace, item, vars, nil)
		x.differ(r, func(t *target) {
			if t.isSourceless() || t.open && t.from[0].path == t.from[0].pattern {
				t.come(l)
			}
		})
	}
}
