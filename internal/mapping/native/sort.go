package native

import (
	"slices"
	"unsafe"
)

// Sorting, and what is made of what is sorted. Keys stand at the places of their elements.

// ranked is an element and its key, two values in the memory of an array of them.
type ranked struct{ key, elem value }

// rank sorts elements by their keys; those with equal keys keep their order.
func rank(m *memory, elems, keys []value) []ranked {
	if len(elems) == 0 {
		return nil
	}
	room := m.values(2 * len(elems))
	all := unsafe.Slice((*ranked)(unsafe.Pointer(unsafe.SliceData(room))), len(elems))
	sorted := true
	for i := range all {
		all[i] = ranked{keys[i], elems[i]}
		sorted = sorted && (i == 0 || compare(keys[i], keys[i-1]) >= 0)
	}
	if !sorted {
		slices.SortStableFunc(all, func(a, b ranked) int { return compare(a.key, b.key) })
	}
	return all
}

func sortBy(m *memory, elems, keys []value) []value {
	out := m.values(len(elems))
	for i, r := range rank(m, elems, keys) {
		out[i] = r.elem
	}
	return out
}

// groupBy makes an array for each key.
func groupBy(m *memory, elems, keys []value) value {
	all := rank(m, elems, keys)
	out, groups, from := m.values(len(all)), m.values(len(all))[:0], 0
	for i, r := range all {
		if i > 0 && compare(all[from].key, r.key) != 0 {
			groups = append(groups, arrayOf(out[from:i:i]))
			from = i
		}
		out[i] = r.elem
	}
	if len(all) > 0 {
		groups = append(groups, arrayOf(out[from:]))
	}
	return arrayOf(groups)
}

// uniqueBy keeps the first element of each key.
func uniqueBy(m *memory, elems, keys []value) value {
	all := rank(m, elems, keys)
	out, last := m.values(len(all))[:0], 0
	for i, r := range all {
		if i == 0 || compare(all[last].key, r.key) != 0 {
			out, last = append(out, r.elem), i
		}
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
