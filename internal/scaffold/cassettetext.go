package scaffold

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/meterbridge/meterbridge/internal/openapi"
)

func (p *proposal) cassette() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: composed, and not recorded.\n\n", p.title)
	if p.Source != "" {
		fmt.Fprintf(&b, "The shapes are those of %s, the values its examples or made up.\n", p.Source)
	}
	fmt.Fprintf(&b, "`meterbridge record %s usage --account ID` makes a recording of the provider's own answers to put in its place.\n", p.Name)
	b.WriteString("The form is described in internal/simulate/doc.go.\n-- cassette.yaml --\n")
	fmt.Fprintf(&b, "month: %s\nnow: 2026-10-05T12:00:00Z\ncredentials:\n", sampleMonth.Format("2006-01"))
	for _, c := range p.signing.credentials {
		fmt.Fprintf(&b, "  %s: %s\n", c.name, demo(c.name))
	}
	if len(p.context) > 0 || p.signing.token != "" {
		b.WriteString("context:\n")
		for _, v := range p.context {
			fmt.Fprintf(&b, "  %s: %s\n", v.name, openapi.Quote(v.demo))
		}
		if p.signing.token != "" {
			fmt.Fprintf(&b, "  token_url: \"{base}%s\"\n", p.tokenPath())
		}
	}
	b.WriteString("auth:\n")
	for _, line := range p.signing.recorded {
		b.WriteString("  " + line + "\n")
	}
	query := `query: "start_date=2026-09"`
	fmt.Fprintf(&b, "requests:\n  usage:      { resource: usage, %s }\n  normalized: { resource: usage, %s, format: normalized }\n  raw:        { resource: usage, %s, format: raw }\n", query, query, query)
	if findProduct(p.item) != nil {
		fmt.Fprintf(&b, "  products:   { resource: products, %s }\n", query)
	}
	p.token(&b)
	p.exchanges(&b)
	if p.check != nil {
		fmt.Fprintf(&b, "-- exchange/check --\nGET %s\n\n200\nContent-Type: application/json\n\n%s\n", p.check.Path, compose(p.check.Answer, nil, none))
	}
	p.faults(&b)
	return b.String()
}

func none(string, *openapi.Schema) (string, bool) { return "", false }

// demo is a credential of a cassette.
func demo(name string) string { return "demo-" + strings.ReplaceAll(name, "_", "-") + "-0001" }

func (p *proposal) tokenPath() string {
	if u, err := url.Parse(p.tokenURL()); err == nil && u.Path != "" {
		return u.EscapedPath()
	}
	return "/oauth/token"
}

func (p *proposal) token(b *strings.Builder) {
	if p.signing.token == "" {
		return
	}
	fmt.Fprintf(b, `-- exchange/token --
POST %s
form: { grant_type: client_credentials, "scope?": "{*}" }
auth: { Authorization: "Basic {basic:client_id:client_secret}" }

200
Content-Type: application/json

{"access_token": "{token}", "token_type": "Bearer", "expires_in": 600}
`, p.tokenPath())
}

// exchanges are the pages: two with items, and an empty one where nothing else says the end.
func (p *proposal) exchanges(b *strings.Builder) {
	items := p.items()
	g := p.paging
	if g.style == "" || p.list.whole {
		p.exchange(b, "usage", "", "", p.answer(items, "", true), true)
		return
	}
	name := "page"
	if g.param != nil {
		name = g.param.Name
	}
	second, links := "p2", ""
	next := `"p2"`
	first, size := "", 2
	switch g.style {
	case "number":
		second = "2"
		if g.first == "0" {
			second = "1"
		}
		first = "?" + or(g.first, "1")
	case "offset":
		second, first = fmt.Sprint(size), "?0"
	case "next_url":
		next = fmt.Sprintf(`"{self:%s=p2}"`, name)
	case "link_header":
		links = fmt.Sprintf("Link: <{self:%s=p2}>; rel=\"next\"\n", name)
	}
	p.exchange(b, "usage", pageKey(name, first), links, p.answer(items[:size], next, false), true)
	p.exchange(b, "usage-page-2", pageKey(name, second), "", p.answer(items[size:], "", true), true)
	if g.style == "number" && g.total == "" && g.more == "" || g.style == "offset" && g.total == "" {
		end := map[string]string{"number": map[string]string{"2": "3", "1": "2"}[second], "offset": "3"}[g.style]
		p.exchange(b, "usage-end", pageKey(name, end), "", p.answer(nil, "", true), false)
	}
}

// pageKey is a parameter of the pattern: page=2, or page?=1 where it may be absent.
func pageKey(name, value string) string {
	if value == "" {
		return ""
	}
	if rest, optional := strings.CutPrefix(value, "?"); optional {
		return name + "?=" + rest
	}
	return name + "=" + value
}

func (p *proposal) exchange(b *strings.Builder, name, page, headers, body string, dated bool) {
	var query, inBody []string
	pageInBody := p.paging.param != nil && p.paging.param.inBody
	for _, a := range p.arguments {
		switch {
		case a.pattern == "":
		case a.inBody:
			inBody = append(inBody, openapi.Quote(a.key)+": "+openapi.Quote(a.pattern))
		default:
			query = append(query, url.QueryEscape(a.key)+"="+a.pattern)
		}
	}
	if page != "" && pageInBody {
		key, value, _ := strings.Cut(page, "=")
		if p.paging.style != "number" && p.paging.style != "offset" {
			value = openapi.Quote(value)
		}
		inBody = append(inBody, openapi.Quote(key)+": "+value)
	} else if page != "" {
		query = append(query, page)
	}
	target := p.recorded
	if len(query) > 0 {
		target += "?" + strings.Join(query, "&")
	}
	fmt.Fprintf(b, "-- exchange/%s --\n%s %s\n", name, p.operation.Method, target)
	if len(inBody) > 0 {
		fmt.Fprintf(b, "body: { %s }\n", strings.Join(inBody, ", "))
	}
	if page == "" && pageInBody && p.paging.style != "" { // a body's page has to say that it is the first
		fmt.Fprintf(b, "absent: [%s]\n", openapi.Quote(p.paging.param.Name))
	}
	if dated {
		p.directives(b)
	}
	kind := p.operation.ContentType
	if kind == "" || strings.Contains(kind, "*") {
		kind = "application/json"
	}
	fmt.Fprintf(b, "\n200\nContent-Type: %s\n%s\n%s\n", kind, headers, body)
}

// directives say where the items and their dates are, so that they move to the months that are asked for.
func (p *proposal) directives(b *strings.Builder) {
	if p.list.whole || p.start == nil {
		return
	}
	within := ""
	if p.list.each != "" && !p.startOuter {
		within = p.list.each + ".0."
	}
	fmt.Fprintf(b, "items: %s\ndate: %s\n", scalar(or(p.list.path, ".")), scalar(within+p.start.dotted()))
	if id := findID(p.item); id != nil && id.text() && p.list.each == "" {
		fmt.Fprintf(b, "id: %s\n", scalar(id.dotted()))
	}
	var counts []string
	for _, l := range []*leaf{p.start, p.end} {
		if f := formOf(l); f == "unix" || f == "unix_ms" || f == "yyyymmdd" {
			counts = append(counts, scalar(within+l.dotted()))
		}
	}
	if counts != nil {
		fmt.Fprintf(b, "counts: [%s]\n", strings.Join(counts, ", "))
	}
}

// faults are the answers that a provider gives to wrong credentials, missing permissions and too many calls.
func (p *proposal) faults(b *strings.Builder) {
	for _, f := range []struct{ name, status, header, code, message string }{
		{"unauthorized", "401", "", "unauthorized", "The credentials are unknown"},
		{"forbidden", "403", "", "forbidden", "The credentials may not read usage"},
		{"rate_limited", "429", "Retry-After: 30\n", "rate_limited", "Too many requests"},
	} {
		body := fmt.Sprintf(`{"error": {"code": %q, "message": %q}}`, f.code, f.message)
		if p.operation.Fault != nil && p.operation.Fault.Type == "object" {
			message, code := faultPaths(p.operation.Fault)
			body = compose(p.operation.Fault, nil, func(path string, s *openapi.Schema) (string, bool) {
				switch {
				case path == message[0] && s.Type != "object":
					return openapi.Quote(f.message), true
				case path == code[0] && s.Type != "object" && s.Type != "integer":
					return openapi.Quote(f.code), true
				}
				return "", false
			})
		}
		fmt.Fprintf(b, "-- answer/%s --\n%s\nContent-Type: application/json\n%s\n%s\n", f.name, f.status, f.header, body)
	}
}
