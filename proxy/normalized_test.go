package proxy_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestJoiningTheNormalizedTablesGivesTheUnifiedRecords: nothing is lost between the two, and nothing is made up.
func TestJoiningTheNormalizedTablesGivesTheUnifiedRecords(t *testing.T) {
	t.Parallel()
	full := `{"id":"full","product":{"id":"p1","name":"One"},"metric_name":"m","resources":[{"id":"c1","name":"Cluster","workspace":{"id":"w1","name":"Dev"}},{"id":"c2","name":null,"workspace":null},{"id":"c1","name":"Cluster","workspace":{"id":"w1","name":"Dev"}}],
		"organization":{"id":"o1","name":"Org"},"charges":[{"amount":123.4567890123456789,"currency":"USD","type":"total"},{"amount":-0.10,"currency":"USD","type":"discount"},{"amount":7,"currency":"CREDITS","type":"total","virtual":true,"priced_by":"config"}],
		"usage":{"quantity":1.50,"unit":"GB","unit_price":0.0010,"aggregation":"sum"},"start_date":"2026-01-05T00:00:00Z","end_date":"2026-01-06T00:00:00Z","created_at":"2026-01-07T00:00:00Z","updated_at":"2026-01-08T00:00:00Z",
		"workspace":{"id":"w2","name":"Prod"},"user":{"id":"u1","email":"a@acme.example","name":"A"},"model":{"id":"m1","provider":"acme"},"surface":"api","charge_category":"usage","finality":"final",
		"dimensions":{"a b":"text","n":1.10,"big":12345678901234567890,"yes":true,"no":false,"quote\"d":"ü\n","empty":""}}`
	records := []string{
		full,
		`{"id":"bare","start_date":"2026-01-05T00:00:00Z"}`,
		`{"id":"no product","product":null,"charges":[],"start_date":"2026-01-05T00:00:00Z"}`,
		`{"id":"renamed","product":{"id":"p1","name":"Uno"},"organization":{"id":"o1","name":null},"workspace":{"id":"w1","name":"Development"},"start_date":"2026-01-05T00:00:00Z"}`,
		`{"id":"renamed again","product":{"id":"p1","name":"Uno"},"organization":{"id":"o1","name":"Org"},"start_date":"2026-01-05T00:00:00Z"}`,
		`{"id":"resource renamed","resources":[{"id":"c1","name":"Cluster","workspace":{"id":"w1","name":"Development"}},{"id":"c1","name":"Cluster","workspace":null}],"start_date":"2026-01-05T00:00:00Z"}`,
		`{"id":"without ids","user":{"email":"b@acme.example"},"model":{"provider":"acme"},"resources":[{"name":"x"},{"name":"y","workspace":{"name":"W"}},{"id":"c9","workspace":{"name":"W"}},{"name":"x"}],"start_date":"2026-01-05T00:00:00Z"}`,
		`{"id":"another without ids","user":{"name":"B"},"model":{"id":"m1"},"start_date":"2026-01-05T00:00:00Z"}`,
		`{"id":"same user again","user":{"email":"b@acme.example"},"start_date":"2026-01-05T00:00:00Z"}`,
		`{"id":"ids that look alike","product":{"id":"1"},"workspace":{"id":"null","name":"null"},"user":{"id":"null"},"start_date":"2026-01-05T00:00:00Z"}`,
		`{"id":"usage alone","usage":{"quantity":null,"unit":"GB"},"dimensions":{"variant":1,"usage_id":"x"},"start_date":"2026-01-05T00:00:00Z"}`,
		`{"id":"a price","usage":{"unit_price":0.5},"start_date":null}`,
	}
	acme := newAcme(t, linesOf("2026-01-05", records...))
	h := newHouse(t, acme.URL)
	for _, q := range []string{"", "&limit=1", "&limit=5", "&numbers=string"} {
		next := ""
		for {
			query := "start_date=2026-01" + q + "&next_cursor=" + next
			unified := h.good(query + "&truto_ignore_remote_data=1").list(t)
			body := h.good(query + "&truto_response_format=normalized").body
			got := join(t, body)
			if len(got) != len(unified.Result) || len(got) == 0 {
				t.Fatalf("%d records of %d", len(got), len(unified.Result))
			}
			for i, want := range unified.Result {
				if w := decode(t, want); !reflect.DeepEqual(got[i], w) {
					t.Errorf("limit %q: the join gives\n%s\nnot\n%s\nof %s", q, encode(t, got[i]), encode(t, w), body)
				}
			}
			if unified.Next == nil {
				break
			}
			next = *unified.Next
		}
	}
}

// TestNormalizedRowsAreFlatAndAlike: they are ready to load.
func TestNormalizedRowsAreFlatAndAlike(t *testing.T) {
	t.Parallel()
	acme := newAcme(t, linesOf("2026-01-05",
		`{"id":"a","product":{"id":"p1","name":"One"},"charges":[{"amount":1.10,"currency":"USD","type":"total"}],"start_date":"2026-01-05T00:00:00Z"}`,
		`{"id":"b","start_date":"2026-01-05T00:00:00Z"}`))
	h := newHouse(t, acme.URL)
	var v struct {
		Result   []map[string]any
		Included map[string][]map[string]any
	}
	if err := json.Unmarshal([]byte(h.good("start_date=2026-01&truto_response_format=normalized").body), &v); err != nil {
		t.Fatal(err)
	}
	for _, r := range v.Result {
		if len(r) != len(v.Result[0]) {
			t.Errorf("rows have other columns: %v and %v", v.Result[0], r)
		}
		for k, e := range r {
			switch e.(type) {
			case map[string]any, []any:
				t.Errorf("%s is no scalar", k)
			}
		}
	}
	first := v.Result[0]
	for k, want := range map[string]any{"integrated_account_id": "acme-1", "connector": "acme", "product_id": "p1", "product_name": "One", "organization_id": nil, "total_amount": 1.1, "total_currency": "USD", "usage_quantity": nil, "usage_unit": nil} {
		if got, ok := first[k]; !ok || got != want {
			t.Errorf("%s is %v, not %v", k, got, want)
		}
	}
	for _, table := range []string{"products", "organizations", "workspaces", "resources", "users", "models", "charges", "usage_resources", "usage_dimensions"} {
		if v.Included[table] == nil {
			t.Errorf("there is no table %s", table)
		}
	}
}

// TestNormalizedDropsNothingOfAResourceOfItsOwn: the other resources are rows too.
func TestNormalizedDropsNothingOfAResourceOfItsOwn(t *testing.T) {
	t.Parallel()
	acme := newAcme(t)
	acme.handle("/orgs", answerWith(`{"data":[{"id":"o1","name":"Org","status":"active"},{"id":"o2"}]}`))
	h := newHouse(t, acme.URL)
	var v struct {
		Result   []map[string]any
		Included map[string]any
	}
	body := h.good("/unified/usage-metering/organizations?truto_response_format=normalized").body
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Result) != 2 || v.Result[0]["status"] != "active" || len(v.Result[1]) != len(v.Result[0]) || v.Included == nil {
		t.Errorf("got %s", body)
	}
}

// decode reads JSON with the digits of its numbers.
func decode(t testing.TB, b []byte) map[string]any {
	t.Helper()
	var v map[string]any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	return v
}

func encode(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

type object = map[string]any

// join makes unified records of a normalized answer, as the documentation tells a reader to.
func join(t testing.TB, body string) []object {
	t.Helper()
	v := decode(t, []byte(body))
	tables := map[string][]object{}
	for name, rows := range v["included"].(object) {
		for _, r := range rows.([]any) {
			tables[name] = append(tables[name], r.(object))
		}
	}
	// entity finds one by its id and variant, without these columns of its own.
	entity := func(table string, id, variant any) object {
		if id == nil && variant == nil {
			return nil
		}
		at := slices.IndexFunc(tables[table], func(e object) bool { return e["id"] == id && e["variant"] == variant })
		if at < 0 {
			t.Fatalf("%s has no %v, variant %v", table, id, variant)
		}
		if slices.ContainsFunc(tables[table][at+1:], func(e object) bool { return e["id"] == id && e["variant"] == variant }) {
			t.Fatalf("%s has %v, variant %v, twice", table, id, variant)
		}
		return without(tables[table][at], "variant")
	}
	workspaceOf := func(e object) any {
		if w := entity("workspaces", e["workspace_id"], e["workspace_variant"]); w != nil {
			return w
		}
		return nil
	}
	children := func(table string, id any) []object {
		var out []object
		for _, c := range tables[table] {
			if c["usage_id"] == id {
				if c["position"] != json.Number(fmt.Sprint(len(out))) {
					t.Fatalf("%s of %v are out of order: %v", table, id, c)
				}
				out = append(out, c)
			}
		}
		return out
	}
	var records []object
	for _, row := range v["result"].([]any) {
		r := row.(object)
		rec := object{"resources": []any{}, "charges": []any{}}
		for _, always := range []string{"id", "metric_name", "start_date", "end_date", "created_at", "updated_at"} {
			rec[always] = r[always]
		}
		for _, optional := range []string{"surface", "charge_category", "finality"} {
			if r[optional] != nil {
				rec[optional] = r[optional]
			}
		}
		for field, table := range map[string]string{"product": "products", "organization": "organizations", "workspace": "workspaces", "user": "users", "model": "models"} {
			if e := entity(table, r[field+"_id"], r[field+"_variant"]); e != nil {
				rec[field] = e
			} else if field == "product" || field == "organization" {
				rec[field] = nil
			}
		}
		usage := object{"quantity": r["usage_quantity"], "unit": r["usage_unit"]}
		for _, optional := range []string{"unit_price", "aggregation"} {
			if r["usage_"+optional] != nil {
				usage[optional] = r["usage_"+optional]
			}
		}
		if rec["usage"] = any(usage); len(usage) == 2 && usage["quantity"] == nil && usage["unit"] == nil {
			rec["usage"] = nil
		}
		for _, c := range children("charges", r["id"]) {
			rec["charges"] = append(rec["charges"].([]any), any(without(c, "usage_id", "position")))
		}
		for _, c := range children("usage_resources", r["id"]) {
			res := entity("resources", c["resource_id"], c["variant"])
			ws := workspaceOf(res)
			res = without(res, "workspace_id", "workspace_variant")
			res["workspace"] = ws
			rec["resources"] = append(rec["resources"].([]any), any(res))
		}
		for _, c := range children("usage_dimensions", r["id"]) {
			if rec["dimensions"] == nil {
				rec["dimensions"] = object{}
			}
			rec["dimensions"].(object)[c["name"].(string)] = c["value"]
		}
		records = append(records, rec)
	}
	return records
}

func without(o object, keys ...string) object {
	out := object{}
	for k, v := range o {
		if !slices.Contains(keys, k) {
			out[k] = v
		}
	}
	return out
}

// TestNormalizedStopsCleanlyAtItsBound: an error after a mebibyte of rows is still a status.
func TestNormalizedStopsCleanlyAtItsBound(t *testing.T) {
	t.Parallel()
	acme := newAcme(t, bulkyLines(40, 100<<10)...)
	acme.per = 20
	acme.hook = failOn(2)
	h := newHouse(t, acme.URL)
	for _, q := range []string{"&truto_response_format=normalized", "&truto_response_format=debug", "&truto_key_by=id"} {
		acme.mu.Lock()
		acme.pages = 0
		acme.mu.Unlock()
		if a := h.get("start_date=2026-01" + q); a.status != 502 || a.code(t) != "upstream_failed" {
			t.Errorf("%s: %d, %v, %.300s", q, a.status, a.broken, a.body)
		}
	}
}

// bulkyLines are n lines whose records have a dimension of so many bytes.
func bulkyLines(n, size int) []line {
	var out []line
	for i := range n {
		out = append(out, linesOf("2026-01-05", fmt.Sprintf(`{"id":"b%04d","start_date":"2026-01-05T00:00:00Z","dimensions":{"x":%q}}`, i, strings.Repeat("x", size))))
	}
	return out
}
