package proxy

import (
	"fmt"
	"slices"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/money"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// control compares the provider's own total of an item with the sum of the records that were made of it.
func (w *walk) control() {
	spec := w.method.Call(w.page.at).Control
	if !w.program.Settles(w.mapped, "charges") {
		return // the figures are an override's, and not the provider's
	}
	if spec == nil || spec.Mode != "check" || w.batch.Len() == 0 || !w.page.holds(w.batch.JSON(0)) {
		return
	}
	stated, err := money.Parse(gjson.GetBytes(w.item.Raw, spec.Path).String())
	if err != nil {
		return // no total, nothing to check
	}
	var sum money.Dec
	for i := range w.batch.Len() {
		for _, charge := range gjson.GetBytes(w.batch.JSON(i), `charges.#(type=="total")#`).Array() {
			if charge.Get("priced_by").Exists() {
				continue // a price of the configuration's is not the provider's figure
			}
			if amount, err := money.Parse(charge.Get("amount").Raw); err == nil {
				sum = sum.Add(amount)
			}
		}
	}
	if sum.Cmp(stated) != 0 {
		w.mismatch(gjson.GetBytes(w.batch.JSON(0), "start_date").Str, stated, sum)
	}
}

// mismatch warns of a total, once for all that an answer has: a provider that rounds differently does it in every row.
func (w *walk) mismatch(from string, stated, sum money.Dec) {
	if w.mismatches++; w.mismatches == 1 {
		w.firstMismatch = fmt.Sprintf("the provider's own total %s differs from the sum of its parts %s from %s", stated, sum, from)
		w.warn(problem.Warning{Code: problem.WarnTotalMismatch, Message: w.firstMismatch})
		return
	}
	i := slices.IndexFunc(w.warnings, func(x problem.Warning) bool { return x.Code == problem.WarnTotalMismatch })
	w.warnings[i].Message = fmt.Sprintf("%s, and so in %d more of its rows", w.firstMismatch, w.mismatches-1)
}
