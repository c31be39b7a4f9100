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
	var unclear []int // leaves whose change fails the mapping or makes other records of the item
	for _, w := range ways[:2] {
		x.each(all, w, x.touches, func(leaf int, r *result) {
			x.used[leaf] = true
			if !x.credit(leaf, r) {
				unclear = append(unclear, leaf)
			}
		})
	}
	slices.Sort(unclear)
	unclear = slices.Compact(unclear)
	for _, i := range unclear {
		x.shapes = append(x.shapes, x.forest.leaves[i])
	}
	for _, r := range x.records {
		for _, t := range r.targets {
			t.open = len(t.from) == 0 && !(t.key >= 0 && x.anatomy.Keys[t.key].Constant)
		}
	}
	x.together(texts, ways[0])
	for _, w := range ways[2:] {
		x.each(unclear, w, x.touches, func(leaf int, r *result) { x.credit(leaf, r) })
		x.open(all, w)
	}
	for _, word := range x.anatomy.Literals {
		x.open(texts, saying(word))
	}
	x.rename(x.forest.roots[0])
}

// credit adds a leaf to the sources of what its change has changed. It is false where the records can't be told apart.
func (x *examined) credit(leaf int, r *result) bool {
	return x.differ(r, func(t *target) { t.come(x.forest.leaves[leaf]) })
}

// open tries the open targets.
func (x *examined) open(leaves []int, w way) {
	if !x.anyOpen() {
		return
	}
	x.each(leaves, w, func(r *result) bool {
		hit := false
		return !x.differ(r, func(t *target) { hit = hit || t.open }) || hit
	}, func(leaf int, r *result) {
		x.differ(r, func(t *target) {
			if t.open {
				t.come(x.forest.leaves[leaf])
			}
		})
	})
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
		if key := l.pattern + "\x00" + text; !ok || done[key] || x.spent() {
			continue
		} else {
			done[key] = true
		}
		n := 0
		item, vars := x.forest.rewrite(0, len(x.forest.leaves), func(i int, v any) any {
			if other := x.forest.leaves[i]; other.pattern != l.pattern || other.val != l.val {
				return v
			}
			n++
			return w(v)
		})
		if n < 2 {
			continue
		}
		l.path = l.pattern
		r, _ := x.run(noKey, item, vars, nil)
		x.differ(r, func(t *target) {
			if t.isSourceless() || t.open && t.from[0].path == t.from[0].pattern {
				t.come(l)
			}
		})
	}
}
