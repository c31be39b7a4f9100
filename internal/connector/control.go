package connector

import (
	"context"
	"fmt"
	"time"

	"github.com/tidwall/gjson"
	"go.yaml.in/yaml/v3"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/money"
)

// ControlTotal is a total that the provider states beside its parts.
type ControlTotal struct {
	Path   string   `yaml:"path" form:"path" doc:"dotted path of the total within the item"`
	Value  *Expr    `yaml:"value" scope:"item" doc:"the total as jq over the item; of unit: window over the list of them"`
	Mode   string   `yaml:"mode" need:"true" enum:"ignore|check|residual" doc:"where the parts differ from it, check warns total_mismatch, and residual makes a record of the rest, with the metric unallocated and the dates and the organization of the item's first"`
	Key    []string `yaml:"key" form:"path" doc:"of residual: dotted paths within the item that tell two of a day apart"`
	Reason string   `yaml:"reason" doc:"why it is ignored"`
}

func (c *ControlTotal) check(d *decoder, n *yaml.Node) {
	switch {
	case c.Path != "" && c.Value != nil:
		d.add(d.key(n, "value"), "exclusive", "path and value are both there", "keep one of them")
	case c.Path == "" && c.Value == nil:
		d.add(n, "missing", "a total without path and value", "add path: where it stands, or value: jq that computes it")
	}
	if c.Mode == "ignore" && c.Reason == "" {
		d.add(n, "missing", "a total is ignored without a reason", "add reason: …")
	}
	if c.Mode != "residual" && len(c.Key) > 0 {
		d.add(d.key(n, "key"), "unused", "key tells residuals apart, the mode is "+c.Mode, "remove key")
	}
}

// Stated is the total that an item states, false where it states none. The item's grammar and depth were checked.
func (c *ControlTotal) Stated(ctx context.Context, item []byte, budget time.Duration) (money.Dec, bool, error) {
	text := ""
	if c.Value == nil {
		if r := find(item, c.Path); r.Type == gjson.Number {
			text = r.Raw // as text gjson has it through a double
		} else {
			text = r.String()
		}
	} else {
		v, err := c.Value.slot.runOn(ctx, jq.DecodeScanned(item), budget)
		if err != nil {
			return money.Dec{}, false, fmt.Errorf("reading the control total: %w", err)
		}
		text, _ = scalarText(v)
	}
	d, err := money.Parse(text)
	return d, err == nil, nil // what is no number is no total
}
