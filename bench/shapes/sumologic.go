package shapes

import (
	"bytes"
	"fmt"
	"time"
)

// categories of a wide report, each with what it consumed and what that cost.
var categories = [...]struct{ name, unit string }{
	{"Continuous Ingest", "GB"}, {"Infrequent Ingest", "GB"}, {"Frequent Ingest", "GB"}, {"Storage", "GB"}, {"Infrequent Storage", "GB"},
	{"Metrics Ingest", "DPM"}, {"Tracing Ingest", "GB"}, {"Cloud SIEM Ingest", "GB"},
}

// SumoLogic is rows of a wide report: an object of strings by the names of its columns, as a table's rows become items.
func SumoLogic(time.Time) Shape {
	return Shape{
		Name: "sumologic",
		open: `{"data":[` + "\n", close: "\n" + `],"next":%s}`,
		item: func(g *Gen, b []byte) []byte { return rowObject(b, SumoHeader(), SumoRow(g, nil)) },
		Vars: Vars{
			Query:   `{"preliminary_from":null,"granularity":"day"}`,
			Account: `{"id":"bench","context":{"deployment":"us1","child_id_column":"Child Org ID","child_name_column":"Child Org Name","currency":"USD"}}`,
			Call:    `{"body":{"groupBy":"day"},"query":{},"window":{}}`,
			Lookups: `{}`,
		},
	}
}

// SumoHeader is the report's first line.
func SumoHeader() []byte {
	b := []byte("Date,Total Credits")
	for _, c := range categories {
		b = fmt.Appendf(b, ",%s (%s),%s Credits", c.name, c.unit, c.name)
	}
	return append(b, '\n')
}

// SumoRow appends a row: a day, and figures of which a few are empty.
func SumoRow(g *Gen, b []byte) []byte {
	b = fmt.Appendf(b, "%s,%s", g.day().Format(time.DateOnly), g.money(4))
	for range categories {
		if g.rare() {
			b = append(b, ",,0.0"...)
			continue
		}
		b = fmt.Appendf(b, ",%s,%s", g.money(6), g.money(4))
	}
	return append(b, '\n')
}

// rowObject is a row as an item: neither names nor cells of this report need quoting.
func rowObject(b, header, row []byte) []byte {
	names, cells := bytes.Split(bytes.TrimSpace(header), []byte(",")), bytes.Split(bytes.TrimSpace(row), []byte(","))
	b = append(b, '{')
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, `"%s":"%s"`, name, cells[i])
	}
	return append(b, '}')
}
