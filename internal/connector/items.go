package connector

import (
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// ItemSpec is where the items stand in an answer's body.
type ItemSpec struct {
	Items         string   `yaml:"items" form:"path" doc:"dotted path of the list of items, empty where the body itself is the list"`
	ItemsOptional bool     `yaml:"items_optional" doc:"a body without the list has no items; else it is an error"`
	Each          string   `yaml:"each" form:"path" doc:"dotted path, within each of them, of the list whose elements are the items; none where it is absent or null. The mapping has the outer item as $parent, that list emptied"`
	Columns       *Columns `yaml:"columns" doc:"the items are lists of values; each becomes an object by these names"`
	Format        string   `yaml:"format" default:"json" enum:"json|ndjson|csv" doc:"what carries the items; of ndjson each line is one, of csv each row is an object of strings by header"`
	CSV           *Table   `yaml:"csv" doc:"how the table is written, where it is not a header and rows with commas"`
	Compression   string   `yaml:"compression" default:"none" enum:"none|gzip" doc:"the body is a file of this kind; a Content-Encoding is no matter of the connector's"`
	Whole         bool     `yaml:"-"` // no path of items is given: the answer is the one item
}

// Columns is where the names of values stand that come as lists.
type Columns struct {
	Names string `yaml:"names" form:"path" need:"true" doc:"dotted path, in the answer, of the list of names; pages that lack it have those of the window's first page"`
	Name  string `yaml:"name" form:"path" doc:"dotted path of the name within an element of that list; without it the elements are the names"`
}

// Table is how a CSV file is written.
type Table struct {
	Header    string `yaml:"header" doc:"the first cell of the header; the lines before it are skipped"`
	Delimiter string `yaml:"delimiter" default:"," doc:"what stands between two cells, one character"`
}

func (t *Table) check(d *decoder, n *yaml.Node) {
	switch r, size := utf8.DecodeRuneInString(t.Delimiter); {
	case size != len(t.Delimiter) || r == utf8.RuneError || r == '"' || r == '\r' || r == '\n':
		d.add(d.at(n, "delimiter"), "value", "the delimiter is one character, and neither a quote nor a line's end", `write delimiter: ";"`)
	}
}

// Comma is the delimiter.
func (t *Table) Comma() rune {
	if t == nil {
		return ','
	}
	r, _ := utf8.DecodeRuneInString(t.Delimiter)
	return r
}

// checkItems holds the keys to the format that they belong to.
func (s *ItemSpec) checkItems(d *decoder, n *yaml.Node) {
	given := func(key string) bool { return d.at(n, key) != n }
	if s.Format != "json" {
		if given("items") {
			d.add(d.key(n, "items"), "exclusive", "items is a path into JSON, the format is "+s.Format, "remove items")
		}
		if s.Columns != nil {
			d.add(d.key(n, "columns"), "exclusive", "columns names the values of JSON lists, the format is "+s.Format, "remove columns")
		}
	}
	if s.CSV != nil && s.Format != "csv" {
		d.add(d.key(n, "csv"), "exclusive", "csv says how a table is written, the format is "+s.Format, "add format: csv, or remove csv")
	}
	if s.Columns != nil && s.Each != "" {
		d.add(d.key(n, "columns"), "exclusive", "columns and each are both there", "keep one of them")
	}
}
