package assembly

import (
	"fmt"
	"os"
	"slices"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/proxy"
)

// Trial is a house in which overrides are tried out: every record is told, as it is without them and with them. Requests
// stay the connector's, for what is tried is tried on recorded pages.
type Trial struct {
	Connector string
	File      string             // one file of mappings, as if it were the connector's in the environment's folder
	Account   *account.Overrides // of each of the house's accounts
	Told      func(mapping.Tried)
}

// prepare puts what is tried into the catalog.
func (t *Trial) prepare(c layering) error {
	if t.File != "" {
		body, err := os.ReadFile(t.File)
		if err != nil {
			return fmt.Errorf("trying an override: %w", err)
		}
		src := jq.Source{File: shortest(t.File), Text: string(body)}
		o, findings := mapping.CompileOverride(mapping.Environment, src, c.Model, c.libs...)
		findings = append(findings, c.liesOn(c.Connectors.Get(t.Connector), o)...)
		if jq.Failed(findings) {
			return Findings(slices.DeleteFunc(findings, func(f jq.Finding) bool { return f.Warn }))
		}
		c.Environment[t.Connector] = proxy.Overrides{Layer: mapping.Environment, Mapping: o}
	}
	for _, layer := range []map[string]proxy.Overrides{c.Environment, c.Accounts} {
		for name, o := range layer {
			o.Requests = nil
			layer[name] = o
		}
	}
	c.Tried = t.Told
	return nil
}
