package native

import (
	"bytes"
	"fmt"
	"testing"
)

// TestWhatIsKeptOutlivesTheItem: what only the roots decide is there for all items of a page, though the memory that it
// was made in is used again for each of them.
func TestWhatIsKeptOutlivesTheItem(t *testing.T) {
	m := newMemory()
	b := m.build(m.empty())
	for i := range 2 * maxKeys { // more than a layout of the tree has
		b.set(m.text(fmt.Appendf(nil, "key %d", i)).str(), m.text(fmt.Appendf(nil, "text \"%d\"", i)))
	}
	v := b.done()
	want, _ := appendJSON(nil, v, 0)
	kept := keep(arrayOf([]value{v, literal("1.50")}))
	m.reset()
	for range 2 * maxKeys {
		m.text(bytes.Repeat([]byte{'x'}, 100))
		values := m.values(100)
		for i := range values {
			values[i] = no
		}
	}
	if got, _ := appendJSON(nil, kept, 0); string(got) != "["+string(want)+",1.50]" {
		t.Errorf("the object that is kept became %s", got)
	}
}
