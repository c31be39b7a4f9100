package connector

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/record"
)

// maxCarry bounds the facts of a first page, which travel in every cursor of the window.
const maxCarry = 1 << 10

// reservedCarry are the names that the gateway keeps facts of its own by.
var reservedCarry = []string{carriedPages, "columns"}

func (c *CallSpec) checkCarry(d *decoder, n *yaml.Node) {
	at := d.at(n, "carry")
	for _, name := range slices.Sorted(maps.Keys(c.Carry)) {
		d.facts = append(d.facts, name)
		if slices.Contains(reservedCarry, name) {
			d.add(d.key(at, name), "value", "the name "+name+" is the gateway's own", "give it another name")
		}
	}
	if len(c.Carry) > 0 && c.Page == nil {
		d.add(d.key(n, "carry"), "unused", "facts are carried to later pages, and there are none", "add page")
	}
}

// carried is what the page behind a finished one has as .carry: the facts of the window's first page, beside those that
// are there already. Equal facts give equal bytes.
func (c *CallSpec) carried(at record.Position, f Facts) ([]byte, error) {
	index := c.Page != nil && c.Page.Index != nil
	if len(at.Token) > 0 || len(c.Carry) == 0 && !index {
		return at.Carry, nil
	}
	facts := map[string]any{}
	if v, err := jq.Decode(at.Carry); err == nil {
		if m, ok := v.(map[string]any); ok {
			facts = m
		}
	}
	for name, path := range c.Carry {
		v, err := jq.Decode([]byte(find(f.Envelope, path).Raw))
		if err != nil {
			v = nil // it is not there
		}
		facts[name] = v
	}
	if index {
		n, err := c.Page.pages(at, f)
		if err != nil {
			return nil, err
		}
		facts[carriedPages] = int(n)
	}
	out, err := encode(facts)
	if err != nil {
		return nil, err
	}
	if len(out) > maxCarry {
		names := strings.Join(slices.Sorted(maps.Keys(c.Carry)), ", ")
		return nil, unexpected("the facts that the first page gives to the later ones (%s) are larger than %d bytes", names, maxCarry)
	}
	return out, nil
}
