package proxy

import (
	"fmt"
	"hash/fnv"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/record"
)

// TestWhatARecordSaysOfItself: as a parser finds it, whatever its texts look like.
func TestWhatARecordSaysOfItself(t *testing.T) {
	for _, c := range []struct{ name, json string }{
		{"a record", benchRecord(3)},
		{"texts that look like members", `{"id":"\"id\":\"x","metric_name":"\"start_date\":\"2026-01-01T00:00:00Z\"","start_date":"2026-01-05T00:00:00Z","dimensions":{"start_date":"x"}}`},
		{"an id that ends in a backslash", `{"id":"a\\","start_date":"2026-01-05T00:00:00Z"}`},
		{"an id of another alphabet", `{"id":"é\u00e9","start_date":"2026-01-05T00:00:00Z"}`},
		{"charges, and texts that look like them", `{"id":"\"charges\":[1]","charges":[{"amount":1},{"amount":2}],"start_date":null,"dimensions":{"charges":"[3]","x":"\"charges\":[4]"}}`},
		{"no charges", `{"id":"a","charges":[],"dimensions":{"x":"\"charges\":[4]"}}`},
		{"no date", `{"id":"a","start_date":null}`},
		{"no members but an id", `{"id":"a"}`},
		{"an id behind others", `{"n":1,"id":7}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, want := string(startDate([]byte(c.json))), gjson.Get(c.json, "start_date").Str; got != want {
				t.Errorf("it starts at %q, want %q", got, want)
			}
			sum := 0
			for range record.Elements(chargesOf([]byte(c.json))) {
				sum++
			}
			if want := len(gjson.Get(c.json, "charges").Array()); sum != want {
				t.Errorf("it has %d charges, want %d", sum, want)
			}
			h := fnv.New64a()
			h.Write([]byte(gjson.Get(c.json, "id").Raw))
			if anchor([]byte(c.json)) != h.Sum64() {
				t.Error("its anchor is not that of its id")
			}
		})
	}
	if anchor([]byte(`{"n":1}`)) == anchor([]byte(`{"n":2}`)) {
		t.Error("two items without an id have one anchor")
	}
}

// TestAWindowHoldsWhatStartsInIt: from its first moment to before its last, and what has no date.
func TestAWindowHoldsWhatStartsInIt(t *testing.T) {
	pg := &page{lo: "2026-01-01T00:00:00Z", hi: "2026-02-01T00:00:00Z"}
	for date, want := range map[string]bool{
		`"2025-12-31T23:59:59Z"`: false, `"2026-01-01T00:00:00Z"`: true, `"2026-01-31T23:59:59Z"`: true, `"2026-02-01T00:00:00Z"`: false, `null`: true,
	} {
		json := fmt.Appendf(nil, `{"id":"a","start_date":%s}`, date)
		if pg.holds(json) != want || !new(page).holds(json) {
			t.Errorf("%s: %v", date, !want)
		}
	}
}
