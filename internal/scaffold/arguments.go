package scaffold

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/openapi"
)

// request proposes path, parameters and window.
func (p *proposal) request() {
	p.path, p.recorded = p.operation.Path, p.operation.Path
	for _, m := range pathSlot.FindAllStringSubmatch(p.path, -1) {
		if !slices.ContainsFunc(p.operation.Params, func(o openapi.Param) bool { return o.In == "path" && o.Name == m[1] }) {
			p.operation.Params = append(p.operation.Params, openapi.Param{Name: m[1], In: "path", Schema: &openapi.Schema{}})
		}
	}
	from, to, whole := dates(p.operation.Operation)
	for _, f := range fields(p.operation.Operation) {
		same := func(o *field) bool { return o != nil && o.Name == f.Name && o.In == f.In }
		slot := func(v string, at form) {
			p.arguments = append(p.arguments, argument{key: f.Name, value: "{{ " + v + filter(at.filter) + " }}", note: at.guess, inBody: f.inBody})
		}
		last := func(pattern string) { p.arguments[len(p.arguments)-1].pattern = pattern }
		switch {
		case f.In == "path":
			name := snake(f.Name)
			p.context = append(p.context, entry{name: name, title: cmp.Or(oneLine(f.Description, 70), strings.Join(f.words, " ")), demo: cmp.Or(exampleText(f.Schema), "demo-"+strings.Join(f.words, "-"))})
			p.path = strings.ReplaceAll(p.path, "{"+f.Name+"}", "{{ .context."+name+" }}")
			p.recorded = strings.ReplaceAll(p.recorded, "{"+f.Name+"}", url.PathEscape(p.context[len(p.context)-1].demo))
		case f.In == "header" || f.In == "cookie" || same(p.paging.param) || same(p.paging.size):
		case same(from):
			at := f.form()
			slot(".window.start", at)
			last("{start:" + at.kind + "}")
		case same(to):
			at := f.form()
			if f.inclusive() && (at.kind == "date" || at.kind == "month") {
				step := map[string]string{"date": "add_days(-1)", "month": "add_days(-1)"}[at.kind]
				at.guess = cmp.Or(at.guess, "the last "+map[string]string{"date": "day", "month": "month"}[at.kind]+" itself: the provider's end is inclusive")
				slot(".window.end | "+step, at)
				last("{end:last_" + at.kind + "}")
				break
			}
			if at.guess == "" && p.Source != "" && !strings.Contains(strings.ToLower(f.Description), "exclusive") {
				at.guess = "exclusive, as a guess; an inclusive end is {{ .window.end | add_days(-1)" + filter(at.filter) + " }}"
			}
			slot(".window.end", at)
			last("{end:" + at.kind + "}")
		case whole != nil && whole.part(same) != "":
			at := map[string]form{"year": {filter: "year"}, "month": {filter: "month_number"}, "day": {}, "date": {filter: "date"}, "period": {filter: "month"}}[whole.part(same)]
			if whole.part(same) == "day" {
				p.idle = append(p.idle, f.Name)
				break
			}
			slot(".window.start", at)
			last(map[string]string{"year": "{year}", "month": "{month}", "date": "{start:date}", "period": "{start:month}"}[whole.part(same)])
		default:
			p.other(f)
		}
	}
	p.slice(from, to, whole)
}

func filter(name string) string {
	if name == "" {
		return ""
	}
	return " | " + name
}

// part says which part of a period a field is.
func (c *calendar) part(same func(*field) bool) string {
	switch {
	case c.year != nil && c.month != nil && same(c.year):
		return "year"
	case c.year != nil && c.month != nil && same(c.month):
		return "month"
	case c.year != nil && c.month != nil && same(c.day):
		return "day"
	case c.year != nil && c.month != nil:
		return ""
	case same(c.date):
		return "date"
	case c.date == nil && same(c.period):
		return "period"
	}
	return ""
}

// other is a parameter that has nothing to do with dates and pages.
func (p *proposal) other(f field) {
	daily := slices.IndexFunc(append([]string{f.Schema.Default}, f.Schema.Enum...), func(v string) bool {
		return slices.Contains([]string{"1d", "day", "daily", "d", "p1d", "24h"}, strings.ToLower(v))
	})
	switch {
	case daily >= 0 && has(f.words, "granularity", "bucket", "interval", "resolution", "aggregation", "width", "period"):
		value := append([]string{f.Schema.Default}, f.Schema.Enum...)[daily]
		p.arguments = append(p.arguments, argument{key: f.Name, value: value, note: "days: the granularity below says the same", inBody: f.inBody})
	case f.Required:
		value := strings.NewReplacer("{{", "", "}}", "").Replace(cmp.Or(f.Schema.Default, first(f.Schema.Enum), exampleText(f.Schema)))
		note := "demanded; its value is a guess"
		if value == "" {
			name := snake(f.Name)
			p.context = append(p.context, entry{name: name, title: cmp.Or(oneLine(f.Description, 70), strings.Join(f.words, " ")), demo: "demo-" + strings.Join(f.words, "-")})
			value, note = "{{ .context."+name+" }}", "demanded: from the account's context, as a guess"
		}
		p.arguments = append(p.arguments, argument{key: f.Name, value: value, note: note, inBody: f.inBody, number: f.integer()})
	default:
		text := f.Name
		if values := slices.Concat(f.Schema.Enum, enumOf(f.Schema.Items)); len(values) > 0 && len(values) <= 6 {
			text += " (" + strings.Join(values, ", ") + ")"
		}
		p.idle = append(p.idle, text)
	}
}

func enumOf(s *openapi.Schema) []string {
	if s == nil {
		return nil
	}
	return s.Enum
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// slice proposes the window.
func (p *proposal) slice(from, to *field, whole *calendar) {
	p.window = window{value: "{ max: 1 month, resolution: day }", granularity: "day", note: "the longest slice of one call; oldest: 1 year, where the provider keeps no more"}
	switch {
	case whole != nil && whole.date != nil && whole.year == nil:
		p.window.value = "{ max: 1 day, resolution: day }"
	case whole != nil:
		p.window.value, p.window.granularity = "{ max: 1 month, align: month, resolution: day }", "day"
		if p.start == nil || isMonth(p.start) {
			p.window.value, p.window.granularity = "{ max: 1 month, align: month, resolution: month }", "month"
		}
	case from != nil && to != nil:
		if p.start != nil && isMonth(p.start) || from.form().kind == "month" {
			p.window.value, p.window.granularity = "{ max: 1 month, align: month, resolution: month }", "month"
		}
	default:
		p.window.value, p.window.note = "{ resolution: day }", "max: 1 month, where a call takes a slice of the range"
		p.miss("no parameters for the range: the gateway keeps of the answer what lies in it")
	}
}

// pathSlot is a parameter of a path.
var pathSlot = regexp.MustCompile(`\{([^{}/]+)\}`)

func isMonth(l *leaf) bool { return formOf(l) == "month" }
