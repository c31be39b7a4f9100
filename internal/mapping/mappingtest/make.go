package mappingtest

import (
	"io/fs"
	"maps"
	"slices"

	"github.com/meterbridge/meterbridge/internal/mapping"
)

// Maker makes cases.
type Maker struct {
	model   *mapping.Model
	samples []*sample
	roots   []field // the shapes of rootTexts
}

// NewMaker is a maker of cases for a model, with items of the given cassettes among others.
func NewMaker(model *mapping.Model, cassettes fs.FS) (*Maker, error) {
	all, err := samples(cassettes)
	if err != nil {
		return nil, err
	}
	m := &Maker{model: model, samples: all}
	for _, name := range slices.Sorted(maps.Keys(rootTexts)) {
		s := shapeOf([]byte(rootTexts[name]))
		s.nullable = true
		m.roots = append(m.roots, field{name, s})
	}
	return m, nil
}

// Items is how many items a case has.
const Items = 64

// Case makes a case.
func (m *Maker) Case(d *Dice) *Case {
	from := &sample{}
	if len(m.samples) > 0 && d.once(2) {
		from = pick(d, m.samples)
	} else {
		from.shape = d.randomShape(2)
		for range 4 {
			from.items = append(from.items, d.value(from.shape, 40))
		}
	}
	p := d.program(m.model, from.shape, m.roots)
	c := &Case{Resource: p.resource, Text: made(p.tree), tree: p.tree}
	if d.once(12) {
		c.Override = pick(d, overrides)
	}
	m.fill(d, c, from.items, from.shape)
	return c
}

// overrides are laid over some mappings.
var overrides = []string{`$base`, `$base | .metric_name |= tostring`, `$base + {dimensions: {more: .}}`, `{metric_name: $base.id, dimensions: ($base.dimensions // {})}`,
	`if $base.metric_name == null then empty else $base end`, `$base | .charges[]?.amount |= dneg`, `$base | del(.product)`, `select($base.id != "x")`, `$base | .id = "\(.id)"`}

// fill gives the case its steps: items like those that are given, and changed, with roots that change on the way.
func (m *Maker) fill(d *Dice, c *Case, like []*doc, s *shape) {
	for i := range Items {
		item := pick(d, like)
		if d.once(3) {
			item = d.value(s, 15)
		}
		if d.once(25) {
			item = d.whatever(3)
		}
		step := Step{Item: []byte(item.String())}
		if d.once(2) {
			step.Item = d.mutated(item)
		}
		switch {
		case i == 0 || d.once(12):
			step.Roots = m.bound(d)
		case d.once(12):
			step.Parent = d.mutated(parse([]byte(rootTexts["$parent"])))
		}
		c.Steps = append(c.Steps, step)
	}
}

// bound are values of the roots.
func (m *Maker) bound(d *Dice) map[string][]byte {
	roots := map[string][]byte{}
	for _, r := range m.roots {
		switch text := []byte(rootTexts[r.name]); {
		case d.once(8):
		case d.once(4):
			v := parse(text)
			if d.once(4) {
				d.widen(v) // as the lookups of many
			}
			roots[r.name] = d.mutated(v)
		default:
			roots[r.name] = text
		}
	}
	return roots
}
