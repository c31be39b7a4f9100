package native

// Objects as arrays of their members, and back.

var entryKeys = []string{"key", "value"}

func toEntries(m *memory, v value) value {
	if v.kind != isObject && v.kind != isArray {
		return failed
	}
	vs, _ := items(m, v)
	var l *layout
	if v.kind == isObject {
		l = v.layout()
	}
	entry, out := m.layoutOf(entryKeys), m.values(len(vs))
	for n, e := range vs {
		o, columns := m.object(entry)
		columns[0], columns[1] = integer(n), e
		if l != nil {
			columns[0] = l.values[sorted(l)[n]]
		}
		out[n] = o
	}
	return arrayOf(out)
}

func fromEntries(m *memory, v value) value {
	vs, ok := items(m, v)
	if !ok {
		return failed
	}
	b := m.build(m.empty())
	var met *layout // of the entry before: most have the same
	var name, of int
	for _, e := range vs {
		if e.kind == isObject && e.layout() != met {
			met = e.layout()
			name, of = met.column("key"), met.column("value")
		}
		if e.kind == isObject && name >= 0 && of >= 0 && e.columns()[name].kind == isText {
			b.set(e.columns()[name].str(), e.columns()[of])
			continue
		}
		key, of := m.entry(e)
		if key.kind != isText {
			b.done()
			return failed
		}
		b.set(key.str(), of)
	}
	return b.done()
}

// entry is the key and the value of an entry; no text where it has none.
func (m *memory) entry(e value) (key, of value) {
	if e.kind != isObject {
		return null, null
	}
	for _, name := range [...]string{"key", "Key", "name", "Name"} {
		if key, _ = m.get(e, name); key.truthy() {
			break
		}
	}
	of, ok := m.get(e, "value")
	if !ok {
		of, _ = m.get(e, "Value")
	}
	return key, of
}
