package native

import "unsafe"

const (
	// maxMemory bounds the values and texts of one item; an item that needs more is gojq's.
	maxMemory = 64 << 20
	// kept bounds the bytes of values, and those of texts, that a machine keeps between two items.
	kept = 1 << 20

	firstValues = 64
	firstBytes  = 1 << 10
	// roomToBegin is what a text that is begun has before it must move.
	roomToBegin = 256
	sizeOfValue = int(unsafe.Sizeof(value{}))
)

// memory is where a machine's values live: slabs that are filled from the front and begun anew behind each item.
// Nothing in it is freed on its own, and nothing is cleared. A slab that is full is left to those who point into it; all
// that an item needed becomes one slab at its end, so that the next item of its kind fits without a look at the heap.
type memory struct {
	now    []value // the current slab of values
	taken  int     // of it
	texts  []byte  // the current slab of texts: its length is taken
	lent   int     // where the text begins that is being appended to; -1 where there is none
	slab   []value // the first slab of each item
	arena  []byte  // likewise
	wanted struct{ values, bytes int }

	tree    *tree
	layouts []layout // outside the tree, for whom there is need
	keys    []string // likewise
	open    reading

	resting []*builder

	used  int // bytes of values and texts of this item that did not fit the first slabs
	limit int // past it an item bails
}

func newMemory() *memory {
	m := &memory{tree: newTree(), limit: maxMemory}
	m.slab, m.arena = make([]value, firstValues), make([]byte, 0, firstBytes)
	m.reset()
	return m
}

// reset ends the life of all values.
func (m *memory) reset() {
	if m.used > 0 {
		m.fit()
	}
	m.now, m.taken, m.texts, m.lent = m.slab, 0, m.arena, -1
	if m.tree.full {
		m.tree = newTree()
		m.open.top.first, m.open.other.first = nil, nil
	}
}

// fit makes the first slabs as large as the item's were in all.
func (m *memory) fit() {
	if n := min(len(m.slab)+m.wanted.values, kept/sizeOfValue); n > len(m.slab) {
		m.slab = make([]value, n)
	}
	if n := min(cap(m.arena)+m.wanted.bytes, kept); n > cap(m.arena) {
		m.arena = make([]byte, 0, n)
	}
	m.used, m.wanted.values, m.wanted.bytes = 0, 0, 0
}

// release lets go of what the values of the last item point to, for a machine that will rest.
func (m *memory) release() {
	m.reset()
	clear(m.slab)
	m.open.keys = nil
}

// over reports that the item has had more memory than an item may. What it is given then is not kept.
func (m *memory) over() bool { return m.used > m.limit }

// values are n values, of no known content.
func (m *memory) values(n int) []value {
	from := m.taken
	if m.taken += n; m.taken > len(m.now) {
		return m.moreValues(n)
	}
	return m.now[from:m.taken:m.taken]
}

func (m *memory) moreValues(n int) []value {
	size := n
	if !m.over() {
		size = max(n, min(len(m.slab)+m.wanted.values, kept/sizeOfValue))
	}
	m.used += size * sizeOfValue
	m.wanted.values += size
	m.now, m.taken = make([]value, size), n
	return m.now[:n:n]
}

// text is a text that is copied.
func (m *memory) text(b []byte) value {
	if cap(m.texts)-len(m.texts) < len(b) {
		m.moreBytes(len(b))
	}
	at := len(m.texts)
	m.texts = append(m.texts, b...)
	return m.textOf(m.texts[at:])
}

func (m *memory) textOf(b []byte) value {
	return value{p: unsafe.Pointer(unsafe.SliceData(b)), x: uint64(len(b)), kind: isText, form: plainness(isPlain(b))}
}

// view is b as a string, for as long as b stays as it is.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

func (m *memory) moreBytes(n int) {
	size := n
	if !m.over() {
		size = max(n, min(cap(m.arena)+m.wanted.bytes, kept))
	}
	m.used += size
	m.wanted.bytes += size
	m.texts, m.lent = make([]byte, 0, size), -1
}

// begin is an empty slice to append a text to, which end makes a value of. Other texts may be made between the two; who
// gives up ends with none of it.
func (m *memory) begin() []byte {
	if m.lent >= 0 || cap(m.texts)-len(m.texts) < roomToBegin {
		m.moreBytes(roomToBegin)
	}
	m.lent = len(m.texts)
	b := m.texts[m.lent:m.lent]
	m.texts = m.texts[:cap(m.texts)] // all of it is lent
	return b
}

// end is the text that was appended to what begin gave.
func (m *memory) end(b []byte) value {
	switch {
	case m.lent < 0: // another text took a slab of its own since
	case unsafe.SliceData(b) == unsafe.SliceData(m.texts[m.lent:]):
		m.texts, m.lent = m.texts[:m.lent+len(b)], -1
	default: // it outgrew what was left, and stands where append put it
		m.texts, m.lent = m.texts[:m.lent], -1
		m.used += cap(b)
		m.wanted.bytes += cap(b)
	}
	return m.textOf(b)
}

// object is a fresh object of a layout, and its columns, of no known content.
func (m *memory) object(l *layout) (value, []value) {
	n := len(l.keys)
	all := m.values(n + 1)
	all[0] = value{p: unsafe.Pointer(l)}
	return value{p: unsafe.Pointer(unsafe.SliceData(all)), x: uint64(n), kind: isObject}, all[1:]
}

// empty is the empty object.
func (m *memory) empty() value {
	v, _ := m.object(m.tree.root)
	return v
}
