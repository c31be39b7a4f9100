package proxy

import (
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
)

// control compares the provider's own total of an item with the sum of the records that were made of it, and says, or
// makes a record of, what the parts leave open.
func (w *walk) control() error {
	spec := w.method.Call(w.page.at).Control
	if !w.program.Settles(w.mapped, "charges") {
		return nil // the figures are an override's, and not the provider's
	}
	if spec == nil || spec.Mode == "ignore" || w.batch.Len() > 0 && !w.page.holds(w.batch.JSON(0)) {
		return nil
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
	case spec.Mode == "residual" && parts.of.Exists():
		return w.residual(spec, parts.of, stated, rest)
	default: // a rest without a currency, or one that made no record at all, can be told and no more
		w.mismatch(parts.from, stated, parts.sum)
	}
	return nil
}

// parts are what an item's records have as total.
type parts struct {
	sum  money.Dec
	of   gjson.Result // the first total charge, whose currency the sum has
	from string       // the first record's start
}

// parts adds up the totals; of one currency alone where the rest is to have one.
func (w *walk) parts(one bool) (p parts) {
	for i := range w.batch.Len() {
		rec := w.batch.JSON(i)
		if i == 0 {
			p.from = gjson.GetBytes(rec, "start_date").Str
		}
		for _, charge := range gjson.GetBytes(rec, `charges.#(type=="total")#`).Array() {
			if charge.Get("priced_by").Exists() {
				continue // a price of the configuration's is not the provider's figure
			}
			if !p.of.Exists() {
				p.of = charge
			} else if one && charge.Get("currency").Str != p.of.Get("currency").Str {
				continue
			}
			if amount, err := money.Parse(charge.Get("amount").Raw); err == nil {
				p.sum = p.sum.Add(amount)
			}
		}
	}
	return p
}

// residual adds the record of what no part of an item accounts for.
func (w *walk) residual(spec *connector.ControlTotal, like gjson.Result, stated, rest money.Dec) error {
	first := gjson.ParseBytes(w.batch.JSON(0))
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
	if len(date) == len(stampLayout) && date[len("2006-01-02"):] == "T00:00:00Z" {
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
