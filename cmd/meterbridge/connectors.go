package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

type connectorsVerb struct {
	List connectorsListVerb `cmd:"" help:"List the connectors that are installed."`
	Show connectorsShowVerb `cmd:"" help:"Show one connector: resources, credentials, context, pagination, fields."`
}

type connectorsListVerb struct {
	JSON bool `help:"As a JSON array of objects." name:"json"`
	folders
}

func (v *connectorsListVerb) Run(to std) error {
	views, err := describeAll(v.folders)
	if err != nil {
		return err
	}
	if v.JSON {
		return printJSON(to.out, views)
	}
	g := &grid{columns: []column{{title: "name"}, {title: "title", long: true}, {title: "resources", long: true}, {title: "periods"}, {title: "auth", long: true}}}
	for _, c := range views {
		g.add(c.Name, c.Title, strings.Join(c.resourceNames(), ", "), c.periods(), c.Auth)
	}
	g.write(to.out, "", widthOf(to.out))
	fmt.Fprintf(to.out, "\n%s. Each answers in every format, and in CSV. More: meterbridge connectors show NAME\n", count(len(views), "connector"))
	return nil
}

type connectorsShowVerb struct {
	Name string `arg:"" help:"The connector."`
	JSON bool   `help:"As JSON." name:"json"`
	folders
}

func (v *connectorsShowVerb) Run(to std) error {
	views, err := describeAll(v.folders)
	if err != nil {
		return err
	}
	var names []string
	for _, c := range views {
		if names = append(names, c.Name); c.Name != v.Name {
			continue
		}
		if v.JSON {
			return printJSON(to.out, c)
		}
		c.print(to.out, widthOf(to.out))
		return nil
	}
	return unknownName("connector", v.Name, names)
}

// print is the connector for a person, the way it is set up first.
func (c *connectorView) print(w io.Writer, width int) {
	fmt.Fprintf(w, "%s (%s)\n", c.Title, c.Name)
	if c.Docs != "" {
		fmt.Fprintln(w, c.Docs)
	}
	p := &sheet{w: w, width: width}
	for _, cr := range c.Credentials {
		p.fitName(cr.Name)
	}
	for _, v := range c.Context {
		p.fitName(v.Name)
	}
	for _, r := range c.Proxy {
		p.fitName(r.Name)
	}
	p.heading("account")
	p.line("auth", c.Auth)
	for i, cr := range c.Credentials {
		p.named(firstOnly(i, "credentials"), cr.Name, cr.says())
	}
	for i, v := range c.Context {
		p.named(firstOnly(i, "context"), v.Name, v.says())
	}
	p.line("check", c.Check)
	if p.line("limits", c.Limits); c.Limits == "" {
		p.line("limits", "none published; Retry-After and the rate-limit headers govern")
	}
	for _, r := range c.Resources {
		p.heading(r.Name)
		for _, m := range r.Methods {
			for i, call := range m.Calls {
				p.line(firstOnly(i, m.Name), firstOr(i, "")+call)
			}
		}
		if r.Derived != "" {
			p.line("list", "derived: the distinct "+r.Derived+" of a range")
		}
		p.line("periods", r.periods())
		p.line("restates", r.restates())
		p.line("scopes", strings.Join(r.Scopes, ", "))
		p.line("filters", r.filters())
		p.line("fills", strings.Join(leaves(r.Fields), ", "))
		for i, o := range r.Omitted {
			p.line(firstOnly(i, "leaves out"), o.Field+": "+o.Reason)
		}
		for i, gap := range r.Gaps {
			p.line(firstOnly(i, "gaps"), gap)
		}
	}
	if len(c.Proxy) > 0 {
		p.heading("only through /proxy")
		for _, r := range c.Proxy {
			for _, m := range r.Methods {
				p.named("", r.Name, m.says())
			}
		}
	}
	if len(c.Inferred) > 0 {
		p.heading("assumed, and not said by the provider")
		for _, s := range c.Inferred {
			p.line("", s)
		}
	}
	p.heading("a first call")
	var env []string
	for _, cr := range c.Credentials {
		if cr.first {
			env = append(env, variable(c.Name, cr.Name)+"=…")
		}
	}
	for _, v := range c.Context {
		if v.Required {
			env = append(env, variable(c.Name, v.Name)+"=…")
		}
	}
	fmt.Fprintf(w, "  %s \\\n    meterbridge call usage-metering %s --connector %s\n", strings.Join(env, " "), c.firstResource(), c.Name)
}

func firstOnly(i int, label string) string {
	if i > 0 {
		return ""
	}
	return label
}

func firstOr(i int, first string) string {
	if i > 0 {
		return "or "
	}
	return first
}

// leaves are the fields that have none below them: the others say nothing more.
func leaves(fields []string) []string {
	var out []string
	for i, f := range fields {
		if i+1 < len(fields) && (strings.HasPrefix(fields[i+1], f+".") || strings.HasPrefix(fields[i+1], f+"[].")) {
			continue
		}
		out = append(out, f)
	}
	return out
}

func (c *connectorView) firstResource() string {
	names := c.resourceNames()
	if slices.Contains(names, "usage") || len(names) == 0 {
		return "usage"
	}
	return names[0]
}

// sheet writes labelled lines, long ones broken between words.
type sheet struct {
	w     io.Writer
	width int
	names int // width of the column of names
}

// fitName makes the column of names wide enough.
func (p *sheet) fitName(name string) { p.names = max(p.names, len(name)+2) }

func (p *sheet) heading(s string) { fmt.Fprintf(p.w, "\n%s\n", s) }

const (
	labelWidth   = 13
	unboundWidth = 110 // where there is no terminal to ask
)

func (p *sheet) line(label, value string) {
	if value == "" {
		return
	}
	for i, part := range wrap(value, max(30, p.room())) {
		fmt.Fprintf(p.w, "  %-*s%s\n", labelWidth, firstOnly(i, label), part)
	}
}

// named is a line whose value has a name of its own, in a column before it.
func (p *sheet) named(label, name, value string) {
	for i, part := range wrap(value, max(30, p.room()-p.names)) {
		fmt.Fprintf(p.w, "  %-*s%-*s%s\n", labelWidth, firstOnly(i, label), p.names, firstOnly(i, name), part)
	}
}

func (p *sheet) room() int {
	if p.width == 0 {
		return unboundWidth - labelWidth - 2
	}
	return p.width - labelWidth - 2
}

// wrap breaks between words.
func wrap(s string, width int) []string {
	var out []string
	for len([]rune(s)) > width {
		cut := strings.LastIndex(string([]rune(s)[:width+1]), " ")
		if cut <= 0 {
			break
		}
		out, s = append(out, strings.TrimRight(s[:cut], " ")), strings.TrimLeft(s[cut:], " ")
	}
	return append(out, s)
}
