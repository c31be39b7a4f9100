package mapping

import (
	"maps"
	"slices"
)

// own finds whose each value is: the topmost layer's that gave it. What an override only hands on, from where it stands
// in $base to the same field, stays the layer's below.
func (x *examined) own() {
	x.set(noPlace, x.vars)
	for _, r := range x.records {
		for _, t := range r.targets {
			t.built.layer = x.owner(r, t.fact)
		}
	}
}

// owner is the layer that gave a value.
func (x *examined) owner(r *explained, f fact) int {
	for i, o := range slices.Backward(x.over) {
		if !gives(r.stages[i+1].gave, f.names) {
			continue
		}
		handed := false
		if o.unit.code.Mentions(baseRoot) {
			f, handed = x.handed(o, r.stages[i].m, r.stages[i+1].m, f)
		}
		if !handed {
			return i + 1
		}
	}
	return 0
}

// gives says that an override's output has the value to which the names lead.
func gives(output map[string]any, names []string) bool {
	if whole, ok := output[Replace].(map[string]any); ok {
		output = whole
	}
	for _, name := range names {
		v, ok := output[name]
		if !ok {
			return false
		}
		if output, ok = v.(map[string]any); !ok {
			return true // a list or a scalar takes the place of what was there
		}
	}
	return true
}

// handed says that an override takes a value from $base as it is, and where it stands there: another one in its place
// in $base is another one in the record.
func (x *examined) handed(o *overRun, below, above map[string]any, f fact) (fact, bool) {
	base := x.asServed(below)
	for _, from := range x.alike(base, x.asServed(above), f) {
		if x.spent() {
			break
		}
		x.runs++
		changed := from.change(base, func(v any) any { return x.other(0, v) })
		o.left = x.budget
		next, err := x.lay(o, x.item, changed, changed, true)
		if err != nil {
			continue
		}
		is, ok := find(facts(x.unit.fields, x.asServed(next.m), false), f.field)
		want, known := find(facts(x.unit.fields, changed, false), from.field)
		if ok && known && is.text == want.text {
			return from, true
		}
	}
	return f, false
}

// alike are the places of $base from which a value may have been handed on: its own, and those in elements of its list
// that are the same as the one that it stands in.
func (x *examined) alike(base, above map[string]any, f fact) (out []fact) {
	was := facts(x.unit.fields, base, false)
	if from, ok := find(was, f.field); ok && from.text == f.text {
		out = append(out, from)
	}
	if f.list == "" {
		return out
	}
	served, ok := find(facts(x.unit.fields, above, false), f.field)
	if !ok {
		return out
	}
	elems := keysOf(outputOf(x.unit.fields, base).lists[f.list])
	element := keysOf(outputOf(x.unit.fields, above).lists[f.list])[served.elem]
	for _, from := range was {
		if from.list == f.list && from.at == f.at && from.elem != served.elem && elems[from.elem] == element {
			out = append(out, from)
		}
	}
	return out
}

// find is the fact of a field.
func find(all []fact, field string) (fact, bool) {
	if i := slices.IndexFunc(all, func(f fact) bool { return f.field == field }); i >= 0 {
		return all[i], true
	}
	return fact{}, false
}

// change is a served record with the fact's value changed.
func (f fact) change(m map[string]any, to func(any) any) map[string]any {
	out, top := maps.Clone(m), f.names[0]
	if elems, ok := m[top].([]any); ok && f.list != "" {
		elems = slices.Clone(elems)
		elems[f.elem] = change(elems[f.elem], f.names[1:], to)
		out[top] = elems
	} else {
		out[top] = change(m[top], f.names[1:], to)
	}
	return out
}

// change is a value with that changed to which the names lead.
func change(v any, names []string, to func(any) any) any {
	m, ok := v.(map[string]any)
	if !ok || len(names) == 0 {
		return to(v)
	}
	out := maps.Clone(m)
	out[names[0]] = change(m[names[0]], names[1:], to)
	return out
}
