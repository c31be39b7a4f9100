package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/coverage"
)

const generated = "<!-- Generated from the connector, its mapping and its cassette; an edit by hand is lost. make update writes it anew. -->"

// page is the connector as a page of the documentation.
func (c *connectorView) page(fills *coverage.Connector) []byte {
	p := &document{}
	p.f("# %s\n\n%s\n\n%s", c.Title, generated, c.About)
	if c.Docs != "" {
		p.f("\n\nThe provider's own documentation: <%s>", c.Docs)
	}
	p.f("\n\n| | |\n|---|---|\n")
	p.row("connector", "`"+c.Name+"`")
	p.row("auth", c.Auth)
	p.row("periods", c.periods())
	for _, r := range c.Resources {
		if r.Name == "usage" {
			p.row("delay", r.restates())
		}
	}
	p.row("provider's limits", c.limits())
	p.setUp(c)
	p.firstCall(c)
	for _, r := range c.Resources {
		p.resource(r)
	}
	if fills != nil {
		p.f("\n## What usage is made of\n\n%s; the share is of the records in the recordings. `$lookups` are calls beside the list, `$account` is the account's own configuration.\n\n%s\n",
			strings.Join(coverage.Legend(), ", "), fills.FieldTable())
		for _, line := range fills.Shown() {
			p.f("* %s\n", line)
		}
	}
	p.list("Errors that are read specially", c.Errors)
	if len(c.Proxy) > 0 {
		p.f("\n## Only through `/proxy`\n\n| resource | |\n|---|---|\n")
		for _, r := range c.Proxy {
			for _, m := range r.Methods {
				p.row("`"+r.Name+"`", m.says())
			}
		}
	}
	p.list("Assumed, and not said by the provider", c.Inferred)
	return append(bytes.TrimRight(p.Bytes(), "\n"), '\n')
}

// document is Markdown in the making.
type document struct{ bytes.Buffer }

func (p *document) f(format string, args ...any) { fmt.Fprintf(p, format, args...) }

// row is a row of a table; one whose last cell is empty is left out.
func (p *document) row(cells ...string) {
	if cells[len(cells)-1] == "" {
		return
	}
	for _, c := range cells {
		p.f("| %s ", strings.ReplaceAll(strings.ReplaceAll(c, "\n", " "), "|", `\|`))
	}
	p.f("|\n")
}

func (p *document) list(title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	p.f("\n## %s\n\n", title)
	for _, l := range lines {
		p.f("* %s\n", l)
	}
}

func (p *document) setUp(c *connectorView) {
	p.f("\n## Set up\n\n")
	for i, s := range c.Setup {
		p.f("%d. %s\n", i+1, s)
	}
	if len(c.Credentials) > 0 {
		p.f("\n| credential | is | secret |\n|---|---|---|\n")
		for _, cr := range c.Credentials {
			secret := "yes"
			if !cr.Secret {
				secret = "no"
			}
			p.row("`"+cr.Name+"`", cr.says(), secret)
		}
	}
	p.f("\n| context | is | default |\n|---|---|---|\n")
	for _, v := range c.Context {
		p.row("`"+v.Name+"`", v.meaning(), v.otherwise())
	}
	p.f("\n~~~yaml\naccounts:\n  static:\n    - id: my-%s\n      connector: %s\n", c.Name, c.Name)
	if context := c.needed(); len(context) > 0 {
		p.f("      context: { %s }\n", strings.Join(context, ", "))
	}
	var pairs []string
	for _, cr := range c.Credentials {
		if cr.first {
			pairs = append(pairs, fmt.Sprintf("%s: ${%s}", cr.Name, variable(c.Name, cr.Name)))
		}
	}
	p.f("      credentials: { %s }\n~~~\n", strings.Join(pairs, ", "))
	if c.Check != "" {
		p.f("\n`meterbridge check my-%s` proves it, by `%s`.\n", c.Name, c.Check)
	}
}

func (p *document) firstCall(c *connectorView) {
	p.f("\n## A first call\n\n~~~sh\ncurl -H \"Authorization: Bearer $MB_TOKEN\" \\\n  'http://127.0.0.1:8080/unified/usage-metering/%s?integrated_account_id=my-%s&start_date=2026-09&end_date=2026-09'\n~~~\n", c.firstResource(), c.Name)
	p.f("\nWithout any configuration, from the environment:\n\n~~~sh\n%s~~~\n", c.trial(""))
}

func (p *document) resource(r resourceView) {
	p.f("\n## `%s`\n\n| | |\n|---|---|\n", r.Name)
	for _, m := range r.Methods {
		for i, call := range m.Calls {
			p.row(firstOnly(i, m.Name), firstOr(i, "")+call)
		}
	}
	if r.Derived != "" {
		p.row("list", "derived: the distinct "+r.Derived+" of a range")
	}
	p.row("mapping", string(r.Mapping))
	p.row("periods", r.periods())
	p.row("delay", r.restates())
	p.row("scopes", strings.Join(r.Scopes, ", "))
	if r.Derived == "" { // one that is derived narrows as usage does
		p.row("filters", r.filters())
	}
	p.row("pages", "by the gateway's cursor, in every format")
	if r.Name != "usage" { // of usage the table below says it field by field
		p.row("fills", strings.Join(leaves(r.Fields), ", "))
		for i, o := range r.Omitted {
			p.row(firstOnly(i, "leaves out"), o.Field+": "+o.Reason)
		}
	}
	for i, gap := range r.Gaps {
		p.row(firstOnly(i, "gaps"), gap)
	}
}

// index lists the pages of all connectors.
func index(views []*connectorView) []byte {
	p := &document{}
	p.f("# Connectors\n\n%s\n\nA page a provider: how to set it up, what it answers, what it leaves out. All side by side: [coverage](../coverage.md).\n", generated)
	p.f("How to write one: [the connector language](../../connectors/README.md).\n\n| connector | provider | periods | resources | auth |\n|---|---|---|---|---|\n")
	for _, c := range views {
		p.row(fmt.Sprintf("[%s](%s.md)", c.Name, c.Name), c.Title, c.periods(), strings.Join(c.resourceNames(), ", "), c.Auth)
	}
	return p.Bytes()
}

func covered(all []*coverage.Connector, name string) *coverage.Connector {
	i := slices.IndexFunc(all, func(c *coverage.Connector) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return all[i]
}

// needed are the variables that an account must set.
func (c *connectorView) needed() []string {
	var out []string
	for _, v := range c.Context {
		if v.Required {
			out = append(out, v.Name+": …")
		}
	}
	return out
}

// meaning is what a variable is and takes, and otherwise its value where the account sets none.
func (v contextView) meaning() string {
	s := v.Title
	if len(v.Enum) > 0 {
		s += ": `" + strings.Join(v.Enum, "`, `") + "`"
	}
	return s
}

func (v contextView) otherwise() string {
	switch text, isText := v.Default.(string); {
	case v.Required:
		return "**required**"
	case v.Default == nil, isText && text == "":
		return "–"
	case isText:
		return "`" + text + "`"
	}
	b, err := json.Marshal(v.Default)
	if err != nil {
		return "–"
	}
	return "`" + string(b) + "`"
}

// errorRules says what particular answers of the provider mean.
func errorRules(e connector.ErrorSpec) []string {
	var out []string
	if e.Confirm > 0 {
		out = append(out, fmt.Sprintf("A 401 is tried once more after %s: the provider answers so to logins that are too many.", e.Confirm))
	}
	for _, r := range e.Rules {
		var when []string
		for _, s := range r.Status {
			when = append(when, fmt.Sprint(s))
		}
		line := strings.Join(when, ", ")
		if cond := r.When.String(); cond != "" {
			line = strings.TrimSpace(line + " where `" + cond + "`")
		}
		as := "`" + string(r.Code) + "`"
		if r.Code == "" {
			as = strings.ReplaceAll(r.As, "_", " ")
		}
		out = append(out, strings.TrimSuffix(fmt.Sprintf("%s → %s: %s", line, as, r.Message), ": "))
	}
	return out
}
