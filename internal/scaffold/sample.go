package scaffold

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/meterbridge/meterbridge/internal/openapi"
)

// The month of a composed cassette.
var sampleMonth = time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)

var eightDigits = regexp.MustCompile(`^20\d{6}$`)

// formOf is how a leaf writes its dates: date, time, month, unix, unix_ms or yyyymmdd.
func formOf(l *leaf) string {
	if l == nil {
		return ""
	}
	example, about := exampleText(l.schema), strings.ToLower(l.schema.Description)
	number := l.schema.Type == "integer" || l.schema.Type == "number"
	switch {
	case eightDigits.MatchString(example):
		return "yyyymmdd"
	case number && (strings.Contains(about, "milli") || len(example) == 13):
		return "unix_ms"
	case number:
		return "unix"
	case l.schema.Format == "date":
		return "date"
	case l.schema.Format == "date-time", strings.Contains(example, "T"):
		return "time"
	case monthText.MatchString(example), slices.Equal(l.words, []string{"month"}), strings.Contains(about, "yyyy-mm") && !strings.Contains(about, "yyyy-mm-"):
		return "month"
	}
	return "date"
}

// inForm is a day as a leaf of that form writes it, as JSON.
func inForm(form string, day time.Time) string {
	switch form {
	case "unix":
		return fmt.Sprint(day.Unix())
	case "unix_ms":
		return fmt.Sprint(day.UnixMilli())
	case "yyyymmdd":
		return day.Format("20060102")
	case "time":
		return day.Format(`"2006-01-02T15:04:05Z"`)
	case "month":
		return day.Format(`"2006-01"`)
	}
	return day.Format(`"2006-01-02"`)
}

// maxSampleDepth is how deep objects of an answer are composed.
const maxSampleDepth = 5

// compose writes a value of a schema as JSON. special gives a path its own text.
func compose(s *openapi.Schema, path []string, special func(path string, s *openapi.Schema) (string, bool)) string {
	if text, ok := special(strings.Join(path, "."), s); ok {
		return text
	}
	switch {
	case s.Type == "object":
		var parts []string
		for _, p := range s.Props {
			if len(path) < maxSampleDepth {
				parts = append(parts, openapi.Quote(p.Name)+": "+compose(p.Schema, append(slices.Clone(path), p.Name), special))
			}
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case s.Type == "array" && s.Items != nil && s.Items.Type != "object" && s.Items.Type != "array":
		return "[" + compose(s.Items, append(slices.Clone(path), "0"), special) + "]"
	case s.Type == "array":
		return "[]"
	}
	return example(s, path)
}

// example is a scalar: the description's own, or one that a name suggests.
func example(s *openapi.Schema, path []string) string {
	name := "value"
	if len(path) > 0 {
		name = path[len(path)-1]
	}
	text := s.Type == "string" || s.Type == ""
	switch {
	case s.Example != nil && len(s.Example.Content) == 0:
		if text {
			return openapi.Quote(s.Example.Value)
		}
		return openapi.JSON(s.Example)
	case len(s.Enum) > 0 && text:
		return openapi.Quote(s.Enum[0])
	case s.Type == "boolean":
		return "false"
	case s.Type == "integer":
		return "3"
	case s.Type == "number":
		return "12.5"
	case has(words(name), "currency"):
		return `"USD"`
	case s.Format == "date":
		return inForm("date", sampleMonth)
	case s.Format == "date-time":
		return inForm("time", sampleMonth)
	case s.Format == "uuid":
		return `"6a1f0b2c-4d5e-4f60-8a9b-0c1d2e3f4a5b"`
	case has(words(name), "email"):
		return `"user-1@example.com"`
	case s.Format == "decimal" || has(words(name), "amount", "cost", "price", "quantity"):
		return `"12.5"`
	}
	return openapi.Quote(strings.Join(append(words(name), "1"), "-"))
}

// items are three of the provider's items, on three days of the month, or in one each outer one.
func (p *proposal) items() []string {
	var out []string
	for i := range 3 {
		day := sampleMonth.AddDate(0, 0, i)
		inner := p.composeItem(p.list.item, i, day, !p.startOuter)
		if p.list.each != "" {
			inner = p.composeOuter(inner, day)
		}
		out = append(out, inner)
	}
	return out
}

func (p *proposal) composeItem(s *openapi.Schema, i int, day time.Time, dates bool) string {
	id, product := findID(p.item), findProduct(p.item)
	return compose(s, nil, func(path string, s *openapi.Schema) (string, bool) {
		switch {
		case dates && p.start != nil && path == p.start.dotted():
			return inForm(formOf(p.start), day), true
		case dates && p.end != nil && path == p.end.dotted():
			return inForm(formOf(p.end), day.AddDate(0, 0, 1)), true
		case id != nil && path == id.dotted() && id.text():
			return openapi.Quote(fmt.Sprintf("%s-%d", or(exampleText(s), "item"), i+1)), true
		case id != nil && path == id.dotted():
			return fmt.Sprint(1001 + i), true
		case id == nil && product != nil && path == product.dotted() && product.text() && i > 0: // or two of a month would be one
			return openapi.Quote(fmt.Sprintf("%s-%d", or(exampleText(s), product.path[len(product.path)-1]), i+1)), true
		}
		return "", false
	})
}

func (p *proposal) composeOuter(inner string, day time.Time) string {
	return compose(p.list.outer, nil, func(path string, _ *openapi.Schema) (string, bool) {
		switch {
		case path == p.list.each:
			return "[" + inner + "]", true
		case p.startOuter && p.start != nil && path == p.start.dotted():
			return inForm(formOf(p.start), day), true
		case p.startOuter && p.end != nil && path == p.end.dotted():
			return inForm(formOf(p.end), day.AddDate(0, 0, 1)), true
		}
		return "", false
	})
}

// answer is a page of the provider's with these items. next is the JSON of what leads on, "" on the last page.
func (p *proposal) answer(items []string, next string, last bool) string {
	if p.list.whole {
		return p.items()[0]
	}
	list := "[]"
	if len(items) > 0 {
		list = "[\n  " + strings.Join(items, ",\n  ") + "\n]"
	}
	if p.list.path == "" {
		return list
	}
	return compose(p.operation.Answer, nil, func(path string, _ *openapi.Schema) (string, bool) {
		switch {
		case path == "":
			return "", false
		case path == p.list.path:
			return list, true
		case slices.Contains(p.paging.paths, path) && next == "":
			return "null", true
		case slices.Contains(p.paging.paths, path):
			return next, true
		case path == p.paging.more:
			return fmt.Sprint(!last), true
		case path == p.paging.total && p.paging.style == "number":
			return "2", true
		case path == p.paging.total && p.paging.style == "offset":
			return "3", true
		}
		return "", false
	})
}
