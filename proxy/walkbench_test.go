package proxy_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// benchLatency is what the provider of the walk's benchmarks takes for each answer.
const benchLatency = 100 * time.Millisecond

// BenchmarkWalk streams a whole walk through a gateway, before a provider that takes its time: "latencies" is what it takes
// beside the sum of the provider's latencies. One run of it is enough: go test -run - -bench Walk -benchtime 1x ./proxy
func BenchmarkWalk(b *testing.B) {
	const perPage = 100
	for _, c := range []struct {
		name          string
		pages, months int
	}{{"50 cursor pages", 50, 1}, {"4 windows", 1, 4}, {"4 windows of 12 pages", 12, 4}} {
		b.Run(c.name, func(b *testing.B) {
			acme := newAcme(b)
			body := func(month string, page int) string {
				var lines []string
				for i := range perPage {
					lines = append(lines, totalLine(fmt.Sprintf("r%s-%d-%d", month, page, i), month+"-05", "1.25").raw)
				}
				next := "null"
				if page+1 < c.pages {
					next = fmt.Sprintf(`"%d"`, page+1)
				}
				return `{"data":{"lines":[` + strings.Join(lines, ",") + `]},"meta":{"next":` + next + `}}`
			}
			acme.handle("/lines", func(w http.ResponseWriter, r *http.Request) {
				page := 0
				fmt.Sscan(r.URL.Query().Get("cursor"), &page)
				answer := body(r.URL.Query().Get("from")[:len("2006-01")], page)
				time.Sleep(benchLatency)
				io.WriteString(w, answer)
			})
			h := newHouse(b, acme.URL)
			query := fmt.Sprintf("start_date=2025-01&end_date=2025-%02d%s", c.months, asStream)
			h.good("start_date=2025-01&limit=1") // the connection is warm
			for b.Loop() {
				if got := strings.Count(h.good(query).body, "\n"); got != c.pages*c.months*perPage {
					b.Fatalf("%d records", got)
				}
			}
			sum := float64(c.pages*c.months) * benchLatency.Seconds()
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/sum, "latencies")
		})
	}
}
