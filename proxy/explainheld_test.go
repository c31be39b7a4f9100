package proxy

import (
	"testing"

	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/record"
)

// TestItemsOfAnExplanationAreBounded: up to the byte; and the first is kept, whatever its size.
func TestItemsOfAnExplanationAreBounded(t *testing.T) {
	half := make([]byte, maxExplainedHeld/2)
	for _, c := range []struct {
		name  string
		items [][]byte
		want  int
	}{
		{"at the limit", [][]byte{half, half}, 2},
		{"one byte past it", [][]byte{half, half, {'1'}}, 2},
		{"one that is larger than all", [][]byte{append(make([]byte, maxExplainedHeld), '1'), {'1'}}, 1},
	} {
		w := &walk{page: &page{}, out: 1}
		x := &explaining{walk: w}
		for i, raw := range c.items {
			w.item = record.Item{Raw: raw, N: int64(i)}
			x.saw()
			x.saw() // a second record of it
		}
		if len(x.items) != c.want || len(x.items[0].outs) != 2 {
			t.Errorf("%s: %d items", c.name, len(x.items))
		}
	}
}

// TestRootsOfAnExplanationOutliveTheirPage: the parent of one item is not that of the next.
func TestRootsOfAnExplanationOutliveTheirPage(t *testing.T) {
	w := &walk{visits: &[]visit{}}
	parent := []byte(`{"id":1}`)
	w.keepVars(&mapping.Vars{Query: []byte(`{}`), Parent: parent})
	first := w.vars
	copy(parent, `{"id":2}`)
	w.keepParent(parent)
	if string(first.Parent) != `{"id":1}` || string(w.vars.Parent) != `{"id":2}` || string(w.vars.Query) != `{}` {
		t.Errorf("%s, %s", first.Parent, w.vars.Parent)
	}
	none := &walk{}
	none.keepVars(&mapping.Vars{})
	if none.keepParent(parent); none.vars != nil {
		t.Error("roots are kept that nobody explains")
	}
}
