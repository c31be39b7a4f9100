package assembly

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/near"
	"github.com/meterbridge/meterbridge/internal/simulate"
)

// These rules say what a connector still lacks that works. Lint has them and a gateway has not: it serves what can be
// served.

// unfinished reports whether a finding says that something is still missing, and not that something is wrong.
func unfinished(f jq.Finding) bool {
	return f.Rule == "unmapped" || strings.HasPrefix(f.Rule, "cassette-")
}

// fields holds what a connector says of the model's fields to what its mapping makes of them: every field is either
// mapped, or left out with a reason.
func fields(c *connector.Connector, text string, p *mapping.Program, model *mapping.Model) []jq.Finding {
	var out []jq.Finding
	for _, name := range slices.Sorted(maps.Keys(c.Resources)) {
		r := c.Resources[name]
		at := func(rule, what, fix string, keys ...string) {
			line, col := connector.Place([]byte(text), append([]string{"resources", name}, keys...)...)
			out = append(out, jq.Finding{File: c.File, Line: line, Col: col, Rule: rule, Text: what, Fix: fix})
		}
		var known []string
		for _, f := range model.Fields(name) {
			known = append(known, unlisted(f.Path))
		}
		for _, said := range []struct {
			key    string
			fields map[string]string
		}{{"omits", r.Omits}, {"approximates", r.Approximates}} {
			for _, field := range slices.Sorted(maps.Keys(said.fields)) {
				if !slices.Contains(known, unlisted(field)) {
					fix := "the model has " + strings.Join(known, ", ")
					if close := near.Word(unlisted(field), known); close != "" {
						fix = "did you mean " + close + "?"
					}
					at("unknown-field", fmt.Sprintf("%s of the model has no field %s", name, field), fix, said.key, field)
				}
			}
		}
		var never []string
		gone := "" // the object that is left out or not mapped, whose members need no word of their own
		for _, m := range p.Made(name) {
			field := unlisted(m.Path)
			if gone != "" && strings.HasPrefix(field, gone+".") {
				continue
			}
			gone = ""
			omit, omitted := saidOf(r.Omits, field)
			approximate, approximated := saidOf(r.Approximates, field)
			switch {
			case omitted && approximated:
				at("omitted", field+" is omitted, and approximated too", "keep one of them", "approximates", approximate)
			case omitted && m.Always:
				at("omitted", field+" is omitted, and every record has it", "take it out of omits, or out of the mapping", "omits", omit)
			case approximated && !m.Mapped:
				at("unmapped", field+" is approximated, and no record has it", "map it, or omit it", "approximates", approximate)
			case !omitted && !m.Mapped:
				never = append(never, field)
			}
			if omitted || !m.Mapped {
				gone = field
			}
		}
		if len(never) > 0 {
			fix := fmt.Sprintf("map them, or say why not: omits: { %s: … }", strings.Join(never, ": …, "))
			if len(r.Omits) > 0 {
				fix = fmt.Sprintf("map them, or say why not in the omits that are there: %s: …", strings.Join(never, ": …, "))
			}
			at("unmapped", fmt.Sprintf("the mapping never fills %s of %s", strings.Join(never, ", "), name), fix)
		}
	}
	return out
}

// unlisted is a path of the model as omits writes it.
func unlisted(path string) string { return strings.ReplaceAll(path, "[]", "") }

// saidOf finds what is said about a field itself, as it was written.
func saidOf(said map[string]string, field string) (key string, ok bool) {
	for key := range said {
		if unlisted(key) == field {
			return key, true
		}
	}
	return "", false
}

// refusals are the answers that every provider gives one day, with the name that each has in a cassette.
var refusals = []struct {
	status     int
	name, what string
}{
	{401, "unauthorized", "wrong credentials"}, {403, "forbidden", "a missing permission"}, {429, "rate_limited", "too many calls"},
}

// provenFormats are those that the other ones follow from.
var provenFormats = []string{"unified", "normalized", "raw"}

// proof holds a cassette to what it has to show of its connector.
func proof(c *connector.Connector, cassette *simulate.Cassette) []jq.Finding {
	if cassette == nil {
		return []jq.Finding{{File: c.File, Line: 1, Col: 1, Rule: "cassette-missing", Text: "nothing proves the connector " + c.Name, Fix: "record it: testdata/" + c.Name + ".txtar"}}
	}
	var out []jq.Finding
	at := func(rule, what, fix string) {
		out = append(out, jq.Finding{File: cassette.File, Line: 1, Col: 1, Rule: rule, Text: what, Fix: fix})
	}
	ways := c.PageWays()
	for _, way := range slices.Sorted(maps.Keys(ways)) {
		two := func(call *connector.CallSpec) bool {
			if then := call.Page.Then; then != nil {
				return cassette.Exchanges(call.Path()) > 0 && cassette.Exchanges(then.Path()) > 0
			}
			return cassette.Exchanges(call.Path()) > 1
		}
		if !slices.ContainsFunc(ways[way], two) {
			at("cassette-pages", "no list that pages by "+way+" has a second page", "add an exchange for the next page of "+pathOf(ways[way][0]))
		}
	}
	for _, r := range refusals {
		if !cassette.Proves(r.status, r.name) {
			at("cassette-errors", fmt.Sprintf("there is no %d: how does the provider answer %s?", r.status, r.what), "add answer/"+r.name)
		}
	}
	for _, f := range provenFormats {
		update := fmt.Sprintf("meterbridge test %s --update", c.Name)
		switch asked, golden := cassette.Holds(f); {
		case !asked:
			at("cassette-goldens", "no request of cassette.yaml has format: "+f, "add one that is answered well, then "+update)
		case !golden:
			at("cassette-goldens", "the golden of the request with format: "+f+" is missing", update)
		}
	}
	return out
}

func pathOf(c *connector.CallSpec) string {
	if p := c.PostPath.String(); p != "" {
		return p
	}
	return c.GetPath.String()
}
