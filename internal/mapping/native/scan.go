package native

import (
	"unsafe"

	"github.com/meterbridge/meterbridge/internal/record"
)

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
// Nothing is read of b by words but what was found to lie before len(b). The values of a container are written where they
// stay, with room for as many as the last one of the same place had: values[n] is always in bounds, since there is room
// for it, or room is made, before a value is begun.
func (m *memory) read(b []byte, i int, eof bool) (value, int) {
	var (
		at     = unsafe.Pointer(unsafe.SliceData(b))
		values = unsafe.Pointer(&m.open.root)
		n      = 0
		room   = 1
		depth  = 0
		l      *layout
		under  = &m.open.top
		s      *step
		v      value
		start  int
	)
	m.open.keys = m.open.keys[:0]
value:
	if i >= len(b) {
		return unknown, -1
	}
here:
	if n == room {
		if values, room = m.widen(values, n, l != nil); m.over() {
			return unknown, -1
		}
	}
	switch b[i] {
	case '"':
		i++
		start = i
		for i+wordSize <= len(b) {
			marks := special(wordAt(unsafe.Add(at, i)))
			if marks == 0 {
				i += wordSize
				continue
			}
			i += firstMark(marks)
			if b[i] == '"' {
				*slot(values, n) = value{p: unsafe.Add(at, start), x: uint64(i - start), kind: isText, form: asPlain}
				i++
				goto after
			}
			break
		}
		if v, i = m.readText(b, start, i); i < 0 {
			return unknown, -1
		}
		*slot(values, n) = v
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		start = i
		if i = number(b, i); i < 0 || i == len(b) && (depth > 0 || !eof) {
			return unknown, -1
		}
		*slot(values, n) = value{p: unsafe.Add(at, start), x: uint64(i - start), kind: isNumber}
	case 't':
		if len(b)-i < 4 || string(b[i:i+4]) != "true" {
			return unknown, -1
		}
		i += 4
		*slot(values, n) = yes
	case 'f':
		if len(b)-i < 5 || string(b[i:i+5]) != "false" {
			return unknown, -1
		}
		i += 5
		*slot(values, n) = no
	case 'n':
		if len(b)-i < 4 || string(b[i:i+4]) != "null" {
			return unknown, -1
		}
		i += 4
		*slot(values, n) = null
	case '{':
		if depth == record.MaxDepth {
			return unknown, -1
		}
		m.open.frames[depth] = frame{l, under, values, n, room}
		depth++
		room = max(under.columns, 1)
		values = unsafe.Pointer(&m.values(1 + room)[1])
		if m.over() {
			return unknown, -1
		}
		n, l, s = 0, m.tree.root, under.first
		i++
		goto match
	case '[':
		if depth == record.MaxDepth {
			return unknown, -1
		}
		m.open.frames[depth] = frame{l, under, values, n, room}
		room = 1
		if l != nil || depth == 0 {
			room = max(under.elements, 1)
		} else if m.open.frames[depth-1].layout != nil {
			room = max(under.inner, 1)
		}
		depth++
		values = unsafe.Pointer(&m.values(room)[0])
		if m.over() {
			return unknown, -1
		}
		n, l = 0, nil
		if i++; i < len(b) && b[i] <= ' ' {
			i = record.SkipSpace(b, i)
		}
		if i < len(b) && b[i] == ']' {
			goto array
		}
		goto value
	case ' ', '\n', '\r', '\t':
		i = record.SkipSpace(b, i)
		goto value
	default:
		return unknown, -1
	}
after:
	n++
	if l == nil {
		goto element
	}
	if i >= len(b) {
		return unknown, -1
	}
	if b[i] <= ' ' {
		if i = record.SkipSpace(b, i); i >= len(b) {
			return unknown, -1
		}
	}
	if b[i] == '}' {
		goto object
	}
	if b[i] != ',' {
		return unknown, -1
	}
	i++
	s = l.last
match:
	if s != nil && i+s.fast.reach <= len(b) && s.fast.ends(unsafe.Add(at, i)) && (s.fast.size <= 2*wordSize || s.fast.between(unsafe.Add(at, i))) {
		i += s.fast.size
		l, under = s.to, s
		goto here
	}
	if i >= len(b) {
		return unknown, -1
	}
	if b[i] <= ' ' {
		if start = record.SkipSpace(b, i); start > i { // it is tried once more
			i = start
			goto match
		}
	}
	if n == 0 && b[i] == '}' {
		goto object
	}
	if s, i = m.readKey(b, i, l); i < 0 {
		return unknown, -1
	}
	if s == nil {
		l, under = &m.open.outside, &m.open.other
		goto value
	}
	if n == 0 {
		under.first = s
	}
	l, under = s.to, s
	goto value
element:
	if depth == 0 {
		return m.open.root[0], i
	}
	if i >= len(b) {
		return unknown, -1
	}
	if b[i] <= ' ' {
		if i = record.SkipSpace(b, i); i >= len(b) {
			return unknown, -1
		}
	}
	if b[i] == ',' {
		i++
		goto value
	}
	if b[i] != ']' {
		return unknown, -1
	}
array:
	i++
	v = value{p: values, x: uint64(n), kind: isArray}
	start = n
	depth--
	l, under = m.open.frames[depth].layout, m.open.frames[depth].under
	values, n, room = m.open.frames[depth].values, m.open.frames[depth].n, m.open.frames[depth].room
	if l != nil || depth == 0 {
		under.elements = start
	} else {
		under.inner = start
	}
	*slot(values, n) = v
	goto after
object:
	i++
	if l == &m.open.outside {
		v = m.loose(unsafe.Slice((*value)(values), n))
	} else {
		*slot(values, -1) = value{p: unsafe.Pointer(l)}
		v = value{p: unsafe.Pointer(slot(values, -1)), x: uint64(n), kind: isObject}
	}
	start = n
	depth--
	l, under = m.open.frames[depth].layout, m.open.frames[depth].under
	values, n, room = m.open.frames[depth].values, m.open.frames[depth].n, m.open.frames[depth].room
	under.columns = start
	*slot(values, n) = v
	goto after
}
