package connector

import (
	"reflect"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/record"
)

// overridable has a key of auth's of each kind beside a list.
func overridable(t testing.TB, list string) *Connector {
	t.Helper()
	c, finds := Parse("acme.yaml", []byte(`connector: acme
title: Acme
context: { base_url: { default: "https://api.acme.example" }, team: { default: blue } }
credentials: { key: {} }
auth: { headers: { X-Key: "${key}" }, query: { sign: "${key}" }, any: [{ headers: { X-Other: "${key}" } }, { basic: { username: "${key}" } }] }
resources:
  usage: { list: `+list+` }
  products: { derived: usage.product }
  organizations: { get: { get: "/o/{{ .id }}" } }
proxy: { bills: { list: { get: /bills } } }
`))
	if c == nil {
		t.Fatal(finds)
	}
	return c
}

func TestOverrideOfRequests(t *testing.T) {
	const query = `{ get: /usage, query: { from: "{{ .window.start | date }}", to: "{{ .window.end | date }}", view: all, tag: a }, headers: { X-A: "1", Accept: text/x },
  window: { max: 1 month, align: month }, page: { next_url: [next], token_param: cursor, size: { param: limit, default: 100 } } }`
	const plain = "GET /usage?from=2026-01-15(window)&to=2026-02-01(window)&view=all&tag=a&limit=100(page)"
	const body = `{ post: /usage, query: { view: all }, body: { json: { from: "{{ .window.start | date }}", filter: { a: x, b: y }, list: [1, 2] } }, window: { max: 1 month, align: month } }`
	for _, c := range []struct{ name, list, environment, account, remote, link, want string }{
		{"nothing", query, "", "", "", "", plain + " X-A:1 text/x"},
		{"of another resource", query, `bills: { query: { view: none } }`, "", "", "", plain + " X-A:1 text/x"},
		{"changes and adds", query, `usage: { query: { view: "{{ .context.team }}", n: 5, on: true, list: [1, "{{ .granularity }}"] } }`, "", "", "",
			"GET /usage?from=2026-01-15(window)&to=2026-02-01(window)&tag=a&limit=100(page)&view=blue&n=5&on=true&list=1&list=month X-A:1 text/x"},
		{"null takes out", query, `usage: { query: { view: null, tag: "{{ null }}", unknown: ~ }, headers: { x-a: null, accept: null } }`, "", "", "",
			"GET /usage?from=2026-01-15(window)&to=2026-02-01(window)&limit=100(page) application/json"},
		{"headers", query, `usage: { headers: { x-a: "{{ .context.team }}", X-B: 7, Accept: text/y } }`, "", "", "", plain + " x-a:blue X-B:7 text/y"},
		{"the account is laid over the environment", query, `usage: { query: { view: e, e: 1 }, headers: { X-A: e } }`, `usage: { query: { view: a }, headers: { x-a: a } }`, "", "",
			"GET /usage?from=2026-01-15(window)&to=2026-02-01(window)&tag=a&limit=100(page)&e=1&view=a x-a:a text/x"},
		{"and the caller over both", query, "", `usage: { query: { view: a, n: 1 } }`, "remote_query[view]=c", "",
			"GET /usage?from=2026-01-15(window)&to=2026-02-01(window)&tag=a&limit=100(page)&n=1&view=c(caller) X-A:1 text/x"},
		{"a page's size", query, "", `usage: { query: { limit: 7 } }`, "", "", "GET /usage?from=2026-01-15(window)&to=2026-02-01(window)&view=all&tag=a&limit=7 X-A:1 text/x"},
		{"a window's key is still sliced", query, "", `usage: { query: { to: "{{ .window.end | add_days(-1) | date }}" } }`, "", "",
			"GET /usage?from=2026-01-15(window)&view=all&tag=a&limit=100(page)&to=2026-01-31(window) X-A:1 text/x"},
		{"a caller's key in its place is not", query, "", `usage: { query: { until: "{{ .window.end | date }}" } }`, "remote_query[until]=2030-01-01", "",
			"GET /usage?from=2026-01-15(window)&to=2026-03-10(window)&view=all&tag=a&limit=100(page)&until=2030-01-01(caller) unclipped X-A:1 text/x"},
		{"a link is followed as it was given", query, "", `usage: { query: { view: a }, headers: { X-A: "2" } }`, "", "/next?x=1", "GET /usage/next?x=1? X-A:2 text/x"},
		{"a body", body, `usage: { query: { view: e }, body: { filter: { b: null, c: "{{ .context.team }}", d: { e: null, f: 1 } }, list: [3], more: true } }`, `usage: { body: { filter: { a: z }, from: null } }`, "", "",
			`POST /usage?view=e {"filter":{"a":"z","c":"blue","d":{"f":1}},"list":[3],"more":true} application/json`},
		{"a form", `{ post: /usage, body: { form: { a: 1, l: [x, y], z: 2 } } }`, `usage: { body: { a: null, l: [q], more: "{{ .context.team }}" } }`, `usage: { body: { z: 3 } }`, "remote_query[more]=c", "",
			`POST /usage? l=q&z=3&more=c application/json`},
		{"GraphQL's variables", `{ post: /usage, body: { graphql: "{ a }", variables: { f: { a: 1, b: 2 } } } }`, `usage: { body: { f: { b: null, c: 3 } } }`, "", "", "",
			`POST /usage? {"query":"{ a }","variables":{"f":{"a":1,"c":3}}} application/json`},
		{"a list in brackets", `{ get: /usage, arrays: brackets, query: { a: [1, 2], b: 3 } }`, `usage: { query: { a: [x], b: 4 } }`, "", "", "", "GET /usage?a[]=x&b=4 application/json"},
		{"the page's token beside it", `{ post: /usage, body: { json: { p: { size: 1 } } }, items: d, page: { next_token: [n], token_key: p.token } }`, `usage: { body: { p: { size: 2 } } }`, "", "", `"t"`,
			`POST /usage? {"p":{"size":2,"token":"t"}} application/json`},
		{"another request for later pages", `{ get: /usage, query: { a: 1 }, items: d, page: { next_token: [n], then: { get: "/more/{{ .token }}", query: { b: 2 } } } }`, `usage: { query: { a: 2 }, headers: { X: y } }`, "", "", "t",
			"GET /more/t?b=2 X:y application/json"},
		{"an object in the place of a scalar", body, "", `usage: { body: { from: { a: 1 }, filter: 2 } }`, "remote_query[filter]=c", "",
			`POST /usage?view=all {"from":{"a":1},"list":[1,2],"filter":"c"} application/json`},
	} {
		t.Run(c.name, func(t *testing.T) {
			con := overridable(t, c.list)
			s := scope("2026-01-15", "2026-03-10", "2026-05-01")
			s.Context, s.Remote = map[string]any{"base_url": "x", "team": "blue"}, remote(t, c.remote)
			for _, text := range []string{c.environment, c.account} {
				if text == "" {
					continue
				}
				o, finds := con.ParseOverride(jq.Source{File: "o.yaml", Text: text})
				if o == nil {
					t.Fatal(finds)
				}
				if r := o.Of("usage"); r != nil {
					s.Overrides = append(s.Overrides, r)
				}
			}
			m := con.Resources["usage"].List
			p, _, err := m.First(s)
			if err != nil {
				t.Fatal(err)
			}
			p.Token = []byte(c.link)
			call, err := m.At(s, p)
			if err != nil {
				t.Fatal(err)
			}
			got := render(call)
			for _, h := range call.Header {
				got += " " + h.Key + ":" + h.Value
			}
			if got += " " + call.Accept; got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
			if again, _ := m.At(s, p); !reflect.DeepEqual(call, again) {
				t.Error("a second plan of the same position differs")
			}
		})
	}
}

// An override's slots read what a list's do: a parent where the calls have some, and lookups, which the plan waits for.
func TestOverrideSlotsReadAList(t *testing.T) {
	con, finds := Parse("acme.yaml", []byte(minimal(`lookups: { names: { get: /n }, others: { get: /o } }
resources:
  usage: { list: { get: "/p/{{ .parent.id }}", items: d, parents: { get: /parents, items: d, key: id, keep: [id, name] } } }
  organizations: { list: { constant: [{ id: a }] } }
  workspaces: { list: { get: /w } }
`)))
	if con == nil {
		t.Fatal(finds)
	}
	o, finds := con.ParseOverride(jq.Source{Text: `usage: { query: { name: "{{ .parent.name }}" }, headers: { X: "{{ .lookups.names[0] }}" } }`})
	if o == nil {
		t.Fatal(finds)
	}
	over := []*RequestOverride{o.Of("usage")}
	if got := con.LookupsOf(over); !reflect.DeepEqual(got, []string{"names"}) || con.LookupsOf(nil) != nil {
		t.Error("lookups", got)
	}
	s := &Scope{Overrides: over, Lookups: map[string]any{"names": []any{"n"}}}
	call, err := con.Resources["usage"].List.At(s, record.Position{Parent: []byte(`["1",{"id":"1","name":"one"}]`)})
	if err != nil || render(call) != "GET /p/1?name=one" || call.Header[0].Value != "n" {
		t.Errorf("%+v, %v", call, err)
	}
	for text, want := range map[string]string{
		`usage: { query: { a: "{{ .parent.nam }}" } }`:        "1:26: scope: .parent does not keep nam (fix: did you mean name?)",
		`workspaces: { query: { a: "{{ .parent.id }}" } }`:    "1:31: scope: the call has no parents (fix: say with parents: whose children it asks for)",
		`workspaces: { query: { a: "{{ .lookups.nams }}" } }`: "1:31: scope: there is no .lookups.nams (fix: did you mean names?)",
		`organizations: { query: { a: 1 } }`:                  "1:1: value: the list of organizations is made without a request (fix: override its mapping)",
	} {
		if _, finds := con.ParseOverride(jq.Source{File: "o", Text: text}); len(finds) != 1 || finds[0].String() != "o:"+want {
			t.Errorf("%s: %v", text, finds)
		}
	}
}

// A get and a lookup are none of a list's business.
func TestOverrideIsOfListsAlone(t *testing.T) {
	con := overridable(t, `{ get: /usage }`)
	o, _ := con.ParseOverride(jq.Source{Text: `usage: { query: { a: 1 } }`})
	s := &Scope{ID: "1", Context: map[string]any{}, Overrides: []*RequestOverride{o.Of("usage")}}
	if call, err := con.Resources["organizations"].Get.At(s, record.Position{}); err != nil || render(call) != "GET /o/1?" {
		t.Errorf("%s, %v", render(call), err)
	}
	if (*Override)(nil).Of("usage") != nil || o.Of("bills") != nil {
		t.Error("there is no override")
	}
	if p, _ := con.ParseOverride(jq.Source{Text: `usage: { query: { a: 2 } }`}); p.Hash() == o.Hash() || o.Source().Text == "" {
		t.Error("the hash does not tell two texts apart")
	}
}

func TestOverrideFindings(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"an empty file", "", "o.yaml:1:1: yaml: the file is empty (fix: start it with a resource, such as usage:)"},
		{"a list", "- a", "o.yaml:1:1: type: the file is no object (fix: start it with a resource, such as usage:)"},
		{"an unknown resource", "usage: {}\nusages: {}", "o.yaml:2:1: unknown-resource: acme has no resource usages (fix: did you mean usage?)"},
		{"a derived one", "products: {}", "o.yaml:1:1: derived: products are derived from usage, and have no request of their own (fix: override usage)"},
		{"one without a list", "organizations: {}", "o.yaml:1:1: missing: the connector has no list of organizations (fix: remove it)"},
		{"an unknown key", "usage:\n  querry: {}", "o.yaml:2:3: unknown-key: unknown key querry (fix: did you mean query?)"},
		{"what is auth's", "usage: { query: { sign: x }, headers: { x-key: y } }", "o.yaml:1:19: credential: the parameter sign is auth's to set (fix: remove it)\n" +
			"o.yaml:1:41: value: the header x-key is not an override's to set (fix: credentials go into auth)"},
		{"what an alternative of auth's signs", "usage: { headers: { x-other: y } }", "o.yaml:1:21: value: the header x-other is not an override's to set (fix: credentials go into auth)"},
		{"what is the house's", "usage: { headers: { Host: x, bad name: y } }", "o.yaml:1:21: value: the header Host is not an override's to set (fix: credentials go into auth)\no.yaml:1:30: value: not a header's name"},
		{"what turns pages", "usage: { query: { cursor: x } }", "o.yaml:1:19: value: the parameter cursor leads from page to page (fix: remove it)"},
		{"what turns pages in a header", "usage: { headers: { x-page: x } }", "o.yaml:1:21: value: the header x-page leads from page to page (fix: remove it)"},
		{"a body where there is none", "usage: { body: { a: 1 } }", "o.yaml:1:10: value: no call of the list has a body with keys (fix: put it into query)"},
		{"a body that is no object", "usage: { body: [1] }", "o.yaml:1:16: type: here stands a list, wanted is an object (fix: such as { name: value })"},
		{"a parameter that is an object", "usage: { query: { a: { b: 1 }, c: [[1]] } }", "o.yaml:1:22: type: here stands an object, wanted is a value, or a list of values (fix: such as \"{{ .window.start | date }}\")\no.yaml:1:35: type: here stands a list, wanted is a value, or a list of values (fix: such as \"{{ .window.start | date }}\")"},
		{"a header that is a list", "usage: { headers: { A: [1] } }", "o.yaml:1:24: type: here stands a list, wanted is a text (fix: such as \"v1\")"},
		{"a slot out of scope", "usage:\n  query:\n    a: \"x {{ .context.teem }} {{ .contexts }}\"", "o.yaml:3:14: scope: there is no .context.teem (fix: did you mean team?)\n" +
			"o.yaml:3:34: scope: .contexts is not in scope here (fix: did you mean context?)"},
		{"a slot that does not compile", "usage: { query: { a: '{{ .a | nope }}' } }", "o.yaml:1:31: unknown-function: nope is not defined"},
		{"a credential", "usage: { headers: { A: \"${key}\" } }", "o.yaml:1:25: credential: a credential outside of auth (fix: credentials are only for auth; put what is no secret into context)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			pages := "token_param: cursor"
			if strings.Contains(c.text, "x-page") {
				pages = "token_header: X-Page"
			}
			o, finds := overridable(t, `{ get: /usage, page: { next_token: [n], `+pages+` } }`).ParseOverride(jq.Source{File: "o.yaml", Text: c.text})
			var got []string
			for _, f := range finds {
				got = append(got, f.String())
			}
			if s := strings.Join(got, "\n"); s != c.want || o != nil {
				t.Errorf("got %s", s)
			}
		})
	}
	paged := overridable(t, `{ post: /usage, body: { json: { p: { size: 1 } } }, items: d, page: { next_token: [n], token_key: p.token } }`)
	for text, bad := range map[string]bool{"usage: { body: { p: { size: 2 } } }": false, "usage: { body: { p: { token: x } } }": true, "usage: { body: { p: null } }": true, "usage: { body: { q: null } }": false} {
		if o, finds := paged.ParseOverride(jq.Source{Text: text}); (o == nil) != bad {
			t.Error(text, finds)
		}
	}
	_, finds := overridable(t, `{ get: /usage }`).ParseOverride(jq.Source{File: "c.yaml", Text: "usage: {}\nusages: {}", At: func(i int) (int, int) { return 100, i }})
	if len(finds) != 1 || finds[0].Line != 100 || finds[0].Col != len("usage: {}\n") {
		t.Error("findings do not stand where the source is:", finds)
	}
}

func TestOverrideIsBounded(t *testing.T) {
	con := overridable(t, `{ get: /usage }`)
	text := func(n int) string { return "usage: {}\n#" + strings.Repeat("x", n-len("usage: {}\n#")) }
	if o, finds := con.ParseOverride(jq.Source{Text: text(MaxFile)}); o == nil {
		t.Error("at the limit:", finds)
	}
	if o, _ := con.ParseOverride(jq.Source{Text: text(MaxFile + 1)}); o != nil {
		t.Error("past the limit it is read")
	}
}

// FuzzOverride wants an answer to any text: an override that plans, or findings with their place.
func FuzzOverride(f *testing.F) {
	f.Add("usage: { query: { a: [1, \"{{ .context.team }}\"], b: null }, headers: { A: x }, body: { a: { b: 1 } } }")
	f.Add("bills: { query: { a: &a [*a] } }")
	f.Add("usage: ~\n")
	con := overridable(f, `{ post: /usage, body: { json: { a: { b: 2 } } } }`)
	f.Fuzz(func(t *testing.T, text string) {
		o, finds := con.ParseOverride(jq.Source{File: "o", Text: text})
		if (o == nil) != jq.Failed(finds) {
			t.Fatal("findings and no findings:", finds)
		}
		for _, find := range finds {
			if find.Line < 1 || find.Col < 1 || find.Text == "" {
				t.Fatal("a finding without a place:", find)
			}
		}
		if r := o.Of("usage"); r != nil {
			s := &Scope{Context: map[string]any{"team": "blue"}, Overrides: []*RequestOverride{r}}
			call, err := con.Resources["usage"].List.At(s, record.Position{})
			if _, bad := jq.Decode(call.Body); err == nil && bad != nil {
				t.Fatalf("the body is no JSON: %q", call.Body)
			}
		}
	})
}

// TestUntrustedSlotsArePaths: what runs in this process and comes from somebody else is a path with dates behind it.
func TestUntrustedSlotsArePaths(t *testing.T) {
	con := overridable(t, `{ get: /usage }`)
	for text, ok := range map[string]bool{
		`usage: { query: { a: 1, b: "x {{ .window.start | date }}", c: "{{ .context.base_url }}", d: "{{ .window.start | add_days(-1) | date }}" } }`: true,
		`usage: { query: { a: "{{ [.context.base_url] | tojson }}" } }`:                                                                               false,
		`usage: { headers: { a: "{{ reduce (1, 2) as $x (.context.base_url; . + .) }}" } }`:                                                           false,
		`usage: { query: { a: "{{ .context.base_url + .context.base_url }}" } }`:                                                                      false,
		`usage: { query: { a: "{{ .context.base_url // .window.start }}" } }`:                                                                         false,
	} {
		src := jq.Source{File: "o.yaml", Text: text}
		if o, finds := con.ParseOverride(src); o == nil {
			t.Errorf("%s: of the operator: %v", text, finds)
		}
		o, finds := con.ParseUntrusted(src)
		if (o != nil) != ok || !ok && (len(finds) != 1 || finds[0].Rule != "untrusted") {
			t.Errorf("%s: %v", text, finds)
		}
	}
	for n, ok := range map[int]bool{jq.MaxUntrusted: true, jq.MaxUntrusted + 1: false} {
		text := `usage: { query: { a: "` + "%s" + `" } }`
		text = strings.Replace(text, "%s", strings.Repeat("x", n-len(text)+2), 1)
		if o, finds := con.ParseUntrusted(jq.Source{File: "o.yaml", Text: text}); (o != nil) != ok || len(text) != n {
			t.Errorf("%d bytes: %v", len(text), finds)
		}
	}
}
