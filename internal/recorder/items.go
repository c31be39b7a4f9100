package recorder

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/record"
	"github.com/meterbridge/meterbridge/internal/simulate"
)

// maxItemDepth is how deep an item's date is looked for.
const maxItemDepth = 3

// dated are the directives that say where an answer's items, their dates and their ids are; none where no date is found.
func (c *composer) dated(e *exchange) []string {
	if e.spec == nil || e.spec.Whole || e.spec.Compression == "gzip" {
		return nil
	}
	switch e.spec.Format {
	case "csv":
		return c.datedTable(e)
	case "ndjson":
		var items []gjson.Result
		for line := range strings.Lines(string(e.raw)) {
			if strings.TrimSpace(line) != "" && record.IsDocument([]byte(line)) {
				items = append(items, gjson.Parse(line))
			}
		}
		return c.directives("ndjson", items)
	}
	if !record.IsDocument(e.raw) {
		return nil
	}
	list, at := gjson.ParseBytes(e.raw), "."
	if e.spec.Items != "" {
		list, at = gjson.GetBytes(e.raw, e.spec.Items), strings.Join(connector.SplitPath(e.spec.Items), ".")
	}
	return c.directives(string(quoted(at)), list.Array())
}

// column is a scalar that all items have.
type column struct {
	path    string
	numbers bool
	texts   []string
}

func (c *composer) directives(at string, items []gjson.Result) []string {
	columns := columnsOf(items)
	var when *column
	best := 0
	for i := range columns {
		if n := c.dateScore(&columns[i]); n > best {
			best, when = n, &columns[i]
		}
	}
	if when == nil {
		return nil
	}
	out := []string{"items: " + at, "date: " + string(quoted(when.path))}
	var counts []string
	for i := range columns {
		col := &columns[i]
		if col.path == "id" && !col.numbers && distinct(col.texts) {
			out = append(out, "id: id")
		}
		if col.numbers && (col == when || c.dateScore(col) > 0) {
			counts = append(counts, string(quoted(col.path)))
		}
	}
	if counts != nil {
		out = append(out, "counts: ["+strings.Join(counts, ", ")+"]")
	}
	return out
}

// columnsOf are the scalars that stand at the same path in every item.
func columnsOf(items []gjson.Result) []column {
	var out []column
	for n, item := range items {
		here := map[string]gjson.Result{}
		scalars(item, "", 0, func(path string, v gjson.Result) { here[path] = v })
		if n == 0 {
			for _, path := range sortedKeys(here) {
				out = append(out, column{path: path, numbers: here[path].Type == gjson.Number})
			}
		}
		out = slices.DeleteFunc(out, func(c column) bool {
			v, ok := here[c.path]
			return !ok || (v.Type == gjson.Number) != c.numbers
		})
		for i := range out {
			text := here[out[i].path].Str
			if out[i].numbers {
				text = here[out[i].path].Raw
			}
			out[i].texts = append(out[i].texts, text)
		}
	}
	return out
}

func scalars(v gjson.Result, path string, depth int, found func(string, gjson.Result)) {
	if v.Type == gjson.String || v.Type == gjson.Number {
		found(path, v)
	}
	if !v.IsObject() && !v.IsArray() || depth == maxItemDepth || v.IsArray() && depth > 0 {
		return
	}
	n := 0
	v.ForEach(func(key, value gjson.Result) bool {
		name := key.Str
		if v.IsArray() {
			name = strconv.Itoa(n)
			n++
		}
		if !strings.Contains(name, ".") {
			scalars(value, strings.TrimPrefix(path+"."+name, "."), depth+1, found)
		}
		return true
	})
}

// dateScore says how surely a column is the items' date: each of them lies in the cassette's month and in the range.
func (c *composer) dateScore(col *column) int {
	for _, text := range col.texts {
		at, ok := simulate.Dated(text, col.numbers)
		if !ok || at.Year() != c.month.Year() || at.Month() != c.month.Month() {
			return 0
		}
		if !c.start.IsZero() && (at.Before(c.start.Truncate(24*time.Hour)) || !at.Before(c.until)) {
			return 0
		}
	}
	if len(col.texts) == 0 {
		return 0
	}
	name := strings.ToLower(col.path[strings.LastIndexByte(col.path, '.')+1:])
	if strings.Contains(name, "end") || strings.Contains(name, "creat") || strings.Contains(name, "updat") || name == "to" {
		return 1
	}
	return dateRank(name)
}

// dateRank prefers what is named as a start.
func dateRank(name string) int {
	rank := 2
	for n, words := range [][]string{{"time", "stamp"}, {"date", "day", "month", "period"}, {"start", "from", "begin"}} {
		for _, w := range words {
			if strings.Contains(name, w) {
				rank = n + 3
			}
		}
	}
	return rank
}

func (c *composer) datedTable(e *exchange) []string {
	r := csv.NewReader(bytes.NewReader(e.raw))
	r.FieldsPerRecord = -1
	if e.spec.CSV != nil {
		return nil // another delimiter, or lines before the header
	}
	rows, err := r.ReadAll()
	if err != nil || len(rows) < 2 {
		return nil
	}
	var when *column
	best := 0
	for i, name := range rows[0] {
		col := column{path: name}
		for _, row := range rows[1:] {
			if i < len(row) {
				col.texts = append(col.texts, row[i])
			}
		}
		if n := c.dateScore(&col); n > best {
			best, when = n, &col
		}
	}
	if when == nil {
		return nil
	}
	return []string{"items: csv", "date: " + string(quoted(when.path))}
}

func distinct(texts []string) bool {
	return len(slices.Compact(slices.Sorted(slices.Values(texts)))) == len(texts)
}
