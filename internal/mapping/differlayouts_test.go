package mapping_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/mapping/mappingtest"
)

// TestDifferOnEverNewKeys gives one runner items whose keys nobody has sent before, more than a machine remembers: what it
// learned of the keys is dropped between two items, and nothing of it may be used behind that.
func TestDifferOnEverNewKeys(t *testing.T) {
	_, model := maker(t)
	for name, body := range map[string]string{
		"fields":   `{id: "x", metric_name: .name, dimensions: {a: .a, b: .deep.b}, remote_data: [.deep, .a]}`,
		"built":    `{id: "x", metric_name: ({n: .name, "k": 1} | tojson), remote_data: ({z: .a} + .deep), dimensions: with_entries(select(.key != "name"))}`,
		"computed": `{id: "x", dimensions: ({(.name): 1, b: 2} + {(.name + "!"): .a}), remote_data: ((. + {(.name): .deep}) | .deep.new = 1 | del(.a))}`,
		"lookups":  `{id: "x", metric_name: $lookups[.name].label, dimensions: ($lookups.all + .deep)}`,
		"grouped":  `([.[]] | group_by(type) | map({(.[0] | type): length}) | add) as $n | {id: "x", dimensions: $n, remote_data: [to_entries[] | {(.key): .value}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			c := &mappingtest.Case{Resource: "usage", Text: "# x\ndef usage: " + body + ";\n"}
			p, err := c.Compile(model)
			if err != nil {
				t.Fatal(err)
			}
			pair, rng := mappingtest.NewPair(p, "usage"), rand.New(rand.NewPCG(1, 2))
			for i := range 800 {
				if i%150 == 0 {
					if _, err := pair.Bind(lookups(i)); err != nil {
						t.Fatal(err)
					}
				}
				if res, err := pair.Item(newKeys(rng, i), true); err != nil || res != mappingtest.Records {
					t.Fatalf("item %d: result %d: %v", i, res, err)
				}
			}
		})
	}
}

// newKeys is an item with a few keys that every item has, between others that are new.
func newKeys(rng *rand.Rand, i int) []byte {
	var b strings.Builder
	b.WriteString(`{"name":"n` + fmt.Sprint(i%7) + `"`)
	for j := range rng.IntN(12) {
		fmt.Fprintf(&b, `,"key %d of %d":%d`, j, i, j)
	}
	fmt.Fprintf(&b, `,"deep":{"b":%d,"d%d":{"e%d":null}}`, i, i, rng.IntN(i+1))
	if rng.IntN(3) > 0 {
		b.WriteString(`,"a":1.50`)
	}
	return []byte(b.String() + "}")
}

// lookups are roots with ever new keys.
func lookups(i int) *mapping.Vars {
	var b strings.Builder
	b.WriteString(`{"all":{"x":1}`)
	for j := range 7 {
		fmt.Fprintf(&b, `,"n%d":{"label":"l%d","of %d":1}`, j, i, i)
	}
	return &mapping.Vars{Lookups: []byte(b.String() + "}")}
}

// TestDifferTogether runs programs in several goroutines at once, whose runners take machines from each other.
func TestDifferTogether(t *testing.T) {
	m, model := maker(t)
	for seed := range uint64(12) {
		c := m.Case(mappingtest.Seeded(500 + seed))
		p, err := c.Compile(model)
		if err != nil {
			continue // the lint does not take it
		}
		var together sync.WaitGroup
		for range 4 {
			together.Go(func() {
				if err := c.Run(p, func(mappingtest.Gave) {}); err != nil {
					t.Errorf("%v\n%s", err, c)
				}
			})
		}
		together.Wait()
	}
}
