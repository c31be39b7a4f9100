// Package coverage says how far each connector fills the unified model, computed and never written by hand.
//
// Three sources are joined. What a mapping makes of a field (internal/mapping.Made) says whether it is mapped, and
// whether it is the same for every item. The connector says what it leaves out and what it only comes near to, and
// why. A cassette says how it turns out: in how many of its goldens' records a field is filled, and which of the
// provider's fields nothing reads.
package coverage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/proxy"
)

// How a field comes about.
type How string

// The ways.
const (
	Mapped       How = "mapped"       // made of what the provider answers
	Approximated How = "approximated" // made of something near to what the field means
	Constant     How = "constant"     // the same whatever the provider answers: the connector's own, or its configuration's
	Absent       How = "absent"
)

// Connector is what one connector fills of usage.
type Connector struct {
	Name    string   `json:"name"`
	Title   string   `json:"title"`
	Records int      `json:"records"` // in the goldens
	Fields  []Field  `json:"fields"`
	Filters []Filter `json:"filters"`
	Unread  []string `json:"unread"` // the provider's fields, over the items of the cassette, that no mapping reads
}

// Field is one field of the model that has no members of its own.
type Field struct {
	Path   string   `json:"path"`
	How    How      `json:"how"`
	Reason string   `json:"reason,omitempty"` // why it is absent, or how it is approximated
	Values []string `json:"values,omitempty"` // that a mapping names, as JSON
	From   []string `json:"from,omitempty"`   // what it is made of: the provider's fields, and $roots
	Filled int      `json:"filled"`           // records of the goldens in which it is
}

// Filter is how a filter of usage is applied.
type Filter struct {
	Name string `json:"name"`
	By   string `json:"by"` // provider, gateway, or "" where no field could match it
}

// Share is in how many percent of the records the field is filled, rounded down; 100 is all of them.
func (f Field) Share(records int) int {
	if records == 0 {
		return 0
	}
	return 100 * f.Filled / records
}

// Evidence is what a cassette shows of a connector's usage.
type Evidence struct {
	Goldens [][]byte // unified answers
	Items   [][]byte // the provider's items, each a JSON value
}

// Of joins what is known of a connector; nil where it has no usage or no mapping of it.
func Of(catalog *proxy.Catalog, conn *connector.Connector, seen Evidence) (*Connector, error) {
	usage, program := conn.Resources["usage"], catalog.Mappings[conn.Name]
	if usage == nil || program == nil || !program.Has("usage") {
		return nil, nil
	}
	records, err := recordsOf(seen.Goldens)
	if err != nil {
		return nil, fmt.Errorf("reading the goldens of %s: %w", conn.Name, err)
	}
	c := &Connector{Name: conn.Name, Title: conn.Title, Records: len(records), Filters: filters(catalog, conn), Unread: []string{}}
	for _, m := range program.Made("usage") {
		if m.Type == mapping.Object || m.Type == mapping.List {
			continue
		}
		f := describe(usage, m)
		for _, r := range records {
			if filled(r, strings.Split(f.Path, ".")) {
				f.Filled++
			}
		}
		c.Fields = append(c.Fields, f)
	}
	if c.Unread, err = unread(seen.Items, program.ReadsOf("usage")); err != nil {
		return nil, fmt.Errorf("reading the items of %s: %w", conn.Name, err)
	}
	return c, nil
}

func describe(usage *connector.Resource, m mapping.Made) Field {
	f := Field{Path: m.Path, How: Mapped, Values: m.Texts, From: sources(m.Refs)}
	why, omitted := reason(usage.Omits, m.Path)
	near, approximated := reason(usage.Approximates, m.Path)
	switch {
	case omitted || !m.Mapped:
		return Field{Path: m.Path, How: Absent, Reason: why}
	case approximated:
		f.How, f.Reason = Approximated, near
	case m.Constant():
		f.How = Constant
	}
	return f
}

// reason is what a connector says about a field, or about an object that it is a member of.
func reason(said map[string]string, path string) (why string, ok bool) {
	path = plain(path)
	for key, why := range said {
		if key = plain(key); path == key || strings.HasPrefix(path, key+".") {
			return why, true
		}
	}
	return "", false
}

// plain is a path of the model without the signs of lists.
func plain(path string) string { return strings.ReplaceAll(path, "[]", "") }

// sources names what a field is made of, by dotted path: the provider's fields as they are, roots with their $. The
// item as a whole, or a field of it whose name is computed, is *. Where a mapping gets the items of a window as one
// list, a field of the list's items is the same as one of an item alone.
func sources(refs []jq.Ref) []string {
	var out []string
	for _, r := range refs {
		path := r.Path
		switch {
		case r.Root != ".":
			path = append([]string{r.Root}, path...)
		case len(path) > 1 && path[0] == "[]":
			path = path[1:]
		case len(path) == 0 || path[0] == "[]":
			path = []string{"*"}
		}
		out = append(out, dotted(path))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func dotted(path []string) string { return strings.ReplaceAll(strings.Join(path, "."), ".[]", "[]") }

func filters(catalog *proxy.Catalog, conn *connector.Connector) []Filter {
	can := proxy.Describe(catalog, conn, nil).Resources["usage"]
	var out []Filter
	for _, name := range proxy.Filters {
		f := Filter{Name: name}
		switch {
		case slices.Contains(can.ProviderFilters, name):
			f.By = "provider"
		case slices.Contains(can.Filters, name):
			f.By = "gateway"
		}
		out = append(out, f)
	}
	return out
}

// decode reads JSON with every number as its text.
func decode(text []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	return dec.Decode(into)
}
