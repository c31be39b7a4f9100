package proxy_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/config"
)

// TestWalksOfEveryShape: a walk gives the same records for every page size, with and without the page cache, as a stream,
// and from every cursor on.
func TestWalksOfEveryShape(t *testing.T) {
	t.Parallel()
	for _, s := range shapes {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			acme := newAcme(t)
			acme.handle("/lines", s.answers)
			for name, change := range map[string]func(*setup){"cached": func(*setup) {}, "not cached": withoutPages} {
				h := newHouse(t, acme.URL, s.files(t), change)
				whole := h.walk(twoMonths+"&limit=1000", func(_ int, l list) {
					var said []string
					for _, w := range l.Warnings {
						said = append(said, w.Code+": "+w.Message)
					}
					same(t, "warnings", said, s.warnings)
				})
				same(t, name, ids(t, whole), s.want)
				same(t, name+", by 7", h.walk(twoMonths+"&limit=7"), whole)
				same(t, name+", as a stream", h.good(twoMonths+asStream).stream(t).records, whole)
				var cursors []string
				same(t, name+", one by one", h.walk(twoMonths+"&limit=1", func(_ int, l list) {
					if l.Next != nil {
						cursors = append(cursors, *l.Next)
					}
				}), whole)
				for i, c := range cursors {
					same(t, fmt.Sprintf("%s, from record %d", name, i+1), h.walkFrom(c, twoMonths+"&limit=1000"), whole[i+1:])
				}
			}
		})
	}
}

// TestResidual: what a residual says, to the digit.
func TestResidual(t *testing.T) {
	t.Parallel()
	s := shaped{
		list:    "items: data\ncontrol_total: { path: total, mode: residual }",
		usage:   `def usage: . as $i | .parts[] | {id: "p\(.cost)", product: {id: "p"}, organization: {id: "o", name: "O"}, start_date: "2026-01-05T00:00:00Z", end_date: "2026-01-06T00:00:00Z", finality: "preliminary", charge_category: "usage", charges: [{amount: .cost, currency: .currency, type: "total"}]};`,
		answers: answerWith(`{"data":[{"total":"1.0000000000000000003","parts":[{"cost":0.1,"currency":"USD"},{"cost":0.2000000000000000001,"currency":"USD"},{"cost":5,"currency":"EUR"}]}]}`),
	}
	acme := newAcme(t)
	acme.handle("/lines", s.answers)
	h := newHouse(t, acme.URL, s.files(t))
	l := h.good("start_date=2026-01").list(t)
	want := `{"id":"unallocated:2026-01-05:o:USD","product":null,"metric_name":"unallocated","resources":[],"organization":{"id":"o","name":"O"},` +
		`"charges":[{"amount":0.7000000000000000002,"currency":"USD","type":"total"}],"usage":null,"start_date":"2026-01-05T00:00:00Z","end_date":"2026-01-06T00:00:00Z",` +
		`"created_at":null,"updated_at":null,"finality":"preliminary","remote_data":1.0000000000000000003}`
	if got := texts(l); len(got) != 4 || got[3] != want {
		t.Errorf("got %s\nwant %s", strings.Join(got, "\n"), want)
	}
	if l := h.good("start_date=2026-01&product_id=p").list(t); l.Count != 3 {
		t.Errorf("a filter by product lets %d records pass", l.Count)
	}

	s.answers = answerWith(`{"data":[{"total":1431.0834567890123456789,"parts":[{"cost":1430.5834567890123456789,"currency":"USD"}]}]}`)
	acme.handle("/lines", s.answers)
	l = h.good("start_date=2026-01&limit=2").list(t)
	if got := texts(l); len(got) != 2 || !strings.Contains(got[1], `"amount":0.5000000000000000000,`) {
		t.Errorf("of a total that is a number there is left: %s", strings.Join(got, "\n"))
	}
}

// TestARemoteDataOfNestedItems: an item's own bytes are, not those of the one around it.
func TestRemoteDataOfNestedItems(t *testing.T) {
	t.Parallel()
	acme := newAcme(t)
	acme.handle("/lines", shapes[0].answers)
	h := newHouse(t, acme.URL, shapes[0].files(t))
	var rec struct {
		Remote json.RawMessage `json:"remote_data"`
	}
	if err := json.Unmarshal(h.good("start_date=2026-01&limit=1").list(t).Result[0], &rec); err != nil || string(rec.Remote) != `{"n":1}` {
		t.Errorf("%v %s", err, rec.Remote)
	}
}

// TestRawOfEveryShape: whatever stands in them, the provider's pages pass byte for byte, and lead to each other. Those
// without an item are passed over.
func TestRawOfEveryShape(t *testing.T) {
	t.Parallel()
	for _, s := range shapes {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			acme := newAcme(t)
			var sent []*bytes.Buffer
			acme.handle("/lines", func(w http.ResponseWriter, r *http.Request) {
				sent = append(sent, new(bytes.Buffer))
				s.answers(tee{w, sent[len(sent)-1]}, r)
			})
			h := newHouse(t, acme.URL, s.files(t))
			for next := ""; ; {
				a := h.good(twoMonths + "&truto_response_format=raw&next_cursor=" + next)
				for len(sent) > 1 {
					if page := sent[0].String(); !strings.Contains(page, "[]") {
						t.Errorf("%q was passed over", page)
					}
					sent = sent[1:]
				}
				if got, want := a.body, sent[0].String(); got != want && !strings.Contains(s.name, "transport") {
					t.Errorf("got %q\nof %q", got, want)
				}
				sent = nil
				if next = a.header.Get("Meterbridge-Next-Cursor"); next == "" {
					break
				}
			}
		})
	}
}

// tee keeps what is written.
type tee struct {
	http.ResponseWriter
	kept *bytes.Buffer
}

func (t tee) Write(b []byte) (int, error) {
	t.kept.Write(b)
	return t.ResponseWriter.Write(b)
}

// TestPricesOfTheConfiguration: a price by SKU is exact, and of those that are missing each is said once, where the
// answer has a record that lacks it.
func TestPricesOfTheConfiguration(t *testing.T) {
	t.Parallel()
	s := shaped{
		list: "items: data", context: `, prices: { type: map, default: { a: 0.10 } }`,
		usage: `def usage: $account.context.prices[.sku] as $price | {id: .n, product: {id: .sku}, usage: {quantity: .n, unit: "GB"},
  charges: [{amount: (if $price == null then null else .n | dmul($price) end), currency: "USD", type: "total", priced_by: "config"}],
  warning: (if $price == null then {code: "unpriced", message: "no price for \(.sku): set context.prices"} else null end)};`,
		answers: answerWith(`{"data":[{"n":1,"sku":"a"},{"n":2,"sku":"b"},{"n":3,"sku":"b"},{"n":4,"sku":"c"}]}`),
	}
	acme := newAcme(t)
	acme.handle("/lines", s.answers)
	for name, c := range map[string]struct {
		given  map[string]any
		query  string
		prices string
		said   string
	}{
		"configured":                {map[string]any{"a": json.Number("0.10000000000000000001"), "b": 2}, "", "0.10000000000000000001 4 6 -", "no price for c: set context.prices"},
		"by default":                {nil, "", "0.1 - - -", "no price for b: set context.prices; no price for c: set context.prices"},
		"of what is asked for":      {nil, "&product_id=a", "0.1", ""},
		"of what a page has":        {nil, "&limit=2", "0.1 -", "no price for b: set context.prices"},
		"where nothing is to price": {map[string]any{"a": 1, "b": 2, "c": 3}, "", "1 4 6 12", ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, acme.URL, s.files(t), func(u *setup) {
				u.configure = func(cfg *config.Config) {
					if c.given != nil {
						cfg.Accounts.Static[0].Context["prices"] = c.given
					}
				}
			})
			l := h.good("start_date=2026-01" + c.query).list(t)
			var prices, said []string
			for _, r := range l.Result {
				price := "-"
				if v := gjson.GetBytes(r, "charges.0.amount"); v.Exists() {
					price = v.Raw
				}
				prices = append(prices, price)
			}
			for _, w := range l.Warnings {
				if w.Code != "unpriced" {
					t.Errorf("%+v", w)
				}
				said = append(said, w.Message)
			}
			if strings.Join(prices, " ") != c.prices || strings.Join(said, "; ") != c.said {
				t.Errorf("%v, %q", prices, said)
			}
		})
	}
}

// TestLoopsWithinAWindow: a window that is read whole does not go round in circles either.
func TestLoopsWithinAWindow(t *testing.T) {
	t.Parallel()
	s := shaped{list: "items: data\nunit: window\n" + byCursor, usage: "def usage: .[] | {id: .n};"}
	acme := newAcme(t)
	acme.handle("/lines", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"data":[{"n":"x"}],"next":%q}`, map[string]string{"": "a", "a": "b", "b": "a"}[r.URL.Query().Get("cursor")])
	})
	h := newHouse(t, acme.URL, s.files(t))
	if a := h.get("start_date=2026-01"); a.status != http.StatusBadGateway || a.code(t) != "pagination_loop" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if n := acme.asked("/lines"); n > 4 {
		t.Errorf("it was asked %d times", n)
	}
}

// TestShapesThatAreNotAsTheyShould: each is the provider's fault or the connector's, and no short list.
func TestShapesThatAreNotAsTheyShould(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, list, body, code string }{
		{"no names of columns", "items: rows\ncolumns: { names: columns }", `{"rows":[[1]]}`, "upstream_unexpected"},
		{"names that are no list", "items: rows\ncolumns: { names: columns }", `{"columns":{"a":1},"rows":[[1]]}`, "upstream_unexpected"},
		{"a column without a name", "items: rows\ncolumns: { names: columns, name: n }", `{"columns":[{"n":"a"},{}],"rows":[[1,2]]}`, "upstream_unexpected"},
		{"a column twice", "items: rows\ncolumns: { names: columns }", `{"columns":["a","a"],"rows":[[1,2]]}`, "upstream_corrupt"},
		{"a value too many", "items: rows\ncolumns: { names: columns }", `{"columns":["a"],"rows":[[1,2]]}`, "upstream_corrupt"},
		{"a value too few", "items: rows\ncolumns: { names: columns }", `{"rows":[[1]],"columns":["a","b"]}`, "upstream_corrupt"},
		{"a row that is an object", "items: rows\ncolumns: { names: columns }", `{"columns":["a"],"rows":[{"a":1}]}`, "upstream_unexpected"},
		{"an item that is no object", "items: data\neach: results", `{"data":[1]}`, "upstream_unexpected"},
		{"a list within that is none", "items: data\neach: results", `{"data":[{"results":{}}]}`, "upstream_unexpected"},
		{"the list within twice", "items: data\neach: results", `{"data":[{"results":[],"results":[1]}]}`, "upstream_corrupt"},
		{"a line that is no document", "format: ndjson", "<html>\n", "upstream_unexpected"},
		{"a line with two", "format: ndjson", "{\"a\":1} {\"a\":2}\n", "upstream_corrupt"},
		{"a document over two lines", "format: ndjson", "{\"a\":\n1}\n", "upstream_corrupt"},
		{"a last line that is cut off", "format: ndjson", "{\"a\":1}\n{\"a\":", "upstream_corrupt"},
		{"no header", "format: csv\ncsv: { header: Day }", "Report\n1,2\n", "upstream_unexpected"},
		{"a gzip file that is cut off", "format: ndjson\ncompression: gzip", "\x1f\x8b\x08\x00", "upstream_corrupt"},
		{"a total that the connector can't compute", "items: data\ncontrol_total: { value: '.a | dec', mode: check }", `{"data":[{"a":"x"}]}`, "mapping_failed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := shaped{list: c.list, usage: `def usage: {id: "x"};`}
			acme := newAcme(t)
			acme.handle("/lines", answerWith(c.body))
			h := newHouse(t, acme.URL, s.files(t))
			if a := h.get("start_date=2026-01"); a.status != http.StatusBadGateway || a.code(t) != c.code {
				t.Errorf("%d %s, want %s", a.status, a.body, c.code)
			}
		})
	}
}
