package native

import (
	"unsafe"

	"github.com/meterbridge/meterbridge/internal/record"
)

// frame is a container that waits for the one in it to close.
type frame struct {
	layout *layout        // of an object's keys so far; nil of an array
	under  *step          // whose value it is, or is in an array of it
	values unsafe.Pointer // so far
	n      int
	room   int
}

// reading is what a scan holds beside the values that it makes.
type reading struct {
	frames  [record.MaxDepth]frame
	keys    []string // of the open objects whose keys are no path in the tree, as many as they have values
	outside layout   // stands for the layout of such an object
	other   step     // what is a member of one stands under this step
	top     step     // and what is in no object under this
	root    [1]value
}

// fewValues is what a container has room for that outgrew its first room.
const fewValues = 4

// widen moves n values to where there is room for more, behind an object's head where they are an object's.
func (m *memory) widen(values unsafe.Pointer, n int, object bool) (unsafe.Pointer, int) {
	room := max(2*n, fewValues)
	if !object {
		to := m.values(room)
		copy(to, unsafe.Slice((*value)(values), n))
		return unsafe.Pointer(&to[0]), room
	}
	to := m.values(1 + room)
	copy(to[1:], unsafe.Slice((*value)(values), n))
	return unsafe.Pointer(&to[1]), room
}

// loose is an object with a layout of its own, or with keys that repeat, from its values and the last of the keys. Of a
// repeated key the last value counts.
func (m *memory) loose(columns []value) value {
	from := len(m.open.keys) - len(columns)
	b := m.build(m.empty())
	for i, k := range m.open.keys[from:] {
		b.set(k, columns[i])
	}
	m.open.keys = m.open.keys[:from]
	return b.done()
}
