package proxy_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/proxy"
)

// summary is an answer to summary_by.
type summary struct {
	Result []struct {
		By map[string]*string
		sumsOf
	}
	Totals   sumsOf
	Range    map[string]any
	Warnings []struct{ Code string }
}

type sumsOf struct {
	Charges []struct {
		Amount                   json.Number
		Currency, Type, Finality string
		Virtual                  bool
	}
	Usage *struct {
		Quantity json.Number
		Unit     *string
	}
	Records int `json:"record_count"`
}

func readSummary(t testing.TB, body string) (s summary) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), &s); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return s
}

// mixedLines have what sums stumble over: several currencies and types, a currency that is no money, a forecast, huge
// and negative amounts, units that differ, peaks, records without a product, and several resources.
func mixedLines() []line {
	record := func(id, product, day, rest string) line {
		p := "null"
		if product != "" {
			p = `{"id":"` + product + `","name":null}`
		}
		return linesOf(day, fmt.Sprintf(`{"id":%q,"product":%s,"start_date":"%sT00:00:00Z",%s}`, id, p, day, rest))
	}
	charge := func(amount, currency, typ, more string) string {
		return fmt.Sprintf(`{"amount":%s,"currency":%q,"type":%q%s}`, amount, currency, typ, more)
	}
	return []line{
		record("a", "p b", "2026-01-03", `"charges":[`+charge("123.4567890123456789", "USD", "total", "")+`,`+charge("7", "USD", "mystery", "")+`],"usage":{"quantity":1.50,"unit":"GB"}`),
		record("b", "p", "2026-01-31", `"charges":[`+charge("-0.10", "USD", "total", "")+`,`+charge("5", "CREDITS", "total", `,"virtual":true`)+`],"usage":{"quantity":0.25,"unit":"GB","aggregation":"sum"}`),
		record("c", "p", "2026-02-01", `"charges":[`+charge("12345678901234567890.000000000000000000001", "USD", "total", "")+`,`+charge("0.30", "EUR", "tax", "")+`]`),
		record("d", "p", "2026-02-01", `"finality":"projected","charges":[`+charge("1000", "USD", "total", "")+`],"usage":{"quantity":99,"unit":"hour"}`),
		record("e", "", "2026-02-02", `"charges":[`+charge("1e2", "USD", "total", "")+`],"usage":{"quantity":4,"unit":"GB","aggregation":"max"}`),
		record("f", "q", "2026-02-03", `"charges":[],"metric_name":"calls","usage":{"quantity":3,"unit":null}`),
		record("g", "q", "2026-02-03", `"charges":[],"metric_name":"calls","usage":{"quantity":4,"unit":null}`),
		record("h", "r", "2026-02-03", `"charges":[],"metric_name":"calls","usage":{"quantity":1,"unit":null}`),
		record("i", "r", "2026-02-03", `"charges":[],"metric_name":"users","usage":{"quantity":2,"unit":null}`),
	}
}

func TestSummary(t *testing.T) {
	t.Parallel()
	acme := newAcme(t, mixedLines()...)
	acme.per = 2
	h := newHouse(t, acme.URL)
	const end = `,"range":{"start":"2026-01-01T00:00:00Z","end":"2026-03-01T00:00:00Z","granularity":"day","preliminary_from":null}}`
	const totals = `"totals":{"charges":[` +
		`{"amount":5,"currency":"CREDITS","type":"total","virtual":true},{"amount":0.30,"currency":"EUR","type":"tax"},` +
		`{"amount":12345678901234568113.356789012345678900001,"currency":"USD","type":"total"},{"amount":7,"currency":"USD","type":"mystery"},` +
		`{"amount":1000,"currency":"USD","type":"total","finality":"projected"}],"usage":null,"record_count":9}` + end
	for _, c := range []struct{ name, query, want string }{
		{"products, null last", "summary_by=product_id", `{"result":[` +
			`{"by":{"product_id":"p"},"charges":[{"amount":5,"currency":"CREDITS","type":"total","virtual":true},{"amount":0.30,"currency":"EUR","type":"tax"},{"amount":12345678901234567889.900000000000000000001,"currency":"USD","type":"total"},{"amount":1000,"currency":"USD","type":"total","finality":"projected"}],"usage":{"quantity":0.25,"unit":"GB"},"record_count":3},` +
			`{"by":{"product_id":"p b"},"charges":[{"amount":123.4567890123456789,"currency":"USD","type":"total"},{"amount":7,"currency":"USD","type":"mystery"}],"usage":{"quantity":1.50,"unit":"GB"},"record_count":1},` +
			`{"by":{"product_id":"q"},"charges":[],"usage":{"quantity":7,"unit":null},"record_count":2},` +
			`{"by":{"product_id":"r"},"charges":[],"usage":null,"record_count":2},` +
			`{"by":{"product_id":null},"charges":[{"amount":100,"currency":"USD","type":"total"}],"usage":null,"record_count":1}],` + totals},
		{"the order of the dimensions is the caller's", "summary_by[]=month&summary_by[]=product_id&product_id=p&numbers=string", `{"result":[` +
			`{"by":{"month":"2026-01","product_id":"p"},"charges":[{"amount":"5","currency":"CREDITS","type":"total","virtual":true},{"amount":"-0.10","currency":"USD","type":"total"}],"usage":{"quantity":"0.25","unit":"GB"},"record_count":1},` +
			`{"by":{"month":"2026-02","product_id":"p"},"charges":[{"amount":"0.30","currency":"EUR","type":"tax"},{"amount":"12345678901234567890.000000000000000000001","currency":"USD","type":"total"},{"amount":"1000","currency":"USD","type":"total","finality":"projected"}],"usage":null,"record_count":2}],` +
			`"totals":{"charges":[{"amount":"5","currency":"CREDITS","type":"total","virtual":true},{"amount":"0.30","currency":"EUR","type":"tax"},{"amount":"12345678901234567889.900000000000000000001","currency":"USD","type":"total"},{"amount":"1000","currency":"USD","type":"total","finality":"projected"}],"usage":{"quantity":"0.25","unit":"GB"},"record_count":3}` + end},
		{"nothing", "summary_by=product_id&product_id=none", `{"result":[],"totals":{"charges":[],"usage":null,"record_count":0}` + end},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := h.good(twoMonths + "&" + c.query).body; got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
	s := readSummary(t, h.good("start_date=2026-01&end_date=2026-01-15T12:00:00Z&summary_by=day").body)
	if len(s.Result) != 1 || *s.Result[0].By["day"] != "2026-01-03" || s.Range["end"] != "2026-01-16T00:00:00Z" || len(s.Warnings) != 1 || s.Warnings[0].Code != "range_widened" {
		t.Errorf("a range that was widened: %+v", s)
	}
}

// TestSummaryTable: a row a group and currency, what stands once stands on the first, and a forecast has its own.
func TestSummaryTable(t *testing.T) {
	t.Parallel()
	h := newHouse(t, newAcme(t, mixedLines()...).URL)
	a := h.good(twoMonths+"&summary_by=product_id", "Accept", "text/csv")
	if head, _, _ := strings.Cut(a.body, "\n"); head != strings.Join(proxy.SummaryColumns([]string{"product_id"}), ",") || a.header.Get("Meterbridge-Status") != "complete" || a.header.Get("Meterbridge-Range") == "" {
		t.Errorf("%v %s", a.header, head)
	}
	var got []string
	for _, r := range csvRows(t, a.body) {
		got = append(got, strings.Join([]string{r["product_id"], r["currency"], r["finality"], r["amount_total"], r["amount_tax"], r["amount_other"], r["usage_quantity"], r["usage_unit"], r["record_count"]}, "|"))
	}
	same(t, "rows", got, []string{
		"p|CREDITS||5|||0.25|GB|3",
		"p|EUR|||0.30||||",
		"p|USD||12345678901234567889.900000000000000000001|||||",
		"p|USD|projected|1000|||||",
		"p b|USD||123.4567890123456789||7|1.50|GB|1",
		"q||||||7||2",
		"r||||||||2",
		"|USD||100|||||1",
	})
}

func TestASummaryIsRefusedWhereItHasNoPlace(t *testing.T) {
	t.Parallel()
	h := newHouse(t, newAcme(t).URL)
	const by = "&summary_by=product_id"
	for _, c := range []struct{ name, query, accept, parameter, says string }{
		{"an unknown dimension", "summary_by=product_id,mont", "", "summary_by", "did you mean month?"},
		{"an unknown one far from all", "summary_by=x", "", "summary_by", "There are: product_id, organization_id"},
		{"none between commas", "summary_by=product_id,,day", "", "summary_by", "no dimension"},
		{"twice", "summary_by=day,product_id,day", "", "summary_by", "twice"},
		{"twice, as a list", "summary_by[]=day&summary_by[]=day", "", "summary_by[]", "twice"},
		{"another form", "summary_by[a]=day", "", "summary_by[a]", "write summary_by=a"},
		{"a limit", "limit=5" + by, "", "limit", "all records"},
		{"a cursor", "cursor=c1.x" + by, "", "next_cursor", "leave next_cursor out"},
		{"keys", "key_by=id" + by, "", "truto_key_by", "shape"},
		{"exclusions", "exclude_fields=id" + by, "", "truto_exclude_fields", "shape"},
		{"raw", "truto_response_format=raw" + by, "", "truto_response_format", "no form raw"},
		{"normalized", "truto_response_format=normalized" + by, "", "truto_response_format", "no form normalized"},
		{"debug", "truto_response_format=debug" + by, "", "truto_response_format", "no form debug"},
		{"stream", "truto_response_format=stream" + by, "", "truto_response_format", "no form stream"},
		{"lines", by[1:], "application/x-ndjson", "summary_by", "no form stream"},
		{"events", by[1:], "text/event-stream", "summary_by", "no form sse"},
		{"days of months", "granularity=month&summary_by=day", "", "summary_by", "granularity=day"},
		{"days of weeks", "granularity=week&summary_by=month,day", "", "summary_by", "granularity=day"},
		{"another resource", "/unified/usage-metering/organizations?" + by[1:], "", "summary_by", "nothing else"},
		{"a derived resource", "/unified/usage-metering/products?" + by[1:], "", "summary_by", "nothing else"},
		{"one object", "/unified/usage-metering/organizations/o1?" + by[1:], "", "summary_by", "nothing else"},
		{"unmapped", "/proxy/usage?" + by[1:], "", "summary_by", "nothing else"},
		{"a custom path", "/custom/lines?" + by[1:], "", "summary_by", "nothing else"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := h.get(c.query, "Accept", c.accept)
			var p struct {
				Code, Message string
				Details       struct{ Parameter string }
			}
			if err := json.Unmarshal([]byte(a.body), &p); err != nil || a.status != http.StatusBadRequest || p.Code != "invalid_parameter" || p.Details.Parameter != c.parameter || !strings.Contains(p.Message, c.says) {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
}

// TestASumOfSomeIsNeverGivenForAll: an answer that breaks, or is late, has no sums and no cursor to go on with.
func TestASumOfSomeIsNeverGivenForAll(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, accept, code string
		status             int
		hook               func(http.ResponseWriter, *http.Request, int) bool
	}{
		{"late", "", "upstream_timeout", http.StatusGatewayTimeout, stallOn(2)},
		{"late, as a table", "text/csv", "upstream_timeout", http.StatusGatewayTimeout, stallOn(2)},
		{"broken", "", "upstream_failed", http.StatusBadGateway, failOn(2)},
		{"broken, as a table", "text/csv", "upstream_failed", http.StatusBadGateway, failOn(2)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			acme := newAcme(t, someLines(30)...)
			acme.per, acme.hook = 10, c.hook
			h := newHouse(t, acme.URL)
			h.Proxy.Deadline = 300 * time.Millisecond
			a := h.get(twoMonths+"&summary_by=product_id", "Accept", c.accept)
			if a.status != c.status || a.code(t) != c.code || strings.Contains(a.body, "next_cursor") || strings.Contains(a.body, "totals") {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
}

func stallOn(n int) func(http.ResponseWriter, *http.Request, int) bool {
	return func(_ http.ResponseWriter, r *http.Request, at int) bool {
		if at == n {
			<-r.Context().Done()
		}
		return at == n
	}
}

func TestASummaryHasGroupsUpToItsBound(t *testing.T) {
	t.Parallel()
	var lines []line
	for i := range 100 {
		var records []string
		for k := range proxy.MaxGroups / 100 {
			records = append(records, fmt.Sprintf(`{"id":"r%[1]d","metric_name":"m%[1]d","charges":[],"start_date":"2026-01-05T00:00:00Z"}`, i*100+k))
		}
		lines = append(lines, linesOf("2026-01-05", records...))
	}
	acme := newAcme(t, lines...)
	h := newHouse(t, acme.URL)
	const q = "start_date=2026-01&summary_by=metric_name"
	if s := readSummary(t, h.good(q).body); len(s.Result) != proxy.MaxGroups || s.Totals.Records != proxy.MaxGroups {
		t.Errorf("%d groups of %d records", len(s.Result), s.Totals.Records)
	}
	acme.lines = append(acme.lines, totalLine("again", "2026-01-05", "1"))
	a := h.get(q)
	if a.status != http.StatusBadRequest || a.code(t) != "too_many_groups" || !strings.Contains(a.body, strconv.Itoa(proxy.MaxGroups)) || !strings.Contains(a.body, "fewer dimensions") {
		t.Errorf("%d %.300s", a.status, a.body)
	}
	if s := readSummary(t, h.good("start_date=2026-01&summary_by=month").body); len(s.Result) != 1 || s.Totals.Records != proxy.MaxGroups+1 {
		t.Errorf("one group: %+v", s)
	}
}

// TestASummaryIsDocumentedWithItsDimensions keeps the order that documents and messages have.
func TestASummaryIsDocumentedWithItsDimensions(t *testing.T) {
	want := []string{"product_id", "organization_id", "workspace_id", "resource_id", "user_id", "metric_name", "charge_category", "day", "month"}
	if !slices.Equal(proxy.Dimensions(), want) {
		t.Errorf("%v", proxy.Dimensions())
	}
}
