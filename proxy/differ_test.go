package proxy

import (
	"flag"
	"testing"

	"github.com/meterbridge/meterbridge/internal/mapping/mappingtest"
	"github.com/meterbridge/meterbridge/internal/simulate"
)

var differChanged = flag.Int("differ.changed", 6, "how often TestMappingsDoTheSameCompiled tries each item of a cassette once more, changed")

// TestMappingsDoTheSameCompiled runs every mapping over every item of its cassette compiled and interpreted, with the roots
// that the item has there, and over the same items changed. Of those that are recorded none is left to gojq.
func TestMappingsDoTheSameCompiled(t *testing.T) {
	t.Parallel()
	catalog := installed(t)
	for _, c := range cassettes(t) {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			p, dice, items := portableHouse(t, c, catalog), mappingtest.Seeded(1), 0
			for _, ask := range c.Requests {
				if ask.Via == "unified" && ask.Format == "unified" { // other formats have the same items
					items += differOn(t, p, dice, c.Name, ask)
				}
			}
			if items == 0 {
				t.Error("no item was compared")
			}
		})
	}
}

// differOn compares the items of one request, and says how many there were.
func differOn(t *testing.T, p *Proxy, dice *mappingtest.Dice, id string, ask simulate.Request) (n int) {
	var plain, worn *mappingtest.Pair // the one has the items as they are
	eachItem(t, p, id, ask, func(w *walk) {
		if n++; plain == nil {
			plain, worn = mappingtest.NewPair(w.program, w.mapped), mappingtest.NewPair(w.program, w.mapped)
			for _, why := range w.program.Reasons(w.mapped) {
				t.Errorf("%s is not compiled: %s", w.mapped, why)
			}
		}
		for _, pair := range []*mappingtest.Pair{plain, worn} {
			if _, err := pair.Bind(w.itemRoots()); err != nil {
				t.Error(err)
			}
		}
		if res, err := plain.Item(w.item.Raw, true); err != nil || res != mappingtest.Records {
			t.Errorf("%s, item %d: result %d: %v", ask.Name, w.item.N, res, err)
		}
		for range *differChanged {
			if _, err := worn.Item(dice.Mutated(w.item.Raw), true); err != nil {
				t.Errorf("%s, item %d, changed: %v", ask.Name, w.item.N, err)
			}
		}
	})
	if n > 0 {
		if ran, bails := plain.Ran(); ran != uint64(n) || bails > 0 {
			t.Errorf("%s: of %d items %d were run compiled, and %d of those left to gojq", ask.Name, n, ran, bails)
		}
		plain.Close()
		worn.Close()
	}
	return n
}
