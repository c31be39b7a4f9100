package connector

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/meterbridge/meterbridge/internal/bracket"
	"github.com/meterbridge/meterbridge/internal/jq"
)

// Range is a half-open span of time in UTC. The zero Range is none.
type Range struct{ Start, End time.Time }

// IsZero says that there is no range.
func (r Range) IsZero() bool { return r.Start.IsZero() && r.End.IsZero() }

// Scope is everything that a plan depends on beside the position. It stays the same for a whole walk.
type Scope struct {
	Now         time.Time // the walk's frozen clock
	Range       Range     // the caller's range, resolved; zero where the resource has none
	Window      Range     // the slice to ask for, where another plan has made it; zero: the plan slices the range
	Granularity string
	Filters     map[string][]string // the caller's filters, by name
	Context     map[string]any      // resolved: ResolveContext
	Lookups     map[string]any      // by name
	Overrides   []*RequestOverride  // laid over the list's requests, in order
	Remote      []bracket.Pair      // the caller's remote_query
	PageSize    int                 // the provider's page size to ask for, 0 for the connector's default
	ID          string              // of a get
}

// scopeVars says which variables each kind of slot may read, and what they are. The reference prints it.
var scopeVars = map[string][]string{
	"list":    {"range", "window", "now", "query", "granularity", "context", "lookups", "page_size", "carry", "parent"},
	"parents": {"range", "window", "now", "query", "granularity", "context", "lookups", "page_size"},
	"job":     {"range", "window", "now", "query", "granularity", "context", "lookups", "parent", "job"},
	"fetch":   {"range", "window", "now", "query", "granularity", "context", "lookups", "parent", "job", "report"},
	"get":     {"id", "now", "context", "lookups"},
	"lookup":  {"now", "context", "page_size"},
	"check":   {"now", "context"},
	"context": {"context"},
	"page":    {"body", "headers", "items", "token", "carry"},
	"reply":   {"status", "headers", "body"},
	"report":  {"status", "headers", "body"},
	"jwt":     {"now", "context", "fingerprint"},
	"item":    nil, // the provider's: anything
}

var scopeMeaning = map[string]string{
	"":      "the provider's item itself, with `unit: window` the list of them; of `where` the parent",
	"range": "`.range.start`, `.range.end`: the whole range of the request", "window": "`.window.start`, `.window.end`: the slice that this call asks for",
	"now": "the clock of the walk's first page; in `claims` the moment of signing, in Unix seconds", "query": "the caller's filters as lists: `.query.product_id[0]`", "granularity": "the period served",
	"context": "the account's variables, with defaults", "lookups": "lookups by name", "page_size": "the provider's page size", "carry": "facts of the window's first page, by the names of `carry`; null on that page",
	"token": "what leads to a page: the provider's token, or the page's number, offset or index", "items": "how many items the page has",
	"parent": "what `parents.keep` has of the parent whose children are asked for", "id": "the id asked for", "job": "the provider's id of the job", "report": "the status of the job that is done", "status": "the HTTP status", "headers": "response headers, names in lower case",
	"fingerprint": "the SHA-256 of the public key (DER, SubjectPublicKeyInfo) in base64",
	"body":        "the response body: JSON, or a string where it is not",
}

// varsOf are the variables of a scope, which may be another's and one more: list+token.
func varsOf(scope string) []string {
	base, more, ok := strings.Cut(scope, "+")
	if !ok {
		return scopeVars[base]
	}
	return append(slices.Clone(scopeVars[base]), more)
}

// members are the second steps that are known for a variable.
var members = map[string][]string{"range": {"start", "end"}, "window": {"start", "end"}}

// checkSlots holds every slot to its scope, to the context variables and lookups that exist, and to the filters.
func (d *decoder) checkSlots(c *Connector) {
	known := map[string][]string{"range": members["range"], "window": members["window"], "context": {}, "lookups": {}, "query": filterNames(), "carry": append(d.facts, reservedCarry...)}
	for _, v := range c.Context {
		known["context"] = append(known["context"], v.Name)
	}
	for name := range c.Lookups {
		known["lookups"] = append(known["lookups"], name)
	}
	slices.Sort(known["lookups"])
	c.reads = map[string]bool{}
	for _, s := range d.slots {
		allowed := varsOf(s.scope)
		if allowed == nil {
			continue // the dot is the provider's own
		}
		for _, r := range s.code.Refs() {
			if r.Root != "." || len(r.Path) == 0 {
				continue
			}
			line, col := s.at(jq.OffsetOf(s.program, r.Line, r.Col))
			root := r.Path[0]
			if root == "context" {
				name := ""
				if len(r.Path) > 1 && r.Path[1] != anyStep {
					name = r.Path[1]
				}
				c.reads[name] = true
			}
			if !slices.Contains(allowed, root) {
				text, fix := "."+clip(root)+" is not in scope here", didYouMean(root, allowed, "here are ."+strings.Join(allowed, ", ."))
				if root == "credentials" {
					text, fix = "credentials are in no slot", "write ${name}, in auth"
				}
				d.addAt(line, col, "scope", text, fix)
				continue
			}
			if root == "parent" {
				d.checkParent(s, r, line, col)
			}
			if names, ok := known[root]; ok && len(r.Path) > 1 && r.Path[1] != anyStep && !slices.Contains(names, r.Path[1]) {
				d.addAt(line, col, "scope", "there is no ."+root+"."+clip(r.Path[1]), didYouMean(r.Path[1], names, "there are: "+strings.Join(names, ", ")))
			}
		}
	}
}

func filterNames() []string {
	f, _ := specOf(reflect.TypeFor[Resource]()).field("filters")
	return f.enum
}

// Answer is what a provider replied, for the conditions of errors, check and job.
type Answer struct {
	Status  int
	Header  http.Header
	Body    []byte
	Partial bool // there is more of the body, or all of it is yet to come
}

func (a Answer) input() map[string]any {
	body, err := jq.Decode(a.Body)
	if err != nil {
		body = strings.ToValidUTF8(string(a.Body), "\uFFFD")
	}
	return map[string]any{"status": a.Status, "headers": headerInput(a.Header), "body": body}
}

// headerInput is an answer's headers as slots read them: the first value of each, by its name in lower case.
func headerInput(h http.Header) map[string]any {
	out := map[string]any{}
	for k, v := range h {
		if len(v) > 0 {
			out[strings.ToLower(k)] = v[0]
		}
	}
	return out
}
