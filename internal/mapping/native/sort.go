package native

import (
	"slices"
	"unsafe"
)

// Sorting, and what is made of what is sorted. Keys stand at the places of their elements.

// streak is elements that stand beside each other and have equal keys, an array, with the key of the first.
type streak struct{ key, elems value }

// streaks are the elements in streaks, sorted by their keys; those with equal keys keep their order. Data comes sorted or in
// streaks more often than not, and then little is compared and nothing moved.
func streaks(m *memory, elems, keys []value) []streak {
	if len(elems) == 0 {
		return nil
	}
	room := m.values(2 * len(elems))
	all, n := unsafe.Slice((*streak)(unsafe.Pointer(unsafe.SliceData(room))), len(elems)), 0
	from, sorted := 0, true
	for i := 1; i <= len(keys); i++ {
		c := 1
		if i < len(keys) {
			if alike(keys[i], keys[i-1]) {
				continue
			}
			c = compare(keys[i], keys[i-1])
		}
		if c != 0 {
			all[n] = streak{keys[from], arrayOf(elems[from:i:i])}
			n++
			from, sorted = i, sorted && c >= 0
		}
	}
	if all = all[:n]; !sorted {
		slices.SortStableFunc(all, func(a, b streak) int { return compare(a.key, b.key) })
	}
	return all
}

// alike says of most equal keys that they are.
func alike(a, b value) bool {
	return a.kind == b.kind && (a.kind <= isTrue || a.kind == isText && a.str() == b.str())
}

// same is how many streaks at the front have equal keys, and how many elements they have.
func same(all []streak) (n, size int) {
	for n < len(all) && (n == 0 || equal(all[0].key, all[n].key)) {
		size += all[n].elems.int()
		n++
	}
	return n, size
}

// gathered is the elements of some streaks.
func gathered(m *memory, all []streak, size int) value {
	if len(all) == 1 {
		return all[0].elems
	}
	out, at := m.values(size), 0
	for i := range all {
		at += copy(out[at:], all[i].elems.elems())
	}
	return arrayOf(out)
}

func sortBy(m *memory, elems, keys []value) []value {
	return gathered(m, streaks(m, elems, keys), len(elems)).elems()
}

// groupBy makes an array for each key.
func groupBy(m *memory, elems, keys []value) value {
	all := streaks(m, elems, keys)
	groups := m.values(len(all))[:0]
	for len(all) > 0 {
		n, size := same(all)
		groups = append(groups, gathered(m, all[:n], size))
		all = all[n:]
	}
	return arrayOf(groups)
}

// uniqueBy keeps the first element of each key.
func uniqueBy(m *memory, elems, keys []value) value {
	all := streaks(m, elems, keys)
	out := m.values(len(all))[:0]
	for len(all) > 0 {
		out = append(out, all[0].elems.elems()[0])
		n, _ := same(all)
		all = all[n:]
	}
	return arrayOf(out)
}

// minBy is the first element of the least key.
func minBy(elems, keys []value) value {
	if len(elems) == 0 {
		return null
	}
	least := 0
	for i := range keys {
		if compare(keys[least], keys[i]) > 0 {
			least = i
		}
	}
	return elems[least]
}

// maxBy is the last element of the greatest key.
func maxBy(elems, keys []value) value {
	if len(elems) == 0 {
		return null
	}
	most := 0
	for i := range keys[1:] {
		if compare(keys[most], keys[i+1]) <= 0 {
			most = i + 1
		}
	}
	return elems[most]
}

// ofArray is a function that fails on anything else.
func ofArray(f func(m *memory, elems []value) value) func(*memory, value) value {
	return func(m *memory, v value) value {
		if v.kind != isArray {
			return failed
		}
		return f(m, v.elems())
	}
}

// bsearch is where a value stands in an array that is sorted; where it would, counted backwards from -1, if it is not in it.
func bsearch(_ *memory, v, target value) value {
	if v.kind != isArray {
		return failed
	}
	i, found := slices.BinarySearchFunc(v.elems(), target, compare)
	if found {
		return integer(i)
	}
	return integer(-i - 1)
}
