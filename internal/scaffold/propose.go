package scaffold

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/openapi"
)

// proposal is everything that the three files say.
type proposal struct {
	Options
	title, docs string
	operation   *candidate
	others      []*candidate
	servers     []string
	baseGuess   string
	signing     signing
	context     []entry
	path        string // of the operation, with slots
	recorded    string // with what the context's demo values give
	arguments   []argument
	idle        []string // parameters that are not used
	list        *list
	paging      paging
	window      window
	check       *candidate
	item, outer []leaf
	start, end  *leaf // of the period, in the item or the outer one
	startOuter  bool
	unread      []string // what was looked for and not found
}

// argument is a parameter of the query, or a member of the body.
type argument struct {
	key, value, note string
	pattern          string // in the cassette; "" where it may be anything
	inBody           bool
	number           bool // as JSON the value is no text
}

// window is how the range is sliced.
type window struct{ value, note, granularity string }

func propose(doc *openapi.Document, o Options) (*proposal, error) {
	chosen, others, err := choose(doc, o.Operation)
	if err != nil {
		return nil, err
	}
	p := &proposal{Options: o, operation: chosen, others: others, list: chosen.items, paging: findPaging(chosen.Operation),
		title: cmp.Or(oneLine(doc.Title(), 60), titleOf(o.Name)), docs: cmp.Or(chosen.Docs, doc.Docs()), signing: sign(chosen.Operation, o.Name)}
	if !isAddressText(p.docs) {
		p.docs = ""
	}
	p.base(doc)
	p.item = leaves(p.list.item)
	if p.list.each != "" {
		p.outer = leaves(p.list.outer)
	}
	p.period()
	p.request()
	p.check = findCheck(doc, chosen)
	if chosen.startsJob() {
		p.miss("the answer seems to start a job; its status and result are for `job:` in connectors/README.md")
	} else if p.paging.style == "" {
		p.miss("no way to page: the answer is taken to be whole")
	}
	if findAmount(p.item) == nil {
		p.miss("no property that says what an item costs")
	}
	return p, nil
}

func (p *proposal) miss(what string) { p.unread = append(p.unread, what) }

func isAddressText(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && !strings.ContainsAny(s, "\n\r")
}

// base is where the calls go.
func (p *proposal) base(doc *openapi.Document) {
	for _, s := range doc.Servers() {
		if u, err := url.Parse(s); err == nil && u.Host != "" && u.Scheme != "" && u.RawQuery == "" && !strings.ContainsAny(s, "{} ") {
			p.servers = append(p.servers, s)
		} else if err == nil && strings.HasPrefix(s, "/") && len(p.servers) == 0 && !strings.ContainsAny(s, "{} ") {
			p.servers = []string{"https://api." + p.Name + ".example" + s}
			p.baseGuess = "the description gives only " + s + ": put the host in"
		}
	}
	if len(p.servers) == 0 {
		p.servers = []string{"https://api." + p.Name + ".example"}
		p.baseGuess = "the description names no server: put its address here"
	}
}

// period finds when an item's period starts and ends, in it or in the outer one.
func (p *proposal) period() {
	p.start, p.end = findStart(p.item), findEnd(p.item)
	if p.start == nil && p.outer != nil {
		p.start, p.end, p.startOuter = findStart(p.outer), findEnd(p.outer), true
	}
}

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
		p.window.value = "{ resolution: day }"
		p.miss("no parameters for the range: the gateway keeps of the answer what lies in it")
	}
}

// pathSlot is a parameter of a path.
var pathSlot = regexp.MustCompile(`\{([^{}/]+)\}`)

func isMonth(l *leaf) bool { return formOf(l) == "month" }

var breaks = regexp.MustCompile(`\s+`)

// oneLine is the first sentence of a text, for a comment or a title.
func oneLine(s string, most int) string {
	s = strings.TrimSpace(breaks.ReplaceAllString(s, " "))
	if sentence, _, cut := strings.Cut(s, ". "); cut {
		s = sentence
	}
	letters := []rune(strings.TrimRight(s, "."))
	if len(letters) > most {
		return strings.TrimSpace(string(letters[:most])) + "…"
	}
	return string(letters)
}

func exampleText(s *openapi.Schema) string {
	if s == nil || s.Example == nil || len(s.Example.Content) > 0 {
		return ""
	}
	return s.Example.Value
}

// findCheck is a cheap call that proves the credentials: a GET that demands nothing.
func findCheck(doc *openapi.Document, chosen *candidate) *candidate {
	var out *candidate
	for _, op := range doc.Operations() {
		demands := slices.ContainsFunc(op.Params, func(p openapi.Param) bool { return p.Required })
		if op.Method != "GET" || demands || strings.Contains(op.Path, "{") || op.Path == chosen.Path || op.Answer == nil {
			continue
		}
		c := &candidate{Operation: op}
		for i, w := range []string{"me", "self", "whoami", "organization", "organizations", "orgs", "account", "accounts", "user", "users", "projects", "status"} {
			if has(words(op.Path), w) {
				c.score = max(c.score, 20-i)
			}
		}
		if c.score > 0 && (out == nil || c.score > out.score) {
			out = c
		}
	}
	return out
}

// describe is an operation as a comment names it.
func (c *candidate) describe() string {
	if c.Summary == "" {
		return c.title()
	}
	return fmt.Sprintf("%s: %s", c.title(), oneLine(c.Summary, 80))
}
