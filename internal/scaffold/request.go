package scaffold

import (
	"regexp"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/openapi"
)

// field is a parameter of the query, or a member of a JSON body.
type field struct {
	openapi.Param
	words  []string
	inBody bool
}

// fields are what a request can say.
func fields(op *openapi.Operation) []field {
	var out []field
	for _, p := range op.Params {
		out = append(out, field{Param: p, words: words(p.Name)})
	}
	if op.Method == "POST" && op.Body != nil {
		for _, p := range op.Body.Props {
			out = append(out, field{Param: openapi.Param{Name: p.Name, In: "body", Description: p.Schema.Description, Schema: p.Schema}, words: words(p.Name), inBody: true})
		}
	}
	return out
}

func (f *field) integer() bool { return f.Schema.Type == "integer" || f.Schema.Type == "number" }

// form is the shape of dates that a field takes.
type form struct {
	filter string // of jq, behind a date of the house
	kind   string // of a cassette's capture
	guess  string
}

var (
	dayText   = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)
	monthText = regexp.MustCompile(`^\d{4}-\d\d$`)
)

func (f *field) form() form {
	example := ""
	if f.Schema.Example != nil {
		example = f.Schema.Example.Value
	}
	about := strings.ToLower(f.Description + " " + f.Schema.Description)
	switch {
	case f.integer() && strings.Contains(about, "milli"):
		return form{filter: "unix_ms", kind: "unix_ms"}
	case f.integer():
		return form{filter: "unix", kind: "unix"}
	case f.Schema.Format == "date":
		return form{filter: "date", kind: "date"}
	case f.Schema.Format == "date-time":
		return form{kind: "time"}
	case dayText.MatchString(example), strings.Contains(about, "yyyy-mm-dd"):
		return form{filter: "date", kind: "date"}
	case monthText.MatchString(example), strings.Contains(about, "yyyy-mm") && !strings.Contains(about, "yyyy-mm-"), has(f.words, "month"):
		return form{filter: "month", kind: "month"}
	case strings.Contains(example, "T"), has(f.words, "time", "timestamp"):
		return form{kind: "time", guess: "guessed: an instant, 2026-01-31T00:00:00Z"}
	}
	return form{filter: "date", kind: "date", guess: "guessed: a date, 2026-01-31"}
}

// inclusive says that an end is the last day itself.
func (f *field) inclusive() bool {
	about := strings.ToLower(f.Description + " " + f.Schema.Description)
	return !strings.Contains(about, "exclusive") && (strings.Contains(about, "inclusive") || strings.Contains(about, "less than or equal") || strings.Contains(about, "smaller than or equal"))
}

// calendar are parameters that name a period by its parts.
type calendar struct{ year, month, day, date, period *field }

// dates finds the fields that take the range: a start and an end, or the parts of a period.
func dates(op *openapi.Operation) (from, to *field, whole *calendar) {
	all := fields(op)
	starts, ends := []string{"start", "from", "since", "begin", "after"}, []string{"end", "to", "until", "before"}
	pick := func(any []string) *field {
		var out *field
		most := 0
		for i := range all {
			f := &all[i]
			n := 0
			if has(f.words, any...) && f.Schema.Type != "array" && f.Schema.Type != "boolean" && f.In != "header" && f.In != "path" && !has(f.words, "page", "id", "cursor", "token", "created", "updated") {
				n = 1
				if has(f.words, "date", "time", "day", "month", "timestamp", "usage", "period", "billing") || len(f.words) == 1 || f.Schema.Format != "" {
					n = 2
				}
				if has(f.words, "after", "before") && !has(f.words, "date", "time", "usage") {
					n = 0 // rather a page's
				}
			}
			if n > most {
				most, out = n, f
			}
		}
		return out
	}
	if from, to = pick(starts), pick(ends); from != nil && to != nil {
		return from, to, nil
	}
	c := &calendar{}
	for i := range all {
		f := &all[i]
		switch {
		case f.In == "header" || f.In == "path":
		case slices.Equal(f.words, []string{"year"}):
			c.year = f
		case slices.Equal(f.words, []string{"month"}) && (f.integer() || c.year != nil):
			c.month = f
		case slices.Equal(f.words, []string{"day"}) && f.integer():
			c.day = f
		case slices.Equal(f.words, []string{"date"}), slices.Equal(f.words, []string{"day"}):
			c.date = f
		case slices.Equal(f.words, []string{"month"}), slices.Equal(f.words, []string{"period"}), slices.Equal(f.words, []string{"billing", "period"}):
			c.period = f
		}
	}
	if c.year != nil && c.month != nil || c.date != nil || c.period != nil {
		return nil, nil, c
	}
	return from, nil, nil
}
