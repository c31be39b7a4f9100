package coverage

import (
	"slices"
	"strconv"
	"strings"
)

// Group is a part of the table: fields that one looks at together.
type Group struct {
	Title string
	Paths []string
}

// themes are the top-level fields of each group, in the order of the table; what the model gains comes last.
var themes = []struct {
	title  string
	fields []string
}{
	{"What was used", []string{"id", "product", "metric_name", "resources"}},
	{"Who used it", []string{"organization", "workspace", "user"}},
	{"What it cost", []string{"charges", "charge_category"}},
	{"How much it was", []string{"usage", "model", "surface"}},
	{"When, and what else is known", []string{"start_date", "end_date", "created_at", "updated_at", "finality", "dimensions"}},
	{"More", nil},
}

// Groups sorts the fields of the model into groups.
func Groups(fields []Field) []Group {
	out := make([]Group, len(themes))
	for i, t := range themes {
		out[i].Title = t.title
	}
	for _, f := range fields {
		i := slices.IndexFunc(themes, func(t struct {
			title  string
			fields []string
		}) bool {
			return slices.Contains(t.fields, Top(f.Path))
		})
		if i < 0 {
			i = len(themes) - 1
		}
		out[i].Paths = append(out[i].Paths, f.Path)
	}
	return slices.DeleteFunc(out, func(g Group) bool { return len(g.Paths) == 0 })
}

// Top is the field of the record that a path begins with.
func Top(path string) string {
	top, _, _ := strings.Cut(path, ".")
	return plain(top)
}

// signs are what a cell of the table holds.
var signs = map[How]string{Mapped: "●", Approximated: "◐", Constant: "○", Absent: "·"}

// Legend explains the signs, one after the other.
func Legend() []string {
	return []string{
		signs[Mapped] + " from the provider's answer", signs[Approximated] + " approximated from it",
		signs[Constant] + " the same for every record", signs[Absent] + " absent",
	}
}

// Sign is the cell of a field.
func (f Field) Sign() string { return signs[f.How] }

// Field finds a field by its path; nil where the connector's table has none.
func (c *Connector) Field(path string) *Field {
	i := slices.IndexFunc(c.Fields, func(f Field) bool { return f.Path == path })
	if i < 0 {
		return nil
	}
	return &c.Fields[i]
}

// cell is a field's sign, and in how many percent of the records it is filled, where that is not all of them.
func (c *Connector) cell(path string) string {
	f := c.Field(path)
	switch {
	case f == nil:
		return ""
	case f.How == Absent || f.Filled == c.Records && c.Records > 0:
		return f.Sign()
	case c.Records == 0:
		return f.Sign() + " ?"
	}
	return f.Sign() + " " + strconv.Itoa(f.Share(c.Records))
}
