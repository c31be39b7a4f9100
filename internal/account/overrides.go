package account

import "github.com/meterbridge/meterbridge/internal/jq"

// Overrides are an account's own mappings and requests, laid over those of its connector and of the environment. They
// are texts with their place, so that a finding can name it; whoever serves them compiles them.
type Overrides struct {
	Mappings map[string]jq.Source // a jq expression by resource
	Requests jq.Source            // a YAML or JSON object by resource; without text there are none
	// Untrusted says that their author is not the operator: mappings run in a process of their own, and the slots of requests
	// hold paths and dates alone.
	Untrusted bool
}
