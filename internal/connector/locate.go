package connector

import (
	"go.yaml.in/yaml/v3"

	"github.com/meterbridge/meterbridge/internal/jq"
)

// locate follows a scalar's value through the source.
func (d *decoder) locate(n *yaml.Node) jq.Locator {
	s := jq.Scalar{Line: n.Line, Col: n.Column, Value: n.Value}
	switch {
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		s.Style = jq.Block
	case n.Style&yaml.SingleQuotedStyle != 0:
		s.Style = jq.SingleQuoted
	case n.Style&yaml.DoubleQuotedStyle != 0:
		s.Style = jq.DoubleQuoted
	}
	return jq.Locate(d.lines, s)
}
