package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/meterbridge/meterbridge/internal/money"
)

// table prints all pages for a person.
func (r *reading) table(ctx context.Context, usage, exact bool) error {
	got, err := r.all(ctx, "&truto_ignore_remote_data=true")
	if err != nil {
		return err
	}
	w, width := r.to.out, widthOf(r.to.out)
	if usage {
		err = usageTable(w, got.records, "", width, exact, true)
	} else {
		err = entityTable(w, got.records, "", width)
	}
	if err != nil {
		return err
	}
	got.writeAbout(w, count(len(got.records), "record"))
	r.more(w, got.next)
	return nil
}

// writeAbout says what there is, of which range, and what else there is to know.
func (g *gathered) writeAbout(w io.Writer, what string) {
	fmt.Fprintln(w, "\n"+what+g.covers())
	for _, one := range g.warnings {
		fmt.Fprintf(w, "! %s (%s)\n", printable(one.Message), one.Code)
	}
}

// covers says which range it is.
func (g *gathered) covers() (s string) {
	if g.span == nil || g.span.Start == nil || g.span.End == nil {
		return ""
	}
	s += " from " + day(*g.span.Start) + " to " + day(*g.span.End)
	if g.span.Granularity != nil {
		s += " by " + *g.span.Granularity
	}
	if p := g.span.PreliminaryFrom; p != nil && *p < *g.span.End {
		s += "; from " + day(*p) + " on the provider may still change them"
	}
	if g.partial {
		s += "; the provider keeps no more"
	}
	return s
}

// day is an instant without its time where that is midnight.
func day(s string) string { return strings.TrimSuffix(s, "T00:00:00Z") }

// usageTable prints usage, and with sums what it costs.
func usageTable(w io.Writer, records []json.RawMessage, indent string, width int, exact, sums bool) error {
	var list []*usageRecord
	t := &tally{}
	for _, raw := range records {
		u, err := readUsage(raw)
		if err == nil {
			err = t.add(u)
		}
		if err != nil {
			return environmentError{err}
		}
		list = append(list, u)
	}
	g, cut, err := usageGrid(list, exact)
	if err != nil {
		return environmentError{err}
	}
	if len(list) > 0 {
		g.write(w, indent, width)
	}
	if !sums {
		return nil
	}
	writeSums(w, t, cut, width, buckets)
	return nil
}

// writeSums prints what stands below a table of costs: the sums, and a chart of their parts.
func writeSums(w io.Writer, t *tally, cut bool, width int, shape func([]point) ([]string, []money.Dec)) {
	if cut {
		fmt.Fprintf(w, "\n%s rounded for reading; --exact and the other formats have all digits, and so have the sums.\n", rounded)
	}
	fmt.Fprintln(w)
	t.write(w)
	writeChart(w, t.points, width, shape)
}

// usageGrid has a row for each record and currency, and says whether a number in it was rounded.
func usageGrid(list []*usageRecord, exact bool) (g *grid, cut bool, err error) {
	g = &grid{columns: []column{
		{title: "period"}, {title: "product", long: true}, {title: "metric", long: true}, {title: "organization", long: true},
		{title: "resource", long: true, spare: true}, {title: "user", long: true, spare: true}, {title: "quantity", number: true}, {title: "unit", long: true},
		{title: "amount", number: true}, {title: "currency"}, {title: ""},
	}}
	write := numbers{exact: exact}
	for _, u := range list {
		kind := "total"
		if u.Category == "commitment" {
			kind = "committed"
		}
		amounts, err := u.of(kind)
		if err != nil {
			return nil, false, err
		}
		quantity, unit := "", ""
		if u.Usage != nil && u.Usage.Quantity != nil {
			d, err := money.Parse(string(*u.Usage.Quantity))
			if err != nil {
				return nil, false, fmt.Errorf("reading the quantity %q: %w", *u.Usage.Quantity, err)
			}
			if quantity = write.text(d, 0); u.Usage.Unit != nil {
				unit = *u.Usage.Unit
			}
		}
		metric := ""
		if u.MetricName != nil {
			metric = *u.MetricName
		}
		for i := range max(1, len(amounts)) {
			amount, currency := "", ""
			if i < len(amounts) {
				amount, currency = write.text(amounts[i].amount, leastMoney), amounts[i].currency
			}
			if i > 0 {
				quantity, unit = "", ""
			}
			g.add(u.period(), u.Product.String(), metric, u.where(), u.resource(), u.User.String(), quantity, unit, amount, currency, u.remark())
		}
	}
	return g, write.cut, nil
}

// remark is what makes a row differ from plain final usage.
func (r *usageRecord) remark() string {
	finality, category := r.Finality, r.Category
	if finality == "final" {
		finality = ""
	}
	if category == "usage" {
		category = ""
	}
	return join(category, finality)
}

// entityTable prints products, organizations, workspaces or users: a column for each scalar field.
func entityTable(w io.Writer, records []json.RawMessage, indent string, width int) error {
	g := &grid{}
	at := map[string]int{}
	var rows []map[string]string
	for _, raw := range records {
		row := map[string]string{}
		err := flatten(raw, "", func(path, value string) {
			if _, ok := at[path]; !ok {
				at[path] = len(g.columns)
				g.columns = append(g.columns, column{title: path, long: path != "id"})
			}
			row[path] = value
		})
		if err != nil {
			return environmentError{fmt.Errorf("reading a record: %w", err)}
		}
		rows = append(rows, row)
	}
	for _, row := range rows {
		cells := make([]string, len(g.columns))
		for path, i := range at {
			cells[i] = row[path]
		}
		g.add(cells...)
	}
	if len(rows) > 0 {
		g.write(w, indent, width)
	}
	return nil
}

// flatten calls each for every scalar of an object, in its order, objects within it by dotted paths.
func flatten(raw []byte, prefix string, each func(path, value string)) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if _, err := dec.Token(); err != nil {
		return err
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return err
		}
		path := prefix + fmt.Sprint(key)
		switch value[0] {
		case '{':
			if err := flatten(value, path+".", each); err != nil {
				return err
			}
		case 'n', '[':
			each(path, "")
		case '"':
			var s string
			if err := json.Unmarshal(value, &s); err != nil {
				return err
			}
			each(path, s)
		default:
			each(path, string(value))
		}
	}
	return nil
}
