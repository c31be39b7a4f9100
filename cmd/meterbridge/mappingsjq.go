package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/meterbridge/meterbridge/internal/mapping"
)

type mappingsJQVerb struct {
	Name     string `arg:"" help:"The connector."`
	Resource string `arg:"" help:"usage, products, organizations, workspaces or users." default:"usage"`
	folders
}

func (v *mappingsJQVerb) Help() string {
	var roots []string
	for _, root := range mapping.Roots() {
		roots = append(roots, "--argjson "+strings.TrimPrefix(root, "$")+" null")
	}
	return `The program has the house's functions in plain jq, the libraries, the mapping and its call. Its input is a provider's item;
what stands beside an item is given as variables, with null for what there is none of:

  meterbridge mappings jq acme usage > acme-usage.jq
  jq -c ` + strings.Join(roots, " ") + ` \
     -f acme-usage.jq items.json

jq calculates in doubles: amounts agree to a double's precision, and no further.`
}

func (v *mappingsJQVerb) Run(to std) error {
	catalog, err := v.files().Catalog()
	if err != nil {
		return err
	}
	if catalog.Connectors.Get(v.Name) == nil {
		return unknownName("connector", v.Name, catalog.Connectors.Names())
	}
	program := catalog.Mappings[v.Name]
	if !program.Has(v.Resource) {
		return unknownName("resource in the mapping of "+v.Name, v.Resource, program.Resources())
	}
	if _, err := io.WriteString(to.out, program.Portable(v.Resource)); err != nil {
		return fmt.Errorf("writing the program: %w", err)
	}
	return nil
}
