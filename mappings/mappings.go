// Package mappings holds the unified models and, for each provider, the jq file that makes unified records of its
// items: one folder a model, in it model.yaml and one file a connector, with one definition a resource. There is no
// Go here; internal/mapping compiles and runs what is embedded.
package mappings

import "embed"

// Guide is how a mapping is written.
//
//go:embed README.md
var Guide string

// FS is the folder of the built-in models and mappings.
//
//go:embed usage-metering
var FS embed.FS
