package gateway

import "github.com/meterbridge/meterbridge/proxy"

// aboutMembers are the members of every envelope that say which range it covers, and what there is to say of it.
func aboutMembers() object {
	return object{
		{"range", reference("schemas", "Range")},
		{"is_partial_response", object{{"type", "boolean"}, {"description", "The provider does not keep all of the range that was asked for."}}},
		{"warnings", listOf(reference("schemas", "Warning"))},
	}
}

// summarySchema is the answer to summary_by. Exact numbers are strings where the caller asks for them.
func summarySchema() object {
	exact := object{{"type", []string{"number", "string"}}}
	charge := closed(object{
		{"amount", exact}, {"currency", text()}, {"type", text()},
		{"virtual", object{{"const", true}, {"description", "The currency is the provider's own unit."}}},
		{"finality", object{{"const", "projected"}, {"description", "A forecast, which is never added to what was spent."}}},
	}, "amount", "currency", "type")
	quantity := closed(object{{"quantity", exact}, {"unit", object{{"type", []string{"string", "null"}}}}}, "quantity", "unit")
	usage := object{
		{"anyOf", []object{quantity, {{"type", "null"}}}},
		{"description", "Quantities, where they add up: all that there are have one unit (without a unit, one metric) and are sums over their periods, not averages, peaks or last values; else null. Records without a quantity and forecasts are left out of it."},
	}
	sums := object{
		{"charges", listOf(charge).with("description", "Exact sums, one for each currency and type.")},
		{"usage", usage},
		{"record_count", object{{"type", "integer"}, {"minimum", 0}}},
	}
	by := object{}
	for _, name := range proxy.Dimensions() {
		by = by.with(name, object{{"type", []string{"string", "null"}}})
	}
	group := closed(append(object{{"by", object{{"type", "object"}, {"properties", by}, {"additionalProperties", false}, {"minProperties", 1}}}}, sums...), "by", "charges", "usage", "record_count")
	props := object{
		{"result", listOf(group).with("description", "The groups by their values, in the order of the dimensions, null last.")},
		{"totals", closed(sums, "charges", "usage", "record_count").with("description", "The sums of all groups.")},
	}
	return closed(append(props, aboutMembers()...), "result", "totals", "range")
}
