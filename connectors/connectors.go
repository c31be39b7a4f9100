// Package connectors holds the connectors that come with the gateway, one YAML file a provider, and the recordings that
// prove them.
package connectors

import "embed"

// FS has the connectors at its top and their cassettes below testdata.
//
//go:embed *.yaml testdata/*.txtar
var FS embed.FS
