package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/coverage"
)

type connectorsVerb struct {
	List connectorsListVerb `cmd:"" help:"List the connectors that are installed."`
	Show connectorsShowVerb `cmd:"" help:"Show one connector: resources, credentials, context, pagination, fields."`
}

type connectorsListVerb struct {
	Coverage bool `help:"What each fills of the unified usage, and what it can be filtered by."`
	JSON     bool `help:"As a JSON array of objects." name:"json" xor:"form"`
	Markdown bool `help:"As a page of the documentation." xor:"form"`
	folders
}

func (v *connectorsListVerb) Run(to std) error {
	if v.Coverage {
		return v.coverage(to)
	}
	views, err := describeAll(v.folders)
	if err != nil {
		return err
	}
	if v.JSON {
		return printJSON(to.out, views)
	}
	if v.Markdown {
		_, err := to.out.Write(index(views))
		return err
	}
	g := &grid{columns: []column{{title: "name"}, {title: "title", long: true}, {title: "resources", long: true}, {title: "periods"}, {title: "auth", long: true}}}
	for _, c := range views {
		g.add(c.Name, c.Title, strings.Join(c.resourcesSaid(), ", "), c.periods(), c.Auth)
	}
	g.write(to.out, "", widthOf(to.out))
	fmt.Fprintf(to.out, "\n%s. Each answers in every format, and in CSV. %s. More: meterbridge connectors show NAME\n", count(len(views), "connector"), saidOfMappings(views))
	return nil
}

func (v *connectorsListVerb) coverage(to std) error {
	all, err := assembly.Coverage(v.files())
	switch {
	case err != nil:
		return err
	case v.JSON:
		return printJSON(to.out, all)
	case v.Markdown:
		_, err = to.out.Write(coverage.Table(all))
		return err
	}
	printCoverage(to.out, all, widthOf(to.out))
	return nil
}

type connectorsShowVerb struct {
	Name     string `arg:"" help:"The connector."`
	JSON     bool   `help:"As JSON." name:"json" xor:"form"`
	Markdown bool   `help:"As a page of the documentation." xor:"form"`
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
		if v.Markdown {
			return v.page(to, c)
		}
		c.print(to.out, widthOf(to.out))
		return nil
	}
	return unknownName("connector", v.Name, names)
}

func (v *connectorsShowVerb) page(to std, c *connectorView) error {
	all, err := assembly.Coverage(v.files().Only(c.Name))
	if err != nil {
		return err
	}
	_, err = to.out.Write(c.page(covered(all, c.Name)))
	return err
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
	for i, s := range c.Setup {
		p.line(firstOnly(i, "set up"), fmt.Sprintf("%d. %s", i+1, s))
	}
	p.line("check", c.Check)
	p.line("limits", c.limits())
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
		p.line("mapping", string(r.Mapping))
		p.line("periods", r.periods())
		p.line("restates", r.restates())
		p.line("scopes", strings.Join(r.Scopes, ", "))
		p.line("filters", r.filters())
		p.line("fills", strings.Join(leaves(r.Fields), ", "))
		for i, o := range r.Approximated {
			p.line(firstOnly(i, "comes near"), o.Field+": "+o.Reason)
		}
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
	fmt.Fprint(w, c.trial("  "))
}

// trial is a command that asks the provider without any configuration.
func (c *connectorView) trial(indent string) string {
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
	return fmt.Sprintf("%s%s \\\n%s  meterbridge call usage-metering %s --connector %s\n", indent, strings.Join(env, " "), indent, c.firstResource(), c.Name)
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
