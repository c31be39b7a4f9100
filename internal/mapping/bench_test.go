package mapping

import (
	"testing"

	"github.com/meterbridge/meterbridge/internal/record"
)

// costLine is a cost line as cloud providers send it.
const costLine = `{"api_version":"billing/v1","kind":"Cost","id":"cost-f3a90de","start_date":"2023-01-01","end_date":"2023-01-02","granularity":"DAILY","network_access_type":"INTERNET","product":"QUEUE","line_type":"QUEUE_STORAGE","price":0.123,"unit":"GB","quantity":569.105691,"original_amount":70.0,"discount_amount":20.0,"amount":50.0,"resource":{"id":"res-00000","display_name":"queue_1","environment":{"id":"env-123"}}}`

func BenchmarkEmit(b *testing.B) {
	p := acme(b)
	r := p.Runner("usage")
	if err := r.Bind(&Vars{Query: []byte(`{}`), Account: []byte(`{"id":"a"}`), Lookups: []byte(`{"places":{"env-123":{"label":"x"}}}`)}); err != nil {
		b.Fatal(err)
	}
	window := []byte(costLine)
	var out record.Batch
	b.SetBytes(int64(len(window)))
	b.ReportAllocs()
	for b.Loop() {
		out.Reset()
		r.Scan(window, 0, true)
		if err := r.Emit(&out); err != nil {
			b.Fatal(err)
		}
	}
}
