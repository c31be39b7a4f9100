package coverage

import (
	"fmt"
	"strings"
)

// maxListed bounds a list of the provider's fields: a report can have a column for each day.
const maxListed = 40

const head = `# Coverage

<!-- Generated from connectors, mappings and cassettes; an edit by hand is lost. make update writes it anew. -->

What each provider fills of the unified usage record, and what it can be filtered by.

`

// Table is the coverage of all connectors in Markdown: the table by groups of fields, the filters, and a section a
// connector with the reasons.
func Table(all []*Connector) []byte {
	var b strings.Builder
	b.WriteString(head)
	for _, l := range Legend() {
		fmt.Fprintf(&b, "* %s\n", l)
	}
	b.WriteString("* a number is in how many percent of the recorded records the field is filled, where that is not all of them\n")
	if len(all) == 0 {
		return []byte(b.String())
	}
	for _, g := range Groups(all[0].Fields) {
		fmt.Fprintf(&b, "\n## %s\n\n|", g.Title)
		for _, p := range g.Paths {
			fmt.Fprintf(&b, " | %s", plain(p))
		}
		fmt.Fprintf(&b, " |\n|---%s|\n", strings.Repeat("|:-:", len(g.Paths)))
		for _, c := range all {
			fmt.Fprintf(&b, "| %s", link(c.Name))
			for _, p := range g.Paths {
				fmt.Fprintf(&b, " | %s", c.cell(p))
			}
			b.WriteString(" |\n")
		}
	}
	b.WriteString("\n## Filters\n\nWhat the provider can filter by it is asked for; the gateway applies every filter in any case. `·`: no field could match.\n\n|")
	for _, f := range all[0].Filters {
		fmt.Fprintf(&b, " | %s", f.Name)
	}
	fmt.Fprintf(&b, " |\n|---%s|\n", strings.Repeat("|:-:", len(all[0].Filters)))
	for _, c := range all {
		fmt.Fprintf(&b, "| %s", link(c.Name))
		for _, f := range c.Filters {
			fmt.Fprintf(&b, " | %s", by(f))
		}
		b.WriteString(" |\n")
	}
	for _, c := range all {
		fmt.Fprintf(&b, "\n## %s\n\n", c.Title)
		for _, line := range c.Notes() {
			fmt.Fprintf(&b, "* %s\n", line)
		}
	}
	return []byte(b.String())
}

func link(name string) string { return fmt.Sprintf("[%s](connectors/%s.md)", name, name) }

func by(f Filter) string {
	if f.By == "" {
		return signs[Absent]
	}
	return f.By
}

// Notes says in sentences what the table shows by signs: constants with their values, what is approximated and how,
// what is absent and why; and what the recordings show.
func (c *Connector) Notes() []string {
	var out, constants []string
	for _, f := range c.Fields {
		if f.How == Constant {
			constants = append(constants, constant(f))
		}
	}
	if len(constants) > 0 {
		out = append(out, "The same for every record: "+strings.Join(constants, ", ")+".")
	}
	out = append(out, c.reasons(Approximated, "Approximated")...)
	out = append(out, c.reasons(Absent, "Absent")...)
	return append(out, c.Shown()...)
}

// Shown says what the recordings show: how many records, and what the provider says that nothing reads.
func (c *Connector) Shown() []string {
	if c.Records == 0 {
		return []string{"No recording shows a record."}
	}
	out := []string{fmt.Sprintf("The recordings hold %d different records.", c.Records)}
	if len(c.Unread) > 0 {
		listed, more := c.Unread, ""
		if len(listed) > maxListed {
			listed, more = listed[:maxListed], fmt.Sprintf(" and %d more", len(c.Unread)-maxListed)
		}
		out = append(out, "The provider's fields that no mapping reads (they are in `remote_data`): "+code(listed)+more+".")
	}
	return out
}

func constant(f Field) string {
	var of []string
	for _, v := range f.Values {
		of = append(of, "`"+v+"`")
	}
	for _, from := range f.From {
		of = append(of, "`"+from+"`")
	}
	if len(of) == 0 {
		return "`" + plain(f.Path) + "`"
	}
	return "`" + plain(f.Path) + "` (" + strings.Join(of, " or ") + ")"
}

// reasons groups the fields of one kind by what is said about them, members of one object together.
func (c *Connector) reasons(how How, title string) []string {
	var out []string
	for i := 0; i < len(c.Fields); {
		f := c.Fields[i]
		fields := []string{plain(f.Path)}
		for i++; i < len(c.Fields) && f.How == how && c.Fields[i].How == how && c.Fields[i].Reason == f.Reason && f.Reason != ""; i++ {
			fields = append(fields, plain(c.Fields[i].Path))
		}
		if f.How != how {
			continue
		}
		line := title + ": " + code(fields)
		if f.Reason != "" {
			line += ": " + f.Reason
		}
		out = append(out, line+".")
	}
	return out
}

func code(names []string) string { return "`" + strings.Join(names, "`, `") + "`" }

// FieldTable is the table of a connector's fields in Markdown, with what each is made of.
func (c *Connector) FieldTable() string {
	var b strings.Builder
	b.WriteString("| field | | filled | from |\n|---|:-:|--:|---|\n")
	for _, f := range c.Fields {
		filled, from := "", f.Reason
		if f.How != Absent {
			filled = fmt.Sprintf("%d %%", f.Share(c.Records))
			from = ""
			if len(f.From) > 0 {
				from = code(f.From)
			}
			switch {
			case f.How == Constant && len(f.Values) > 0:
				from = strings.TrimSuffix("`"+strings.Join(f.Values, "`, `")+"`, "+from, ", ")
			case f.How == Approximated:
				from += ": " + f.Reason
			}
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.Path, f.Sign(), filled, strings.ReplaceAll(from, "|", `\|`))
	}
	return b.String()
}
