package proxy_test

import (
	"compress/gzip"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/assembly"
)

// shaped is acme with a usage of another shape: its list, in YAML, its mapping, and what it answers.
type shaped struct {
	name, list, usage string
	context           string // further variables of the context, in YAML
	answers           func(w http.ResponseWriter, r *http.Request)
	want              []string // ids, with what else the mapping puts into them
	warnings          []string
}

// files are the connector and the mapping of the shape.
func (s shaped) files(t *testing.T) func(*setup) {
	t.Helper()
	dir := t.TempDir()
	conn := `connector: acme
title: Acme
context: { base_url: { default: "https://api.acme.example" }` + s.context + ` }
credentials: { key: { title: API key } }
auth: { headers: { X-Api-Key: "${key}" } }
errors: { message: [error] }
resources:
  usage:
    granularities: [day]
    list:
      get: /lines
      query: { from: "{{ .window.start | date }}" }
      window: { max: 1 month, align: month, resolution: day }
` + "      " + strings.ReplaceAll(strings.TrimSpace(s.list), "\n", "\n      ") + "\n"
	for name, text := range map[string]string{"connectors/acme.yaml": conn, "mappings/usage-metering/acme.jq": "# acme\n" + s.usage} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return func(u *setup) {
		u.files = assembly.Files{ConnectorsDir: dir + "/connectors", MappingsDir: dir + "/mappings"}
	}
}

// pagesOf answers with pages, one after another by the parameter cursor; {next} in them is the next cursor, or null.
func pagesOf(pages ...string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		n, next := 0, "null"
		fmt.Sscanf(r.URL.Query().Get("cursor"), "p%d", &n)
		if n+1 < len(pages) {
			next = fmt.Sprintf(`"p%d"`, n+1)
		}
		w.Write([]byte(strings.NewReplacer("{next}", next, "{month}", r.URL.Query().Get("from")[:7]).Replace(pages[n])))
	}
}

const byCursor = "page: { next_token: [next], token_param: cursor }\n"

// window is a mapping's record whose id is made of parts.
func recordOf(parts string) string {
	return `def usage: {id: ([` + parts + `] | map(tostring) | join("/")), start_date: $call.window.start};`
}

var shapes = []shaped{
	{
		name:  "items within items, of which the outer one is known",
		list:  "items: data\neach: results\n" + byCursor,
		usage: recordOf(`$parent.day, $parent.end, .n, $call.window.start[5:7], ($parent.results | length)`),
		answers: pagesOf(
			`{"data":[{"day":1,"results":[{"n":1},{"n":2},{"n":3}],"end":"a"},{"day":2,"results":[],"end":"b"},{"day":3,"end":"c"},{"day":4,"results":null,"end":"d"}],"next":{next}}`,
			`{"data":[{"day":5,"results":[]}],"next":{next}}`,
			`{"next":{next},"data":[{"results":[{"n":4}],"day":6,"end":"f"},{"results":[{"n":5},{"n":6}],"day":6,"end":"f"}]}`),
		want: []string{"1/a/1/01/0", "1/a/2/01/0", "1/a/3/01/0", "6/f/4/01/0", "6/f/5/01/0", "6/f/6/01/0", "1/a/1/02/0", "1/a/2/02/0", "1/a/3/02/0", "6/f/4/02/0", "6/f/5/02/0", "6/f/6/02/0"},
	},
	{
		name:    "what stands beside the items, some of it behind them, and several records of each",
		list:    "items: data\neach: results\n" + byCursor,
		usage:   `def usage: ("x", "y") as $k | {id: ([$page.first, $page.last, $parent.day, .n, $k] | map(tostring) | join("/"))};`,
		answers: pagesOf(`{"first":"f1","data":[{"day":1,"results":[{"n":1},{"n":2}]}],"next":{next},"last":"l1"}`, `{"first":"f2","data":[{"day":2,"results":[{"n":3}]}],"next":{next},"last":"l2"}`),
		want: []string{"f1/l1/1/1/x", "f1/l1/1/1/y", "f1/l1/1/2/x", "f1/l1/1/2/y", "f2/l2/2/3/x", "f2/l2/2/3/y",
			"f1/l1/1/1/x", "f1/l1/1/1/y", "f1/l1/1/2/x", "f1/l1/1/2/y", "f2/l2/2/3/x", "f2/l2/2/3/y"},
	},
	{
		name:  "the latest of nested items",
		list:  "items: data\neach: results\nlatest: { key: [k], by: at }\n" + byCursor,
		usage: recordOf(`$parent.day, .k, .at`),
		answers: pagesOf(`{"data":[{"day":1,"results":[{"k":"a","at":"1"},{"k":"b","at":"1"}]},{"day":2,"results":[{"k":"a","at":"2"},{"k":"c","at":"1"}]}],"next":{next}}`,
			`{"data":[{"day":3,"results":[{"k":"a","at":"1"}]}],"next":{next}}`),
		want: []string{"1/b/1", "2/a/2", "2/c/1", "3/a/1", "1/b/1", "2/a/2", "2/c/1", "3/a/1"},
	},
	{
		name:    "columns, named on the first page alone",
		list:    "items: rows\ncolumns: { names: meta.columns, name: name }\n" + byCursor,
		usage:   recordOf(`.sku, .cost, $carry.columns[0] // "-"`),
		answers: pagesOf(`{"meta":{"columns":[{"name":"sku"},{"name":"cost"}]},"rows":[["a",1.10],["b",null]],"next":{next}}`, `{"rows":[["c",3]],"next":{next}}`, `{"rows":[],"next":{next}}`, `{"rows":[["d",[1]]],"next":{next}}`),
		want:    []string{"a/1.10/-", "b/null/-", "c/3/sku", "d/[1]/sku", "a/1.10/-", "b/null/-", "c/3/sku", "d/[1]/sku"},
	},
	{
		name:    "columns, named behind the rows, and a first page without any",
		list:    "items: rows\ncolumns: { names: columns }\n" + byCursor,
		usage:   recordOf(`.sku, .cost`),
		answers: pagesOf(`{"rows":[],"columns":["sku","cost"],"next":{next}}`, `{"rows":[["a",1]],"next":{next}}`, `{"rows":[["b",2],["c",3]],"columns":["sku","cost"],"next":{next}}`),
		want:    []string{"a/1", "b/2", "c/3", "a/1", "b/2", "c/3"},
	},
	{
		name:  "a document a line, with lists in each",
		list:  "format: ndjson\neach: parts",
		usage: recordOf(`$parent.day, .`),
		answers: func(w http.ResponseWriter, _ *http.Request) {
			w.Write([]byte("\xEF\xBB\xBF{\"day\":1,\"parts\":[1,2]}\r\n\n  \n{\"day\":2}\n{\"day\":3,\"parts\":[3]}"))
		},
		want: []string{"1/1", "1/2", "3/3", "1/1", "1/2", "3/3"},
	},
	{
		name:  "a gzip file of two members",
		list:  "format: ndjson\ncompression: gzip",
		usage: recordOf(`.n`),
		answers: func(w http.ResponseWriter, _ *http.Request) {
			for _, text := range []string{"{\"n\":1}\n{\"n\":", "2}\n"} {
				z := gzip.NewWriter(w)
				z.Write([]byte(text))
				z.Close()
			}
		},
		want: []string{"1", "2", "1", "2"},
	},
	{
		name:  "a gzip file that a transport took for its own",
		list:  "format: ndjson\ncompression: gzip",
		usage: recordOf(`.n`),
		answers: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			z.Write([]byte("{\"n\":1}\n"))
			z.Close()
		},
		want: []string{"1", "1"},
	},
	{
		name:  "a table behind a preamble",
		list:  "format: csv\ncsv: { header: Day, delimiter: \";\" }",
		usage: recordOf(`.Day, .Cost`),
		answers: func(w http.ResponseWriter, _ *http.Request) {
			w.Write([]byte("\xEF\xBB\xBFReport;\"of\nAccount \"x\";1\n\n\"Day\";Cost\r\n1;\"1;5\"\n2;3\n"))
		},
		want: []string{"1/1;5", "2/3", "1/1;5", "2/3"},
	},
	{
		name:    "all items of a window, over its pages",
		list:    "items: data\nunit: window\n" + byCursor,
		usage:   `def usage: (map(.n) | max) as $max | .[] | {id: "\($call.window.start[5:7])/\(.n)/\($max)/\($page.p)"};`,
		answers: pagesOf(`{"data":[{"n":1},{"n":7}],"next":{next},"p":1}`, `{"data":[],"next":{next},"p":2}`, `{"data":[{"n":3}],"next":{next},"p":3}`),
		want:    []string{"01/1/7/3", "01/7/7/3", "01/3/7/3", "02/1/7/3", "02/7/7/3", "02/3/7/3"},
	},
	{
		name: "what an item's parts leave open is a record",
		list: "items: data\ncontrol_total: { path: total, mode: residual, key: [region] }\n" + byCursor,
		usage: `def usage: . as $i | .parts[] | {id: "\($i.day)/\($i.region)/\(.n)", organization: {id: "o 1", name: "O"}, start_date: "\($call.window.start[0:8])0\($i.day)" | rfc3339,
  finality: "final", charges: [{amount: (.cost | dec), currency: "CREDITS", type: "total", virtual: true}]};`,
		answers: pagesOf(`{"data":[{"day":1,"region":"eu","total":"10.00","parts":[{"n":1,"cost":"4.01"},{"n":2,"cost":"4.02"}]},{"day":1,"region":"us","total":3,"parts":[{"n":1,"cost":3}]}],"next":{next}}`,
			`{"data":[{"day":2,"region":"eu","total":1,"parts":[{"n":1,"cost":"1.5"}]},{"day":3,"region":"eu","parts":[{"n":1,"cost":"1.5"}]},{"day":4,"total":2,"parts":[]},{"day":5,"total":0,"parts":[]}],"next":{next}}`),
		want: []string{
			"1/eu/1", "1/eu/2", "unallocated:2026-01-01:o~201:CREDITS:eu", "1/us/1", "2/eu/1", "unallocated:2026-01-02:o~201:CREDITS:eu", "3/eu/1",
			"1/eu/1", "1/eu/2", "unallocated:2026-02-01:o~201:CREDITS:eu", "1/us/1", "2/eu/1", "unallocated:2026-02-02:o~201:CREDITS:eu", "3/eu/1",
		},
		warnings: []string{"total_mismatch: the provider's own total 2 differs from the sum of its parts 0 from 2026-01-01T00:00:00Z, and so in 1 more of its rows"},
	},
	{
		name:  "a total without any part, of a day that stands in the item",
		list:  "items: data\ncontrol_total: { path: total, mode: check }\n" + byCursor,
		usage: `def usage: .parts[] | {id, charges: [{amount: .cost, currency: "USD", type: "total"}]};`,
		answers: pagesOf(`{"data":[{"id":"x","since":"1999-01-01","day":"2026-01-07","total":"2.50","parts":[]},{"day":"2026-01-08","total":0,"parts":[]}],"next":{next}}`,
			`{"data":[],"next":{next}}`),
		warnings: []string{"total_mismatch: the provider's own total 2.50 differs from the sum of its parts 0 from 2026-01-07T00:00:00Z, and so in 1 more of its rows"},
	},
	{
		name:     "a rest of records without a charge",
		list:     "items: data\ncontrol_total: { path: total, mode: residual }\n" + byCursor,
		usage:    `def usage: {id, start_date: $call.window.start};`,
		answers:  pagesOf(`{"data":[{"id":"a","total":2}],"next":{next}}`, `{"data":[],"next":{next}}`),
		want:     []string{"a", "a"},
		warnings: []string{"total_mismatch: the provider's own total 2 differs from the sum of its parts 0 from 2026-01-01T00:00:00Z, and so in 1 more of its rows"},
	},
	{
		name: "a grand total among the items of a window",
		list: "items: data\nunit: window\ncontrol_total: { value: '[.[] | select(.sku == \"total\") | .cost] | dsum', mode: residual }\n" + byCursor,
		usage: `def usage: .[] | select(.sku != "total") | {id: .sku, start_date: $call.window.start, remote_data: .,
  charges: [{amount: .cost, currency: "USD", type: "total"}], warning: (if .cost == null then {code: "unpriced", message: "no price of \(.sku)"} else null end)};`,
		answers:  pagesOf(`{"data":[{"sku":"a","cost":1.10},{"sku":"total","cost":9.99}],"next":{next}}`, `{"data":[{"sku":"b","cost":null},{"sku":"c","cost":8}],"next":{next}}`),
		want:     []string{"a", "b", "c", "unallocated:2026-01-01:~:USD", "a", "b", "c", "unallocated:2026-02-01:~:USD"},
		warnings: []string{"unpriced: no price of b"},
	},
}
