package proxy

import (
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/bracket"
	"github.com/meterbridge/meterbridge/internal/near"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// dimension is a thing that usage is summed by: of a record a string, or null.
type dimension struct {
	name string
	of   func(rec gjson.Result) gjson.Result
}

// dimensions in the order of the documentation. A record has one value of each, so that its cost is counted once.
var dimensions = []dimension{
	{"product_id", at("product.id")},
	{"organization_id", at("organization.id")},
	{"workspace_id", func(rec gjson.Result) gjson.Result {
		if own := rec.Get("workspace.id"); own.Type == gjson.String {
			return own
		}
		return shared(rec.Get("resources"), "workspace.id")
	}},
	{"resource_id", func(rec gjson.Result) gjson.Result { return shared(rec.Get("resources"), "id") }},
	{"user_id", at("user.id")},
	{"metric_name", at("metric_name")},
	{"charge_category", at("charge_category")},
	{"day", began(len("2006-01-02"))},
	{"month", began(len("2006-01"))},
}

// Dimensions are the names that summary_by takes, in the order of the documentation.
func Dimensions() []string {
	var names []string
	for _, d := range dimensions {
		names = append(names, d.name)
	}
	return names
}

func at(path string) func(gjson.Result) gjson.Result {
	return func(rec gjson.Result) gjson.Result { return rec.Get(path) }
}

// shared is the value that all elements of a list have in common, else null: what several resources cost together is
// none's alone, and dividing it would be a guess.
func shared(list gjson.Result, path string) gjson.Result {
	var one gjson.Result
	for i, e := range list.Array() {
		v := e.Get(path)
		if v.Type != gjson.String || i > 0 && v.Str != one.Str {
			return gjson.Result{}
		}
		one = v
	}
	return one
}

// began is the first characters of the record's start, whose form is one.
func began(n int) func(gjson.Result) gjson.Result {
	return func(rec gjson.Result) gjson.Result {
		v := rec.Get("start_date")
		v.Str = clipTo(v.Str, n)
		return v
	}
}

// readSummaryBy takes a dimension, or several with commas, in the caller's order.
func readSummaryBy(p *params, pair bracket.Pair) error {
	for name := range strings.SplitSeq(pair.Value, ",") {
		name = strings.TrimSpace(name)
		i := slices.IndexFunc(dimensions, func(d dimension) bool { return d.name == name })
		if i < 0 {
			return problem.Param(problem.InvalidParameter, pair.Key, "summary_by has no dimension %q; did you mean %s? There are: %s", clip(name, 40), near.Any(name, Dimensions()), strings.Join(Dimensions(), ", "))
		}
		if slices.ContainsFunc(p.summaryBy, func(d dimension) bool { return d.name == name }) {
			return problem.Param(problem.InvalidParameter, pair.Key, "summary_by names %s twice", name)
		}
		p.summaryBy = append(p.summaryBy, dimensions[i])
	}
	return nil
}

// checkSummary refuses what has no place beside sums: they are one answer over all records, in a shape of their own.
func (p *params) checkSummary() error {
	if p.summaryBy == nil {
		return nil
	}
	for _, name := range []string{"limit", "next_cursor", "truto_key_by", "truto_exclude_fields"} {
		if slices.Contains(p.given, name) {
			return problem.Param(problem.InvalidParameter, name, "summary_by sums all records of the range in one answer of its own shape; leave %s out", name)
		}
	}
	if p.format != Unified && p.format != CSV {
		name := "truto_response_format"
		if !slices.Contains(p.given, name) {
			name = "summary_by" // the header Accept chose the format
		}
		return problem.Param(problem.InvalidParameter, name, "summary_by is answered as unified JSON or, with Accept: text/csv, as a table; it has no form %s", p.format)
	}
	return nil
}

// unsummed refuses sums of what is no list of unified usage.
func (p *params) unsummed() error {
	if p.summaryBy == nil {
		return nil
	}
	return problem.Param(problem.InvalidParameter, "summary_by", "summary_by sums unified usage, GET /unified/%s/usage, and nothing else", ModelName)
}
