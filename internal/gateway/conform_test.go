package gateway_test

import (
	"bytes"
	"encoding/csv"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/gateway"
	"github.com/meterbridge/meterbridge/proxy"
)

// documented compiles schemas of the document by their names.
func documented(t testing.TB) func(name string) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(gateway.Document(t)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("mem:openapi.json", doc); err != nil {
		t.Fatal(err)
	}
	return func(name string) *jsonschema.Schema {
		s, err := c.Compile("mem:openapi.json#/components/schemas/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

func conforms(t testing.TB, s *jsonschema.Schema, what string, body []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		t.Fatalf("%s: no JSON: %v: %.300s", what, err, body)
	}
	if err := s.Validate(v); err != nil {
		t.Errorf("%s: %v\n%.2000s", what, err, body)
	}
	return v
}

func TestAnswersAreWhatTheDocumentSays(t *testing.T) {
	h, schema := newHouse(t), documented(t)
	const account = "integrated_account_id=acme-1"
	for target, name := range map[string]string{
		"/unified/usage-metering/usage?" + account:                                                       "List",
		"/unified/usage-metering/usage?" + account + "&start_date=2020-01&colour=red":                    "List",
		"/unified/usage-metering/usage?" + account + "&truto_key_by=id":                                  "KeyedList",
		"/unified/usage-metering/usage?" + account + "&truto_response_format=normalized":                 "NormalizedList",
		"/unified/usage-metering/usage?" + account + "&truto_response_format=debug":                      "DebugBody",
		"/unified/usage-metering/usage?" + account + "&summary_by=product_id,day,user_id":                "Summary",
		"/unified/usage-metering/usage?" + account + "&summary_by=day&start_date=2020-01&numbers=string": "Summary",
		"/unified/usage-metering/usage?" + account + "&summary_by=dya":                                   "Error",
		"/unified/usage-metering/workspaces?" + account:                                                  "List",
		"/unified/usage-metering/workspaces/w1?" + account:                                               "workspaces",
		"/unified/usage-metering/usage/meta/list?" + account:                                             "Meta",
		"/unified/usage-metering/workspaces/acme/meta/get":                                               "Meta",
		"/proxy/invoices?" + account:                                                                     "ProxyList",
		"/integrated-account":                                                                            "AccountList",
		"/integrated-account/acme-1":                                                                     "Account",
		"/integrated-account/acme-1/capabilities":                                                        "Capabilities",
		"/healthz":                "Health",
		"/readyz":                 "Readiness",
		"/custom/gone?" + account: "Error",
		"/unified/usage-metering/usage?" + account + "&limit=0":       "Error",
		"/unified/usage-metering/usage?integrated_account_id=unknown": "Error",
	} {
		got := h.ask(t, http.MethodGet, target, everyone)
		if good := name != "Error"; good != (got.status < 400) {
			t.Errorf("%s answered %d: %s", target, got.status, got.body)
		}
		conforms(t, schema(name), target, got.body)
	}
}

// The records of every built-in connector, in every format, as its cassette gives them.
func TestRecordsOfEveryConnectorAreWhatTheDocumentSays(t *testing.T) {
	cassettes, err := assembly.Files{}.Cassettes()
	if err != nil {
		t.Fatal(err)
	}
	schema := documented(t)
	for _, c := range cassettes {
		t.Run(c.Name, func(t *testing.T) {
			house, err := assembly.NewReplay(assembly.Files{}, c, assembly.Options{Hurry: true})
			if err != nil {
				t.Fatal(err)
			}
			defer house.Close()
			range_ := "&start_date=" + c.Month.Format("2006-01")
			for _, resource := range house.Catalog().Model.Names() {
				if house.Catalog().Connectors.Get(c.Name).Resources[resource] == nil {
					continue
				}
				ask := func(more string, header http.Header) []byte {
					resp := house.Get("/unified/usage-metering/"+resource+"?integrated_account_id="+house.Account+range_+more, header)
					body, err := io.ReadAll(resp.Body)
					if err != nil || resp.StatusCode != http.StatusOK {
						t.Fatalf("%s%s: %d %s", resource, more, resp.StatusCode, body)
					}
					return body
				}
				list := conforms(t, schema("List"), resource, ask("", nil)).(map[string]any)["result"].([]any)
				if resource == "usage" && len(list) == 0 {
					t.Error("the cassette gives no usage")
				}
				for _, record := range list {
					if err := schema(resource).Validate(record); err != nil {
						t.Errorf("%s: %v", resource, err)
					}
				}
				if resource == "usage" {
					conforms(t, schema("Summary"), resource, ask("&summary_by=product_id,month", nil))
				}
				conforms(t, schema("NormalizedList"), resource, ask("&truto_response_format=normalized", nil))
				conforms(t, schema("DebugBody"), resource, ask("&truto_response_format=debug", nil))
				for line := range bytes.Lines(ask("&truto_response_format=stream&stream_meta=true", nil)) {
					if bytes.HasPrefix(line, []byte(`{"end":`)) || bytes.HasPrefix(line, []byte(`{"checkpoint":`)) {
						conforms(t, schema("StreamLine"), resource, line)
					} else {
						conforms(t, schema(resource), resource, line)
					}
				}
				rows, err := csv.NewReader(bytes.NewReader(ask("", http.Header{"Accept": {"text/csv"}}))).ReadAll()
				if err != nil || resource == "usage" && !slices.Equal(rows[0], proxy.CSVColumns()) {
					t.Errorf("%s as a table: %v, columns %v", resource, err, rows[:1])
				}
			}
			for path, name := range map[string]string{"/integrated-account/" + house.Account: "Account", "/integrated-account/" + house.Account + "/capabilities": "Capabilities", "/unified/usage-metering/usage/" + c.Name + "/meta/list": "Meta"} {
				body, _ := io.ReadAll(house.Get(path, nil).Body)
				conforms(t, schema(name), path, body)
			}
		})
	}
}

// The example of the document is a usage record, not only something that the open schema of records lets pass.
func TestTheExampleIsAUsageRecord(t *testing.T) {
	schema := documented(t)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(gateway.Document(t)))
	if err != nil {
		t.Fatal(err)
	}
	at := doc
	for key := range strings.SplitSeq("paths /unified/{model}/{resource} get responses 200 content application/json examples unified value result", " ") {
		at = at.(map[string]any)[key]
	}
	for _, record := range at.([]any) {
		if err := schema("usage").Validate(record); err != nil {
			t.Error(err)
		}
	}
}
