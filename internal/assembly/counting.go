package assembly

import (
	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/proxy"
)

// counting puts counters into the mappings.
func counting(catalog *proxy.Catalog) (map[string]*jq.Counts, error) {
	out := map[string]*jq.Counts{}
	for name, p := range catalog.Mappings {
		var err error
		if catalog.Mappings[name], out[name], err = p.Counted(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Branches are those of a connector's mapping, with how often each was taken; nil where nothing counts.
func (h *House) Branches(name string) []jq.Branch {
	if c := h.counts[name]; c != nil {
		return c.Branches()
	}
	return nil
}
