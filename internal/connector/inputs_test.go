package connector

import (
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// TestRequests plans one request of each shape, with and without what a caller lays over it.
func TestRequests(t *testing.T) {
	const lists = `query: { a: [x, "{{ .query.product_id }}", "{{ null }}"], b: "{{ .query.product_id }}", c: "{{ [] }}", d: 1 }, arrays: `
	for _, c := range []struct{ name, list, remote, want string }{
		{"lists repeat", `{ get: /x, query: { a: [x, "{{ .query.product_id }}", "{{ null }}"], b: "{{ .query.product_id }}", c: "{{ [] }}", d: 1 } }`, "", "GET /x?a=x&a=p1&a=p2&b=p1&b=p2&d=1"},
		{"in brackets", `{ get: /x, ` + lists + `brackets }`, "", "GET /x?a[]=x&a[]=p1&a[]=p2&b[]=p1&b[]=p2&d=1"},
		{"by index", `{ get: /x, ` + lists + `indices }`, "", "GET /x?a[0]=x&a[1]=p1&a[2]=p2&b[0]=p1&b[1]=p2&d=1"},
		{"by comma", `{ get: /x, ` + lists + `comma }`, "", "GET /x?a=x,p1,p2&b=p1,p2&d=1"},
		{"a list of one template is a list", `{ get: /x, query: { a: ["{{ .query.product_id[0] }}", "{{ null }}"] }, arrays: brackets }`, "", "GET /x?a[]=p1"},
		{"a caller's list replaces one", `{ get: /x, ` + lists + `brackets }`, "remote_query[a][]=q&remote_query[b]=r&remote_query[d][]=2", "GET /x?a[]=q(caller)&b=r(caller)&d[]=2(caller)"},
		{"a key with brackets is not a list", `{ get: /x, query: { "f[a]": 1, "f[b]": 2 } }`, "remote_query[f][a]=q", "GET /x?f[b]=2&f[a]=q(caller)"},
		{"a list fills segments", `{ get: '/{{ "/s/a b/r/../c" | split("/") | map(select(. != "..")) }}/x' }`, "", "GET /s/a%20b/r/c/x?"},
		{"within a segment", `{ get: '/v{{ ["1", "x"] }}.json' }`, "", "GET /v1/x.json?"},
		{"a form", `{ post: /f, body: { form: { a: [x, y], b: "{{ null }}", "c d": "1&2 +", e: "{{ 1 == 1 }}" } } }`, "", "POST /f? a=x&a=y&c+d=1%262+%2B&e=true [application/x-www-form-urlencoded]"},
		{"a form's lists", `{ post: /f, arrays: indices, body: { form: { a: [x, y] } }, query: { q: [1, 2] } }`, "", "POST /f?q[0]=1&q[1]=2 a%5B0%5D=x&a%5B1%5D=y [application/x-www-form-urlencoded]"},
		{"remote_query goes into a form", `{ post: /f, body: { form: { a: x }, types: { n: integer, on: boolean } } }`, "remote_query[n]=5&remote_query[on]=1&remote_query[a]=%22&remote_query[z][k]=v", "POST /f? n=5&on=true&a=%22&z%5Bk%5D=v [application/x-www-form-urlencoded]"},
		{"an empty form", `{ post: /f, body: { form: {} } }`, "remote_query[a]=b", "POST /f? a=b [application/x-www-form-urlencoded]"},
		{"GraphQL", `{ post: /g, body: { graphql: 'query($d: Date!) { u(d: $d) { "{{ .context.base_url }}" } }', variables: { d: "{{ .now | date }}", n: 1, none: "{{ null }}" } } }`, "",
			`POST /g? {"query":"query($d: Date!) { u(d: $d) { \"b\" } }","variables":{"d":"2026-05-01","n":1}} [application/json]`},
		{"GraphQL without variables", `{ post: /g, body: { graphql: "{ a }" } }`, "", `POST /g? {"query":"{ a }","variables":{}} [application/json]`},
		{"remote_query goes into variables", `{ post: /g, body: { graphql: "{ a }", variables: { f: { a: 1 } }, types: { f.b: boolean } } }`, "remote_query[f][b]=true&remote_query[query]=x",
			`POST /g? {"query":"{ a }","variables":{"f":{"a":1,"b":true},"query":"x"}} [application/json]`},
		{"text", `{ post: /t, body: { text: "SELECT '{{ .now | date }}'\n;" } }`, "", "POST /t? SELECT '2026-05-01'\n; [text/plain; charset=utf-8]"},
		{"remote_query goes beside a text", `{ post: /t, query: { a: 1 }, body: { text: x } }`, "remote_query[a]=2", "POST /t?a=2(caller) x [text/plain; charset=utf-8]"},
		{"a text that is left out", `{ post: /t, body: { text: "x{{ null }}" } }`, "", "POST /t?  [text/plain; charset=utf-8]"},
		{"a content type", `{ post: /t, headers: { X-Target: T.Get }, body: { json: { a: 1 }, content_type: application/x-amz-json-1.1 } }`, "", `POST /t? {"a":1} [application/x-amz-json-1.1] X-Target=T.Get`},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, s := method(t, c.list), &Scope{Now: at("2026-05-01"), Context: map[string]any{"base_url": "b"}, Filters: map[string][]string{"product_id": {"p1", "p2"}}}
			s.Remote = remote(t, c.remote)
			call, err := m.At(s, record.Position{})
			if err != nil {
				t.Fatal(err)
			}
			got := render(call)
			if call.ContentType != "" {
				got += " [" + call.ContentType + "]"
			}
			for _, h := range call.Header {
				got += " " + h.Key + "=" + h.Value
			}
			if got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			if !record.IsDocument(call.JSON()) {
				t.Errorf("$call is no JSON: %s", call.JSON())
			}
		})
	}
}

// TestUnclippedByNestedKeys: only a key that carries the window, or stands around one that does, turns slicing off.
func TestUnclippedByNestedKeys(t *testing.T) {
	const body = `{ window: { max: 1 month }, post: /x, body: { json: { time: { from: "{{ .window.start }}", zone: UTC }, ids: ["{{ .range.start }}"], n: 1 } } }`
	const form = `{ window: { max: 1 month }, post: /x, query: { from: "{{ .window.start }}" }, body: { form: { to: "{{ .window.end }}" } } }`
	for _, c := range []struct {
		list, remote string
		want         bool
	}{
		{body, "time[from]=x", true}, {body, "time[zone]=x", false}, {body, "time[new]=x", false}, {body, "time=x", true},
		{body, "time[from][deep]=x", true}, {body, "ids[]=x", true}, {body, "n=2", false},
		{form, "to=x", true}, {form, "from=x", false}, {form, "to[]=x", true},
		{strings.ReplaceAll(body, "json: {", "graphql: q, variables: {"), "time[from]=x", true},
	} {
		s := scope("2026-01-01", "2026-03-01", "2026-05-01")
		key, value, _ := strings.Cut(c.remote, "=")
		name, rest, _ := strings.Cut(key, "[")
		if rest != "" {
			rest = "[" + rest
		}
		s.Remote = remote(t, "remote_query["+name+"]"+rest+"="+value)
		if got := method(t, c.list).Unclipped(s); got != c.want {
			t.Errorf("%s in %s: %v", c.remote, c.list, got)
		}
	}
}

func TestRequestsRefuse(t *testing.T) {
	for _, c := range []struct{ name, list, remote, code, text string }{
		{"a path of an empty list", `{ get: "/x/{{ [] }}" }`, "", "internal", "no text"},
		{"a path of empty texts", `{ get: '/x/{{ ["", ""] }}' }`, "", "internal", "no text"},
		{"a path of objects", `{ get: "/x/{{ [{}] }}" }`, "", "internal", "no text"},
		{"a path that climbs in a list", `{ get: '/x/{{ ["a", ".."] }}' }`, "", "invalid_parameter", ".."},
		{"a form field of objects", `{ post: /x, body: { form: { a: ["{{ {} }}"] } } }`, "", "internal", "form field a"},
		{"a form's type", `{ post: /x, body: { form: { a: 1 }, types: { a: integer } } }`, "remote_query[a]=x", "invalid_parameter", "integer"},
		{"a list without the page's element", `{ post: /x, items: d, body: { json: { l: [] } }, page: { number: {}, token_key: l.0.page } }`, "", "internal", "no element 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &Scope{Now: at("2026-05-01"), Remote: remote(t, c.remote)}
			_, err := method(t, c.list).At(s, record.Position{})
			if err == nil || string(problem.From(err).Code) != c.code || !strings.Contains(err.Error(), c.text) {
				t.Errorf("%v", err)
			}
		})
	}
}
