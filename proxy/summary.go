package proxy

import (
	"context"
	"encoding/csv"
	"io"
	"net/http"
	"slices"
	"strconv"

	"github.com/meterbridge/meterbridge/internal/money"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// summary answers with sums over all records of the range. The walk is the ordinary one, and nothing is written before
// it has come to its end: a sum of some of the records is never given for that of all (I3).
func (q *request) summary(ctx context.Context, w http.ResponseWriter) error {
	if err := q.daysAreServed(); err != nil {
		return err
	}
	s := q.open(ctx)
	defer s.Close()
	s.tune(nil, 0)
	g := newGroups(q.params.summaryBy)
	for {
		rec, err := s.Next()
		if err == io.EOF {
			break
		}
		if err == nil {
			err = g.add(rec.JSON)
		}
		if err != nil {
			return q.fail(ctx, err, nil)
		}
	}
	q.observe(g.total.records)
	if q.params.format == CSV {
		return q.summaryTable(w, g)
	}
	c := newCommit(w, contentJSON)
	c.head = q.stateLimits
	q.summaryJSON(c, g)
	return c.end()
}

// daysAreServed refuses to lay the cost of a longer period on its first day.
func (q *request) daysAreServed() error {
	const day = "day"
	byDay := slices.ContainsFunc(q.params.summaryBy, func(d dimension) bool { return d.name == day })
	coarse := func(granularity string) bool {
		return slices.Index(granularities, granularity) > slices.Index(granularities, day)
	}
	if !byDay || !coarse(q.span.granularity) {
		return nil
	}
	do := "this provider has " + q.span.granularity + "s only; sum by month"
	if has := q.source().Granularities; !coarse(serve(day, has)) {
		do = q.span.granularity + "s are served; ask for granularity=day"
	}
	return problem.Param(problem.InvalidParameter, "summary_by", "summary_by=day needs days: %s", do)
}

func (q *request) summaryJSON(c *commit, g *groups) {
	b := []byte(`{"result":[`)
	for i, in := range g.sorted() {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"by":`...)
		by := row{b: b, from: len(b)}
		for k, d := range g.by {
			if v := in.by[k]; v != nil {
				by.text(d.name, *v)
			} else {
				by.raw(d.name, "null")
			}
		}
		b = append(by.done(), ',')
		c.Write(append(in.append(b, q.params.numbersString), '}'))
		b = b[:0]
	}
	b = append(b, `],"totals":{`...)
	b = append(g.total.append(b, q.params.numbersString), '}')
	c.Write(q.about(b))
}

// summaryTable writes a row for each group and currency: what is only forecast has one of its own, and so has a currency
// that is no money beside one of the same name.
func (q *request) summaryTable(w http.ResponseWriter, g *groups) error {
	c := newCommit(w, "text/csv; charset=utf-8; header=present")
	c.trailers = true
	c.head = q.headersBeside
	c.set(HeaderStatus, statusComplete)
	table := csv.NewWriter(c)
	table.Write(SummaryColumns(g.names()))
	for _, in := range g.sorted() {
		values := make([]string, len(in.by))
		for i, v := range in.by {
			if v != nil {
				values[i] = *v
			}
		}
		for i, line := range in.lines() {
			line = append(slices.Clone(values), line...)
			quantity, unit, records := "", "", ""
			if i == 0 { // once, so that a column's sum is right
				records = strconv.Itoa(in.records)
				if in.quantity.adds() {
					quantity, unit = in.quantity.sum.String(), in.quantity.of.unit
				}
			}
			table.Write(append(line, quantity, unit, records))
		}
	}
	table.Flush()
	return c.end()
}

// SummaryColumns are the columns of sums as CSV, in their order.
func SummaryColumns(by []string) []string {
	cols := append(slices.Clone(by), "currency", "finality")
	for _, t := range chargeTypes {
		cols = append(cols, "amount_"+t)
	}
	return append(cols, "usage_quantity", "usage_unit", "record_count")
}

// lines are the cells of a group's rows from the currency to the last amount. A group without charges has one.
func (s *sums) lines() (lines [][]string) {
	var of kind
	amounts := map[string]money.Dec{}
	end := func() {
		finality := ""
		if of.projected {
			finality = "projected"
		}
		line := []string{of.currency, finality}
		for _, typ := range chargeTypes {
			cell := ""
			if amount, ok := amounts[typ]; ok {
				cell = amount.String()
			}
			line = append(line, cell)
		}
		lines = append(lines, line)
		clear(amounts)
	}
	for _, f := range s.sorted() {
		typ := f.typ
		if !slices.Contains(chargeTypes, typ) {
			typ = "other"
		}
		if f.typ = ""; f.kind != of && len(amounts) > 0 {
			end()
		}
		of = f.kind
		amounts[typ] = amounts[typ].Add(f.amount)
	}
	end()
	return lines
}
