package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/meterbridge/meterbridge/internal/money"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// summary is the gateway's answer to summary_by.
type summary struct {
	Result   []summaryGroup    `json:"result"`
	Totals   summarySums       `json:"totals"`
	Range    *rangeOf          `json:"range"`
	Partial  bool              `json:"is_partial_response"`
	Warnings []problem.Warning `json:"warnings"`
}

type summaryGroup struct {
	By map[string]*string `json:"by"`
	summarySums
}

type summarySums struct {
	Charges []struct {
		Amount   json.Number `json:"amount"`
		Currency string      `json:"currency"`
		Type     string      `json:"type"`
		Virtual  bool        `json:"virtual"`
		Finality string      `json:"finality"`
	} `json:"charges"`
	Usage *struct {
		Quantity json.Number `json:"quantity"`
		Unit     *string     `json:"unit"`
	} `json:"usage"`
	Records int `json:"record_count"`
}

// groupCost is a sum of one currency that a table has a row for: the total, or where there is none the first of its
// charges.
type groupCost struct {
	sum
	kind, finality string
}

func (s *summarySums) costs() (out []groupCost, err error) {
	for _, c := range s.Charges {
		d, err := money.Parse(string(c.Amount))
		if err != nil {
			return nil, environmentError{fmt.Errorf("reading the amount %q: %w", c.Amount, err)}
		}
		same := func(o groupCost) bool {
			return o.currency == c.Currency && o.virtual == c.Virtual && o.finality == c.Finality
		}
		if !slices.ContainsFunc(out, same) { // a total stands before the others
			out = append(out, groupCost{sum{c.Currency, d, c.Virtual}, c.Type, c.Finality})
		}
	}
	return out, nil
}

// remark is what makes a cost differ from what was spent.
func (c groupCost) remark() string {
	if c.kind == "total" {
		return c.finality
	}
	return join(c.kind, c.finality)
}

// summary prints the sums of all records by dimensions; plain is the answer as it came.
func (r *reading) summary(ctx context.Context, by []string, plain, exact bool) error {
	for i := range by {
		by[i] = strings.TrimSpace(by[i])
	}
	bar := newProgress(r.to.err)
	got := new(summary)
	body, err := r.answer(ctx, r.path, r.query, "", got)
	bar.done()
	if err != nil {
		return err
	}
	w, width := r.to.out, widthOf(r.to.out)
	if plain {
		return printJSON(w, json.RawMessage(body))
	}
	g, cut, err := got.grid(by, exact)
	if err != nil {
		return err
	}
	t, err := got.tally(by)
	if err != nil {
		return err
	}
	shape := ranks
	if slices.ContainsFunc(by, isPeriod) {
		shape = buckets
	}
	if len(g.rows) > 0 {
		g.write(w, "", width)
	}
	writeSums(w, t, cut, width, shape)
	about := &gathered{span: got.Range, partial: got.Partial, warnings: got.Warnings}
	about.writeAbout(w, count(len(got.Result), "group")+" of "+count(got.Totals.Records, "record"))
	return nil
}

// grid has a row for each group and cost, and says whether a number in it was rounded.
func (s *summary) grid(by []string, exact bool) (g *grid, cut bool, err error) {
	g = &grid{}
	for _, name := range by {
		g.columns = append(g.columns, column{title: strings.TrimSuffix(name, "_id"), long: true})
	}
	g.columns = append(g.columns, column{title: "records", number: true}, column{title: "quantity", number: true}, column{title: "unit", long: true},
		column{title: "amount", number: true}, column{title: "currency"}, column{title: ""})
	write := numbers{exact: exact}
	for _, in := range s.Result {
		costs, err := in.costs()
		if err != nil {
			return nil, false, err
		}
		records, quantity, unit := strconv.Itoa(in.Records), "", ""
		if in.Usage != nil {
			d, err := money.Parse(string(in.Usage.Quantity))
			if err != nil {
				return nil, false, environmentError{fmt.Errorf("reading the quantity %q: %w", in.Usage.Quantity, err)}
			}
			if quantity = write.text(d, 0); in.Usage.Unit != nil {
				unit = *in.Usage.Unit
			}
		}
		for i := range max(1, len(costs)) {
			amount, currency, remark := "", "", ""
			if i < len(costs) {
				amount, currency, remark = write.text(costs[i].amount, leastMoney), costs[i].currency, costs[i].remark()
			}
			if i > 0 {
				records, quantity, unit = "", "", ""
			}
			g.add(append(in.values(by), records, quantity, unit, amount, currency, remark)...)
		}
	}
	return g, write.cut, nil
}

// values are a group's, in the order of the dimensions.
func (in *summaryGroup) values(by []string) (out []string) {
	for _, name := range by {
		if v := in.By[name]; v != nil {
			out = append(out, *v)
		} else {
			out = append(out, "(none)")
		}
	}
	return out
}

// tally is what all groups cost, as the gateway has summed it, and what each does. What was committed is left out: among
// sums, money put in can't be told from what it covered.
func (s *summary) tally(by []string) (*tally, error) {
	t := &tally{records: s.Totals.Records}
	costs, err := s.Totals.costs()
	if err != nil {
		return nil, err
	}
	for _, c := range costs {
		switch {
		case c.kind != "total":
		case c.finality == "projected":
			t.projected = append(t.projected, c.sum)
		default:
			t.totals = append(t.totals, c.sum)
		}
	}
	for _, in := range s.Result {
		if costs, err = in.costs(); err != nil {
			return nil, err
		}
		p, placed := in.point(by)
		for _, c := range costs {
			if p.sum = c.sum; placed && c.kind == "total" && c.finality != "projected" {
				t.points = append(t.points, p)
			}
		}
	}
	return t, nil
}

// periods are the dimensions of time.
var periods = map[string]struct {
	layout string
	days   float64
}{"day": {time.DateOnly, 1}, "month": {"2006-01", 31}}

func isPeriod(name string) bool { return periods[name].days > 0 }

// point is where a group stands in a chart. Among periods one without any has no place.
func (in *summaryGroup) point(by []string) (p point, placed bool) {
	p.name = strings.Join(in.values(by), " / ")
	for _, name := range by {
		period, v := periods[name], in.By[name]
		switch {
		case !isPeriod(name) || p.days > 0 && p.days < period.days: // a day says more than its month
		case v == nil:
			return p, false
		default:
			at, err := time.Parse(period.layout, *v)
			if err != nil {
				return p, false
			}
			p.at, p.days = at, period.days
		}
	}
	return p, true
}
