package proxy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/house"
	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/money"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// control compares the provider's own total of an item with the sum of the records that were made of it, and says, or
// makes a record of, what the parts leave open.
func (w *walk) control() error {
	spec := w.method.Call(w.page.at).Control
	if spec == nil || spec.Mode == "ignore" || w.batch.Len() > 0 && !w.page.holds(w.batch.JSON(0)) {
		return nil
	}
	if !w.program.Settles(w.mapped, "charges") {
		return nil // the figures are an override's, and not the provider's
	}
	stated, ok, err := spec.Stated(w.ctx, w.item.Raw, mapping.Budget(len(w.item.Raw)))
	switch {
	case w.ctx.Err() != nil:
		return w.ctx.Err()
	case err != nil:
		return problem.Wrap(problem.MappingFailed, err, "%v", err).AsRemote()
	case !ok:
		return nil // no total, nothing to check
	}
	parts := w.parts(spec.Mode == "residual")
	rest := stated.Sub(parts.sum)
	switch {
	case rest.IsZero():
	case spec.Mode == "residual" && parts.of != nil:
		return w.residual(spec, parts.of, stated, rest)
	default: // a rest without a currency, or one that made no record at all, can be told and no more
		w.mismatch(string(parts.from), stated, parts.sum)
	}
	return nil
}

// parts are what an item's records have as total.
type parts struct {
	sum      money.Dec
	of       []byte // the first total charge, nil where there is none
	currency []byte // of that charge, as it stands; the sum's
	from     []byte // the first record's start
}

// parts adds up the totals; of one currency alone where the rest is to have one.
func (w *walk) parts(one bool) (p parts) {
	for i := range w.batch.Len() {
		rec := w.batch.JSON(i)
		if i == 0 {
			p.from = startDate(rec)
		}
		for charge := range record.Elements(chargesOf(rec)) {
			p.add(charge, one)
		}
	}
	return p
}

// add takes a charge if it is a total, and the provider's own figure: a price of the configuration's is not.
func (p *parts) add(charge []byte, one bool) {
	var amount, currency []byte
	total := false
	for key, value := range record.Members(charge) {
		switch string(key) {
		case "type":
			total = string(value) == `"total"`
		case "priced_by":
			return
		case "currency":
			currency = value
		case "amount":
			amount = value
		}
	}
	switch {
	case !total:
		return
	case p.of == nil:
		p.of, p.currency = charge, currency
	case one && !bytes.Equal(currency, p.currency):
		return
	}
	if d, err := money.Parse(string(amount)); err == nil {
		p.sum = p.sum.Add(d)
	}
}

// residual adds the record of what no part of an item accounts for.
func (w *walk) residual(spec *connector.ControlTotal, of []byte, stated, rest money.Dec) error {
	first, like := gjson.ParseBytes(w.batch.JSON(0)), gjson.ParseBytes(of)
	start, currency := first.Get("start_date").Str, like.Get("currency").Str
	id := []string{"unallocated", day(start), first.Get("organization.id").Str, currency}
	for _, path := range spec.Key {
		id = append(id, gjson.GetBytes(w.item.Raw, path).String())
	}
	charge := map[string]any{"amount": json.Number(rest.String()), "currency": currency, "type": "total"}
	if like.Get("virtual").Bool() {
		charge["virtual"] = true
	}
	rec := map[string]any{
		"id": house.StableID(id...), "metric_name": "unallocated", "charges": []any{charge},
		mapping.RemoteData: json.Number(stated.String()), // the part of the item that made it
	}
	for _, name := range []string{"organization", "start_date", "end_date", "finality"} {
		if v := first.Get(name); v.Exists() {
			rec[name] = jq.DecodeScanned([]byte(v.Raw))
		}
	}
	if err := w.runner.Add(&w.batch, rec); err != nil {
		return w.mappingProblem(err)
	}
	return nil
}

// day is a date without its time, where that is midnight.
func day(date string) string {
	if len(date) == stampLen && date[len("2006-01-02"):] == "T00:00:00Z" {
		return date[:len("2006-01-02")]
	}
	return date
}

// dated is the date of an item that made no record: the first of its own members that is one within the window, or else
// the window's; "" where the call has none.
func (w *walk) dated() string {
	if w.page.hi == "" {
		return ""
	}
	at := w.page.lo
	gjson.ParseBytes(w.item.Raw).ForEach(func(_, v gjson.Result) bool {
		t, isDate := house.ParseDate(v.Str)
		if s := stamp(t.Time()); isDate && w.page.lo <= s && s < w.page.hi {
			at = s
			return false
		}
		return true
	})
	return at
}

// mismatch warns of a total, once for all that an answer has: a provider that rounds differently does it in every row.
func (w *walk) mismatch(from string, stated, sum money.Dec) {
	if from == "" {
		from = w.dated()
	}
	if from != "" {
		from = " from " + from
	}
	if w.mismatches++; w.mismatches == 1 {
		w.firstMismatch = fmt.Sprintf("the provider's own total %s differs from the sum of its parts %s%s", stated, sum, from)
		w.warn(problem.Warning{Code: problem.WarnTotalMismatch, Message: w.firstMismatch})
		return
	}
	i := slices.IndexFunc(w.warnings, func(x problem.Warning) bool { return x.Code == problem.WarnTotalMismatch })
	w.warnings[i].Message = fmt.Sprintf("%s, and so in %d more of its rows", w.firstMismatch, w.mismatches-1)
}
