package proxy

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/cursor"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/record"
)

// The benchmarks of the way from a provider's bytes to a client's, without the mapping, which has its own: each stage
// alone, and a page through all of them. A record must not cost an allocation anywhere.

// benchRecords is how many records a benchmark's answer has.
const benchRecords = 3000

// benchRecord is a unified record, as a mapping makes it.
func benchRecord(i int) string {
	return fmt.Sprintf(`{"id":"cost_%06d","product":{"id":"KAFKA","name":"Kafka"},"metric_name":"KAFKA_NUM_BYTES","resources":[{"id":"lkc-%d","name":"orders prod","workspace":{"id":"env-7k2p1x","name":null}}],"organization":null,"charges":[{"amount":%d.4567,"currency":"USD","type":"total"},{"amount":0,"currency":"USD","type":"discount"}],"usage":{"quantity":%d.17,"unit":"GB","unit_price":0.0456},"start_date":"2026-01-05T00:00:00Z","end_date":"2026-01-06T00:00:00Z","created_at":null,"updated_at":null,"finality":"final"}`, i, i%50, i%90, i%1000)
}

// benchRemote is an item that such a record is made of.
func benchRemote(i int) string {
	return fmt.Sprintf(`{"amount":%d.4567,"discount_amount":0,"end_date":"2026-01-06","granularity":"DAILY","id":"cost_%06d","line_type":"KAFKA_NUM_BYTES","network_access_type":"INTERNET","original_amount":12.4567,"price":0.0456,"product":"KAFKA","quantity":%d.17,"resource":{"display_name":"orders prod","environment":{"id":"env-7k2p1x"},"id":"lkc-%d"},"start_date":"2026-01-05","unit":"GB"}`, i%90, i, i%1000, i%50)
}

// lined are benchRecords texts with something between them.
func lined(of func(int) string, between string) string {
	all := make([]string, benchRecords)
	for i := range all {
		all[i] = of(i)
	}
	return strings.Join(all, between)
}

func gzipped(s string) string {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	io.WriteString(z, s)
	z.Close()
	return out.String()
}

// BenchmarkPick finds the items of an answer.
func BenchmarkPick(b *testing.B) {
	comma := &connector.Table{Delimiter: ","}
	list := `{"data":[` + lined(benchRemote, ",") + `],"meta":{"next":"x"}}`
	nested := `{"data":[` + lined(func(i int) string {
		return fmt.Sprintf(`{"day":"2026-01-05","results":[%s,%[1]s,%[1]s,%[1]s],"object":"bucket"}`, benchRemote(i))
	}, ",") + `]}`
	rows := `{"columns":["a","b","c","d"],"rows":[` + lined(func(i int) string { return fmt.Sprintf(`["2026-01-05",%d.25,"KAFKA","lkc-%d"]`, i, i%50) }, ",") + `]}`
	table := func(quote string) string {
		return "Day,Product,Amount,Currency,Tags\n" + lined(func(i int) string {
			return fmt.Sprintf("2026-01-05,KAFKA,%[1]d.4567,USD,%[2]senv=prod team=%[1]d%[2]s", i, quote)
		}, "\n") + "\n"
	}
	for _, c := range []struct {
		name, body string
		spec       connector.ItemSpec
		items      int
	}{
		{"JSON", list, connector.ItemSpec{Items: "data"}, benchRecords},
		{"JSONGzip", gzipped(list), connector.ItemSpec{Items: "data", Compression: "gzip"}, benchRecords},
		{"Nested", nested, connector.ItemSpec{Items: "data", Each: "results"}, 4 * benchRecords},
		{"Columns", rows, connector.ItemSpec{Items: "rows", Columns: &connector.Columns{Names: "columns"}}, benchRecords},
		{"NDJSON", lined(benchRemote, "\n"), connector.ItemSpec{Format: "ndjson"}, benchRecords},
		{"CSV", table(""), connector.ItemSpec{Format: "csv", CSV: comma}, benchRecords},
		{"CSVQuoted", table(`"`), connector.ItemSpec{Format: "csv", CSV: comma}, benchRecords},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.body)))
			b.ReportAllocs()
			body := strings.NewReader("")
			for b.Loop() {
				body.Reset(c.body)
				it, _ := newItems(body, &connector.CallSpec{ItemSpec: c.spec}, nil, record.Scan)
				n := 0
				for ; ; n++ {
					if _, err := it.Next(); err == io.EOF {
						break
					} else if err != nil {
						b.Fatal(err)
					}
				}
				if letGo(it); n != c.items {
					b.Fatal(n)
				}
			}
		})
	}
}

// BenchmarkOutput looks at a mapping's output: whether it belongs to the window and the filters, and its anchor.
func BenchmarkOutput(b *testing.B) {
	rec := []byte(benchRecord(7))
	pg := &page{lo: "2026-01-01T00:00:00Z", hi: "2026-02-01T00:00:00Z"}
	narrow := filter{"product_id": {"KAFKA"}, "workspace_id": {"env-1", "env-7k2p1x"}}
	var sum uint64
	for _, c := range []struct {
		name string
		run  func() bool
	}{
		{"Holds", func() bool { return pg.holds(rec) }},
		{"Anchor", func() bool { sum += anchor(rec); return true }},
		{"Filter", func() bool { return narrow.keep(rec) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !c.run() {
					b.Fatal("it does not belong")
				}
			}
		})
	}
}

// nowhere is a client that reads everything at once.
type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header         { return n.header }
func (n nowhere) WriteHeader(int)             {}
func (n nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (n nowhere) Flush()                      {}

// told is a source of records that are there already.
type told struct {
	recs []record.Rec
	n    int
}

func (s *told) Next() (record.Rec, error) {
	if s.n == len(s.recs) {
		return record.Rec{}, io.EOF
	}
	s.n++
	return s.recs[s.n-1], nil
}
func (s *told) tune(func(), int)               {}
func (s *told) expect(int, bool)               {}
func (s *told) here() (record.Position, bool)  { return record.Position{}, false }
func (s *told) pageOf() (any, record.Position) { return s, record.Position{} }
func (s *told) remember()                      {}
func (s *told) said() (connector.Call, []byte) { return connector.Call{}, nil }
func (s *told) Close()                         {}

// benchRequest is a request that has what its writers need.
func benchRequest(f Format) *request {
	return &request{
		Proxy:  New(Config{Cursors: cursor.New(cursor.Config{}), Log: slog.New(slog.DiscardHandler)}),
		params: &params{format: f, limit: benchRecords}, standing: &standing{acct: &account.Account{ID: "a"}, conn: &connector.Connector{Name: "acme"}},
		resource: &connector.Resource{Name: "usage"}, method: &connector.Method{}, span: &span{}, program: new(mapping.Program),
	}
}

// BenchmarkWrite writes records as each format has them.
func BenchmarkWrite(b *testing.B) {
	s := &told{}
	size := 0
	for i := range benchRecords {
		at := record.Position{Now: 1767225600000000000, Window: 1767225600, Size: 1000, Token: []byte("page_token=VjTnXq7C2aKp"), Item: int64(i), Out: 1, Anchor: uint64(i)}
		rec := record.Rec{JSON: []byte(benchRecord(i)), Remote: []byte(benchRemote(i)), After: at}
		s.recs = append(s.recs, rec)
		size += len(rec.JSON) + len(rec.Remote)
	}
	for _, c := range []struct {
		name   string
		format Format
		meta   bool
		write  func(*request, http.ResponseWriter) error
	}{
		{"Stream", Stream, false, func(q *request, w http.ResponseWriter) error { return q.stream(context.Background(), w, s) }},
		{"StreamMeta", Stream, true, func(q *request, w http.ResponseWriter) error { return q.stream(context.Background(), w, s) }},
		{"Events", SSE, false, func(q *request, w http.ResponseWriter) error { return q.stream(context.Background(), w, s) }},
		{"Unified", Unified, false, func(q *request, w http.ResponseWriter) error { return q.list(context.Background(), w, s) }},
		{"CSV", CSV, false, func(q *request, w http.ResponseWriter) error { return q.csv(context.Background(), w, s) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				s.n = 0
				q := benchRequest(c.format)
				q.params.streamMeta = c.meta
				if err := c.write(q, nowhere{http.Header{}}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
