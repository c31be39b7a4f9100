package mapping

import (
	"maps"
	"slices"
	"strconv"

	"github.com/meterbridge/meterbridge/internal/jq"
)

// fact is a value of an output that holds no others.
type fact struct {
	list  string   // the list that it stands in, "" for none
	elem  int      // and in which element of it
	at    string   // its path below the output, or below that element
	field string   // its path in the record, whose lists may have lost elements
	names []string // the keys that lead to it
	text  string   // JSON
}

// output is what a mapping gave, as facts. The elements of a list are kept apart, for they may change places.
type output struct {
	id    string
	plain []fact
	lists map[string][][]fact
}

// outputOf takes an output apart, with what the record drops of it.
func outputOf(fields []*Field, m map[string]any) *output {
	o := &output{lists: map[string][][]fact{}}
	for _, f := range facts(fields, m, false) {
		if f.list == "" {
			o.plain = append(o.plain, f)
			continue
		}
		elems := o.lists[f.list]
		for len(elems) <= f.elem {
			elems = append(elems, nil)
		}
		elems[f.elem] = append(elems[f.elem], f)
		o.lists[f.list] = elems
	}
	if len(o.plain) > 0 && o.plain[0].at == fields[0].Name {
		o.id = o.plain[0].text
	}
	return o
}

// facts are an output's, in the order of the model; kept are only those that the record keeps.
func facts(fields []*Field, m map[string]any, kept bool) (out []fact) {
	for _, f := range fields {
		if f.Type != List {
			out = appendFacts(out, f, m[f.Name], fact{at: f.Name, field: f.Name, names: []string{f.Name}}, kept)
			continue
		}
		elems, _ := m[f.Name].([]any)
		elem, n := &Field{Type: Object, Fields: f.Fields, Needs: f.Needs}, 0
		for i, v := range elems {
			at := fact{list: f.Name, elem: i, field: f.Name + "[" + strconv.Itoa(n) + "]", names: []string{f.Name}}
			more := appendFacts(nil, elem, v, at, kept)
			if len(more) > 0 {
				n++
			}
			out = append(out, more...)
		}
	}
	return out
}

// appendFacts appends the facts of a value that stands at a place.
func appendFacts(dst []fact, f *Field, v any, at fact, kept bool) []fact {
	if v == nil {
		return dst
	}
	text, full, err := appendField(nil, f, v)
	if kept && (err != nil || !full) {
		return dst
	}
	m, isObject := v.(map[string]any)
	switch {
	case f.Type == Object && isObject:
		for _, member := range f.Fields {
			dst = appendFacts(dst, member, m[member.Name], at.below(member.Name), kept)
		}
		return dst
	case f.Type == Map && isObject:
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if m[k] == nil {
				continue
			}
			below := at.below(k)
			if flat, err := appendFlat(nil, m[k]); err == nil {
				below.text = string(flat)
				dst = append(dst, below)
			}
		}
		return dst
	}
	if err != nil || !full { // a changed value need not be one that the model takes
		if text, err = (&jq.Encoder{}).AppendValue(nil, v); err != nil {
			return dst
		}
	}
	at.text = string(text)
	return append(dst, at)
}

func (f fact) below(name string) fact {
	f.at += member(f.at, name)
	f.field += member(f.field, name)
	f.names = append(slices.Clip(f.names), name)
	return f
}

// diff calls changed for every fact of was that is another one in now, and reports whether anything is different.
func (was *output) diff(now *output, changed func(fact)) bool {
	different := diff(was.plain, now.plain, changed)
	for name, elems := range was.lists {
		others := now.lists[name]
		pairs, all := match(keysOf(elems), keysOf(others))
		different = different || !all
		for _, p := range pairs {
			if diff(elems[p[0]], others[p[1]], changed) {
				different = true
			}
		}
	}
	for name := range now.lists {
		different = different || was.lists[name] == nil
	}
	return different
}

// keysOf are the elements of a list as text.
func keysOf(elems [][]fact) []string {
	keys := make([]string, len(elems))
	for i, facts := range elems {
		for _, f := range facts {
			keys[i] += f.at + "\x00" + f.text + "\x00"
		}
	}
	return keys
}

func same(a, b fact) bool { return a.at == b.at && a.text == b.text }

func diff(was, now []fact, changed func(fact)) bool {
	if slices.EqualFunc(was, now, same) {
		return false
	}
	texts := make(map[string]string, len(now))
	for _, f := range now {
		texts[f.at] = f.text
	}
	for _, f := range was {
		if text, ok := texts[f.at]; ok && text != f.text {
			changed(f)
		}
	}
	return true
}

// match pairs elements by their keys, and then, in their order, those that are left on both sides if the lists are as
// long as each other; else all is false.
func match(was, now []string) (pairs [][2]int, all bool) {
	free := map[string][]int{}
	for j, key := range now {
		free[key] = append(free[key], j)
	}
	taken, left := make([]bool, len(now)), []int{}
	for i, key := range was {
		js := free[key]
		if len(js) == 0 {
			left = append(left, i)
			continue
		}
		taken[js[0]], free[key] = true, js[1:]
		pairs = append(pairs, [2]int{i, js[0]})
	}
	if len(was) != len(now) {
		return pairs, false
	}
	j := 0
	for _, i := range left {
		for taken[j] {
			j++
		}
		taken[j] = true
		pairs = append(pairs, [2]int{i, j})
	}
	return pairs, true
}
