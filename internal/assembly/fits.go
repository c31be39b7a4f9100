package assembly

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/near"
	"github.com/meterbridge/meterbridge/internal/simulate"
)

// fits holds what a cassette says of its account and its requests to the connector that it is of.
func fits(c *connector.Connector, cassette *simulate.Cassette, text string) []jq.Finding {
	var out []jq.Finding
	at := func(key, rule, what, fix string) {
		out = append(out, jq.Finding{File: cassette.File, Line: lineOf(text, key), Col: 1, Rule: rule, Text: what, Fix: fix})
	}
	known := slices.Concat(slices.Sorted(maps.Keys(c.Resources)), slices.Sorted(maps.Keys(c.Proxy)))
	for _, r := range cassette.Requests {
		if !slices.Contains(known, r.Resource) {
			at(r.Name, "cassette-request", "the request "+r.Name+" is for "+r.Resource+", which the connector does not have", "did you mean "+near.Any(r.Resource, known)+"?")
		}
	}
	var missing *connector.ContextError
	if _, err := c.ResolveContext(cassette.Account("http://127.0.0.1").Context); errors.As(err, &missing) {
		at("context", "cassette-context", missing.Error(), "set it below context: in cassette.yaml")
	}
	return out
}

// lineOf is the line of cassette.yaml on which a key stands, that of its start where none does.
func lineOf(text, key string) int {
	start := 0
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case start == 0 && line == "-- cassette.yaml --":
			start = i + 1
		case start > 0 && strings.HasPrefix(line, "-- "):
			return start
		case start > 0 && strings.HasPrefix(line, key+":"):
			return i + 1
		}
	}
	return max(start, 1)
}
