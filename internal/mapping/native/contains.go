package native

import "strings"

// contains says that all of b is found within a: texts in texts, elements in elements, members in members.
func contains(m *memory, a, b value) value {
	looks := 0
	return found(m, a, b, &looks, 0)
}

func inside(m *memory, a, b value) value { return contains(m, b, a) }

func found(m *memory, a, b value, looks *int, depth int) value {
	if *looks++; *looks > maxPairs || depth > maxNesting {
		return unknown
	}
	if a.kind != b.kind {
		return failed
	}
	switch a.kind {
	case isNumber:
		return boolean(compareNumbers(a, b) == 0)
	case isText:
		return boolean(strings.Contains(a.str(), b.str()))
	case isArray:
		return elementsWithin(m, a.elems(), b.elems(), looks, depth)
	case isObject:
		return membersWithin(m, a, b, looks, depth)
	}
	return yes
}

// elementsWithin takes an error for a no, as each level does that has another above it.
func elementsWithin(m *memory, a, b []value, looks *int, depth int) value {
next:
	for _, sought := range b {
		for _, v := range a {
			switch is := found(m, v, sought, looks, depth+1); is.kind {
			case isTrue:
				continue next
			case isBail:
				return is
			}
		}
		return no
	}
	return yes
}

func membersWithin(m *memory, a, b value, looks *int, depth int) value {
	if a.x < b.x {
		return no
	}
	for i, key := range b.layout().keys {
		v, ok := m.get(a, key)
		if !ok {
			return no
		}
		switch is := found(m, v, b.columns()[i], looks, depth+1); is.kind {
		case isTrue:
		case isBail:
			return is
		default:
			return no
		}
	}
	return yes
}
