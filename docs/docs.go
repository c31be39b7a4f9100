// Package docs holds the documents that the command line can print: what is written for who operates the gateway or adds
// a provider.
package docs

import _ "embed"

// Cassettes is the form of a cassette; it is generated from internal/simulate's package documentation.
//
//go:embed cassettes.md
var Cassettes string

// Errors is the table of error codes.
//
//go:embed errors.md
var Errors string

// Observability is what an operator sees of the gateway: metrics, logs, traces.
//
//go:embed observability.md
var Observability string

// Limits is the table of limits.
//
//go:embed limits.md
var Limits string
