package record

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// costLines is a list of the shape that most of a provider's usage has: short texts of many lengths, some numbers, little
// nesting.
func costLines(n int) string {
	var out strings.Builder
	r := rand.New(rand.NewPCG(1, 2))
	word := func(most int) string { return strings.Repeat("abcdefghijklmnop", 4)[:1+r.IntN(most)] }
	for i := range n {
		out.WriteByte("[,"[min(i, 1)])
		fmt.Fprintf(&out, `{"amount":%.*f,"discount_amount":0,"end_date":"2026-01-06","granularity":"DAILY","id":"cost_%s","line_type":"%s","network_access_type":"INTERNET","original_amount":%.*f,"price":%.4f,"product":"%s","quantity":%d,"resource":{"display_name":"%s","environment":{"id":"env-%s"},"id":"lkc-93k2mw"},"start_date":"2026-01-05","unit":"GB"}`,
			r.IntN(6), r.Float64()*100, word(30), word(24), r.IntN(6), r.Float64()*1000, r.Float64(), word(12), r.IntN(100000), word(40), word(8))
	}
	return out.String() + "]"
}

func BenchmarkScan(b *testing.B) {
	lines := costLines(300)
	for _, c := range []struct{ name, item string }{
		{"CostLines", lines},
		{"CostLinesIndented", strings.NewReplacer(",", ",\n    ", ":", ": ").Replace(lines)},
		{"LongTexts", `[` + strings.Repeat(`{"text":"`+strings.Repeat("a text of some length, ", 40)+`"},`, 50) + `0]`},
		{"Escapes", `{"text":"` + strings.Repeat(`a \"text\" of \u00e9 `, 400) + `"}`},
		{"Numbers", `[` + strings.Repeat(`12.5,`, 2000) + `0]`},
	} {
		b.Run(c.name, func(b *testing.B) {
			item := []byte(c.item)
			b.SetBytes(int64(len(item)))
			b.ReportAllocs()
			for b.Loop() {
				if _, st := Scan(item, 0, false); st != Done {
					b.Fatal(st)
				}
			}
		})
	}
}
