package native

import (
	"unsafe"

	"github.com/meterbridge/meterbridge/internal/record"
)

// frame is a container that waits for the one in it to close.
type frame struct {
	layout   *layout // of the keys so far; nil in an array
	under    *step   // whose value it is, or is in an array of it
	base     int     // where its values begin on the stack
	repeated int     // the column that the next value replaces, or -1
}

// reading is what a scan holds of the containers that are open.
type reading struct {
	stack   []value  // their values
	keys    []string // of those objects whose keys are no path in the tree: as many as they have values
	frames  [record.MaxDepth]frame
	outside layout // stands for the layout of such an object
	unknown step   // its members stand under
	record  step   // what is in no object stands under
}

const firstStack = 128

// fit lets go of a stack that one item has made large.
func (r *reading) fit() {
	if len(r.stack) > kept/sizeOfValue {
		r.stack, r.keys = nil, nil
	}
}

// scan finds the end of the JSON value that starts at window[i], after white space, exactly as record.Scan does, and in
// the same pass makes a value of it, which points into the window. What it does not take is for record.Scan to judge; the
// value of a document that needs more memory than an item may have is unknown.
func (m *memory) scan(window []byte, i int, eof bool) (root value, end int, st record.Status) {
	root, end = m.read(window, record.SkipSpace(window, i), eof)
	if end >= 0 {
		return root, end, record.Done
	}
	end, st = record.Scan(window, i, eof)
	return unknown, end, st
}

// read makes a value of the JSON at b[i]. Its end is -1 where it is malformed, cut off or too large.
//
// All that is read of b by words lies before len(b): each such place compares first.
func (m *memory) read(b []byte, i int, eof bool) (value, int) {
	var (
		at       = unsafe.Pointer(unsafe.SliceData(b))
		outside  = &m.open.outside
		stack    = m.open.stack
		depth    = 0
		top      = 0 // of the stack
		base     = 0
		repeated = -1
		l        *layout
		under    = &m.open.record
		s        *step
		v        value
		start    int
		c        byte
	)
	m.open.keys = m.open.keys[:0]
value:
	if i >= len(b) {
		return unknown, -1
	}
	if top == len(stack) {
		if stack = m.deepen(); stack == nil {
			return unknown, -1
		}
	}
again:
	switch c = b[i]; c {
	case '"':
		i++
		start = i
		for i+8 <= len(b) {
			marks := special(wordAt(unsafe.Add(at, i)))
			if marks == 0 {
				i += 8
				continue
			}
			i += firstMark(marks)
			if b[i] == '"' {
				stack[top] = value{p: unsafe.Add(at, start), x: uint64(i - start), kind: isText, plain: true}
				i++
				goto scalar
			}
			break
		}
		if v, i = m.readText(b, start, i); i < 0 {
			return unknown, -1
		}
		stack[top] = v
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		start = i
		if i = shortNumber(b, i); i == start {
			i = number(b, i)
		}
		if i < 0 || i == len(b) && (depth > 0 || !eof) {
			return unknown, -1
		}
		stack[top] = value{p: unsafe.Add(at, start), x: uint64(i - start), kind: isNumber}
	case 't':
		if len(b)-i < 4 || string(b[i:i+4]) != "true" {
			return unknown, -1
		}
		i += 4
		stack[top] = yes
	case 'f':
		if len(b)-i < 5 || string(b[i:i+5]) != "false" {
			return unknown, -1
		}
		i += 5
		stack[top] = no
	case 'n':
		if len(b)-i < 4 || string(b[i:i+4]) != "null" {
			return unknown, -1
		}
		i += 4
		stack[top] = null
	case '{':
		if depth == record.MaxDepth {
			return unknown, -1
		}
		m.open.frames[depth] = frame{l, under, base, repeated}
		depth++
		base, repeated, l = top, -1, m.tree.root
		s = under.first
		i++
		if i < len(b) && b[i] == '"' {
			goto key
		}
		if i = record.SkipSpace(b, i); i >= len(b) {
			return unknown, -1
		}
		switch b[i] {
		case '"':
			goto key
		case '}':
			goto object
		}
		return unknown, -1
	case '[':
		if depth == record.MaxDepth {
			return unknown, -1
		}
		m.open.frames[depth] = frame{l, under, base, repeated}
		depth++
		base, repeated, l = top, -1, nil
		if i = record.SkipSpace(b, i+1); i < len(b) && b[i] == ']' {
			goto array
		}
		goto value
	case ' ', '\n', '\r', '\t':
		if i = record.SkipSpace(b, i); i >= len(b) {
			return unknown, -1
		}
		goto again
	default:
		return unknown, -1
	}
scalar:
	top++
	if repeated >= 0 {
		top--
		stack[base+repeated], repeated = stack[top], -1
	}
	if depth == 0 {
		return stack[0], i
	}
	if i >= len(b) {
		return unknown, -1
	}
	if c = b[i]; c <= ' ' {
		if i = record.SkipSpace(b, i); i >= len(b) {
			return unknown, -1
		}
		c = b[i]
	}
	if l == nil {
		switch c {
		case ',':
			i++
			goto value
		case ']':
			goto array
		}
		return unknown, -1
	}
	switch c {
	case ',':
		i++
	case '}':
		goto object
	default:
		return unknown, -1
	}
	s = l.last
	if i < len(b) && b[i] == '"' {
		goto key
	}
	if i = record.SkipSpace(b, i); i >= len(b) || b[i] != '"' {
		return unknown, -1
	}
key:
	i++
	if s != nil && i+s.fast.reach <= len(b) && s.fast.at(unsafe.Add(at, i)) {
		i += s.fast.size
	} else {
		if s, i = m.readKey(b, i, l); i < 0 {
			return unknown, -1
		}
		if s == nil {
			l, under = outside, &m.open.unknown
			goto value
		}
	}
	if top == base {
		under.first = s
	}
	if s.to == l {
		repeated = s.column
	}
	l, under = s.to, s
	goto value
object:
	i++
	if l == outside {
		v = m.loose(stack[base:top])
	} else {
		all := m.values(top - base + 1)
		all[0] = value{p: unsafe.Pointer(l)}
		copy(all[1:], stack[base:top])
		v = value{p: unsafe.Pointer(unsafe.SliceData(all)), x: uint64(top - base), kind: isObject}
	}
	goto closed
array:
	i++
	if top == base {
		v = value{kind: isArray}
	} else {
		all := m.values(top - base)
		copy(all, stack[base:top])
		v = arrayOf(all)
	}
closed:
	if m.over() {
		return unknown, -1
	}
	top = base
	stack[top] = v
	depth--
	l, under = m.open.frames[depth].layout, m.open.frames[depth].under
	base, repeated = m.open.frames[depth].base, m.open.frames[depth].repeated
	goto scalar
}

// deepen is a stack of twice the size, nil where that is too much.
func (m *memory) deepen() []value {
	n := max(firstStack, 2*len(m.open.stack))
	if m.used += n * sizeOfValue; m.over() {
		return nil
	}
	stack := make([]value, n)
	copy(stack, m.open.stack)
	m.open.stack = stack
	return stack
}

// loose is an object with a layout of its own, from its values and the last of the keys. Of a repeated key the last
// value counts.
func (m *memory) loose(columns []value) value {
	from := len(m.open.keys) - len(columns)
	keys := m.open.keys[from:]
	b := m.build(m.empty())
	for i, k := range keys {
		b.set(k, columns[i])
	}
	m.open.keys = m.open.keys[:from]
	return b.done()
}
