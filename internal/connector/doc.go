// Package connector is the connector language: it reads a provider's YAML file, says everything that is wrong with
// it, and plans which call comes next.
//
// The structs of the language carry their own field spec in their tags (key, default, allowed values, scope,
// meaning), and everything reads that one spec: the parser, the defaults, the finding for an unknown key, the JSON
// schema and the reference. A scalar is literal text with jq inside {{ }}; each slot has one documented scope and is
// checked against it when the file is loaded. The planner is pure: First, At and Next turn a scope and a position
// into the next call, with no clock, no network and no secret, so that explain, lint and a walk see the same calls.
package connector
