package proxy

import (
	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/money"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// control compares the provider's own total of an item with the sum of the records that were made of it.
func (w *walk) control() error {
	spec := w.method.Call(w.page.at).Control
	if spec == nil || spec.Mode != "check" {
		return nil
	}
	stated, err := money.Parse(gjson.GetBytes(w.item.Raw, spec.Path).String())
	if err != nil {
		return nil // no total, nothing to check
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
		w.warn(problem.Warning{Code: problem.WarnTotalMismatch, Message: "the provider's own total " + stated.String() + " differs from the sum of its parts " + sum.String() + " from " + gjson.GetBytes(w.batchFirst(), "start_date").Str})
	}
	return nil
}

func (w *walk) batchFirst() []byte {
	if w.batch.Len() == 0 {
		return nil
	}
	return w.batch.JSON(0)
}
