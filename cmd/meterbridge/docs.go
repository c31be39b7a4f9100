package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/meterbridge/meterbridge/connectors"
	"github.com/meterbridge/meterbridge/docs"
	"github.com/meterbridge/meterbridge/mappings"
)

type docsVerb struct {
	Name string `arg:"" optional:"" help:"connectors, mappings, cassettes, errors, limits or observability; default: the list of them."`
}

// documents are what the binary carries, so that a provider is added without a checkout.
var documents = []struct{ name, about, text string }{
	{"connectors", "how a connector is written: every key of its YAML", connectors.Language},
	{"mappings", "how a mapping is written, in jq", mappings.Guide},
	{"cassettes", "how a provider is recorded, for test, demo and simulate", docs.Cassettes},
	{"errors", "every error code, and what to do", docs.Errors},
	{"limits", "every limit", docs.Limits},
	{"observability", "every metric, log field and span", docs.Observability},
}

func (v *docsVerb) Run(to std) error {
	var names []string
	for _, d := range documents {
		if d.name == v.Name {
			_, err := io.WriteString(to.out, d.text)
			return err
		}
		names = append(names, d.name)
	}
	if v.Name != "" {
		return badInput("there is no document %q; there are %s", v.Name, strings.Join(names, ", "))
	}
	for _, d := range documents {
		fmt.Fprintf(to.out, "  meterbridge docs %-14s %s\n", d.name, d.about)
	}
	return nil
}
