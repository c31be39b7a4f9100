// Package connectors holds the connectors that come with the gateway, one YAML file a provider, and the recordings that
// prove them.
package connectors

import "embed"

// Language is how a connector is written.
//
//go:embed README.md
var Language string

// FS has the connectors at its top and their cassettes below testdata.
//
//go:embed *.yaml testdata/*.txtar
var FS embed.FS
