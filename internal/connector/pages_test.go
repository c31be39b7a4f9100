package connector

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// answered is a provider's page, as a plan sees it: what stands beside the items, how many there are, a header.
type answered struct {
	envelope string
	items    int64
	header   string // Name: value
}

func (a answered) facts() Facts {
	f := Facts{Items: a.items, Records: a.items, Header: http.Header{}}
	if a.envelope != "" {
		f.Envelope = []byte(a.envelope)
	}
	if name, v, ok := strings.Cut(a.header, ": "); ok {
		f.Header.Set(name, v)
	}
	return f
}

// TestPageStyles plans the calls of a walk from what the provider answers to each.
func TestPageStyles(t *testing.T) {
	const post = `{ post: /q, items: data, body: { json: { a: 1, page: { size: 0, x: y } } }, page: `
	for _, c := range []struct {
		name, list string
		answers    []answered
		want       string // the calls, or at the end the error's code
	}{
		{"numbers end by the total", `{ get: /x, items: d, page: { number: { total: p.total }, token_param: page } }`,
			[]answered{{`{"p":{"total":3}}`, 2, ""}, {`{"p":{"total":3}}`, 2, ""}, {`{"p":{"total":3}}`, 1, ""}}, "GET /x?page=1(page) | GET /x?page=2(page) | GET /x?page=3(page)"},
		{"numbers from 0", `{ get: /x, items: d, page: { number: { first: 0, total: total }, token_param: page } }`,
			[]answered{{`{"total":2}`, 2, ""}, {`{"total":2}`, 2, ""}}, "GET /x?page=0(page) | GET /x?page=1(page)"},
		{"a total as text", `{ get: /x, items: d, page: { number: { total: total }, token_param: page } }`, []answered{{`{"total":"1"}`, 2, ""}}, "GET /x?page=1(page)"},
		{"a total of nothing", `{ get: /x, items: d, page: { number: { total: total }, token_param: page } }`, []answered{{`{"total":0}`, 1, ""}}, "GET /x?page=1(page)"},
		{"numbers end by more", `{ get: /x, items: d, page: { number: { more: more }, token_param: page } }`,
			[]answered{{`{"more":true}`, 2, ""}, {`{"more":false}`, 2, ""}}, "GET /x?page=1(page) | GET /x?page=2(page)"},
		{"numbers end by the page's more", `{ get: /x, items: d, page: { number: {}, more: more, token_param: page } }`, []answered{{`{"more":false}`, 2, ""}}, "GET /x?page=1(page)"},
		{"numbers end by an empty page", `{ get: /x, items: d, page: { number: {}, token_param: page } }`,
			[]answered{{`{}`, 2, ""}, {`{}`, 0, ""}}, "GET /x?page=1(page) | GET /x?page=2(page)"},
		{"numbers of a table", `{ get: /x, format: csv, page: { number: {}, token_param: page } }`,
			[]answered{{"", 2, ""}, {"", 0, ""}}, "GET /x?page=1(page) | GET /x?page=2(page)"},
		{"more says nothing where it is absent", `{ get: /x, items: d, page: { number: { more: more }, token_param: page } }`,
			[]answered{{`{}`, 2, ""}, {`{"more":null}`, 0, ""}}, "GET /x?page=1(page) | GET /x?page=2(page)"},
		{"a total that is no count", `{ get: /x, items: d, page: { number: { total: p.total }, token_param: page } }`, []answered{{`{"p":{"total":1.5}}`, 2, ""}}, "GET /x?page=1(page) | upstream_unexpected p.total"},
		{"a total that is a word", `{ get: /x, items: d, page: { offset: { total: total }, token_param: o } }`, []answered{{`{"total":"many"}`, 2, ""}}, "GET /x?o=0(page) | upstream_unexpected total"},
		{"the largest total", `{ get: /x, items: d, page: { offset: { total: total }, token_param: o } }`, []answered{{`{"total":1000000000000000}`, 2, ""}, {`{"total":1000000000000001}`, 2, ""}}, "GET /x?o=0(page) | GET /x?o=2(page) | upstream_unexpected total"},
		{"a negative total", `{ get: /x, items: d, page: { offset: { total: total }, token_param: o } }`, []answered{{`{"total":-1}`, 2, ""}}, "GET /x?o=0(page) | upstream_unexpected total"},
		{"more that is no boolean", `{ get: /x, items: d, page: { number: {}, more: m.more, token_param: page } }`, []answered{{`{"m":{"more":"yes"}}`, 2, ""}}, "GET /x?page=1(page) | upstream_unexpected m.more"},
		{"offsets end at the total", `{ get: /x, items: d, page: { offset: { total: total }, token_param: from, size: { param: n, default: 2 } } }`,
			[]answered{{`{"total":3}`, 2, ""}, {`{"total":3}`, 1, ""}}, "GET /x?n=2(page)&from=0(page) | GET /x?n=2(page)&from=2(page)"},
		{"offsets end by an empty page", `{ get: /x, items: d, page: { offset: {}, token_param: from } }`,
			[]answered{{`{}`, 2, ""}, {`{}`, 5, ""}, {`{}`, 0, ""}}, "GET /x?from=0(page) | GET /x?from=2(page) | GET /x?from=7(page)"},
		{"an index up to a list's length", `{ post: /x, items: d, carry: { handle: id }, page: { index: { count: meta.parts }, token_param: part, then: { get: "/x/{{ .carry.handle }}" } } }`,
			[]answered{{`{"id":"h/1","meta":{"parts":[{},{},{}]}}`, 2, ""}, {`{}`, 2, ""}, {``, 2, ""}}, "POST /x? | GET /x/h%2F1?part=1(page) | GET /x/h%2F1?part=2(page)"},
		{"an index up to a number", `{ get: /x, items: d, page: { index: { count: parts }, token_param: part } }`,
			[]answered{{`{"parts":2}`, 0, ""}, {`{"parts":9}`, 0, ""}}, "GET /x?part=0(page) | GET /x?part=1(page)"},
		{"an index without a count", `{ get: /x, items: d, page: { index: { count: parts }, token_param: part } }`, []answered{{`{}`, 1, ""}}, "GET /x?part=0(page)"},
		{"an index with a count that is none", `{ get: /x, items: d, page: { index: { count: parts }, token_param: part } }`, []answered{{`{"parts":{}}`, 1, ""}}, "GET /x?part=0(page) | upstream_unexpected parts"},
		{"a Link header", `{ get: /x, items: d, page: { link_header: next } }`,
			[]answered{{`{}`, 2, `Link: <https://acme.example/x?page=9>; rel="prev", </x?page=2>; rel=next`}, {`{}`, 2, `Link: <p3>; rel="first Next"`}, {`{}`, 2, `Link: </x>; rel="prev"`}}, "GET /x? | GET /x/x?page=2? | GET /xp3?"},
		{"a header's token", `{ get: /x, items: d, page: { next_token_header: X-Next, token_header: X-Cursor } }`,
			[]answered{{`{}`, 2, "x-next: a b"}, {`{}`, 2, "X-Next: "}}, "GET /x? | GET /x? X-Cursor=a b(page)"},
		{"a token beside more", `{ get: /x, items: d, page: { next_token: [next], more: more, token_param: t } }`,
			[]answered{{`{"next":"a","more":true}`, 2, ""}, {`{"next":"b","more":false}`, 2, ""}}, "GET /x? | GET /x?t=a(page)"},
		{"a link beside more", `{ get: /x, items: d, page: { next_url: [next], more: more } }`,
			[]answered{{`{"next":"/y?a=1","more":true}`, 2, ""}, {`{"next":"/z","more":false}`, 2, ""}}, "GET /x? | GET /x/y?a=1?"},
		{"the connector's own expression", `{ get: /x, items: d, page: { next: 'if .items == 2 then (.token // 0) + 2 else null end', token_param: t } }`,
			[]answered{{`{}`, 2, ""}, {`{}`, 1, ""}}, "GET /x? | GET /x?t=2(page)"},
		{"of headers and the body", `{ get: /x, items: d, page: { next: '.headers["x-pages"] as $n | .body.at + 1 | if . <= ($n | tonumber) then . else false end', token_param: t } }`,
			[]answered{{`{"at":1}`, 2, "X-Pages: 2"}, {`{"at":2}`, 2, "X-Pages: 2"}}, "GET /x? | GET /x?t=2(page)"},
		{"of what was carried", `{ get: /x, items: d, carry: { ids: ids }, page: { next: 'if .token == null then .body.ids[0] elif .token == .carry.ids[0] then .carry.ids[1] else null end', token_param: t } }`,
			[]answered{{`{"ids":["a","b"]}`, 1, ""}, {`{}`, 1, ""}, {`{}`, 1, ""}}, "GET /x? | GET /x?t=a(page) | GET /x?t=b(page)"},
		{"a token that no header can have", `{ get: /x, items: d, page: { next_token: [next], token_header: X-T } }`, []answered{{`{"next":"a\r\nb"}`, 2, ""}}, "GET /x? | upstream_unexpected control character"},
		{"an expression that fails", `{ get: /x, items: d, page: { next: '.body.at + {}', token_param: t } }`, []answered{{`{"at":1}`, 2, ""}}, "GET /x? | upstream_unexpected"},
		{"an expression that gives an object", `{ get: /x, items: d, page: { next: '{}', token_param: t } }`, []answered{{`{"at":1}`, 2, ""}}, "GET /x? | upstream_unexpected page.next"},
		{"a number into a body", post + `{ number: {}, token_key: page.no, size: { key: page.size, default: 10 } } }`,
			[]answered{{`{}`, 2, ""}, {`{}`, 0, ""}}, `POST /q? {"a":1,"page":{"size":10,"x":"y","no":1}} | POST /q? {"a":1,"page":{"size":10,"x":"y","no":2}}`},
		{"a token's type into a body", post + `{ next_token: [next], token_key: cursor.at } }`,
			[]answered{{`{"next":"7"}`, 2, ""}, {`{"next":8}`, 2, ""}, {`{"next":"é\""}`, 2, ""}, {`{"next":""}`, 2, ""}},
			`POST /q? {"a":1,"page":{"size":0,"x":"y"}} | POST /q? {"a":1,"page":{"size":0,"x":"y"},"cursor":{"at":"7"}} | POST /q? {"a":1,"page":{"size":0,"x":"y"},"cursor":{"at":8}} | POST /q? {"a":1,"page":{"size":0,"x":"y"},"cursor":{"at":"é\""}}`},
		{"into an element of a list", `{ post: /q, items: d, body: { json: { queries: [{ a: 1 }] } }, page: { next_token: [next], token_key: queries.0.next } }`,
			[]answered{{`{"next":"7"}`, 2, ""}, {`{}`, 2, ""}}, `POST /q? {"queries":[{"a":1}]} | POST /q? {"queries":[{"a":1,"next":"7"}]}`},
		{"a link repeats method and body", post + `{ next_url: [next], size: { key: page.size, default: 10 } } }`,
			[]answered{{`{"next":"/q?p=2"}`, 2, ""}, {`{}`, 2, ""}}, `POST /q? {"a":1,"page":{"size":10,"x":"y"}} | POST /q/q?p=2? {"a":1,"page":{"size":10,"x":"y"}}`},
		{"a link or a token for the body", post + `{ next_url: [next], token_key: t } }`,
			[]answered{{`{"next":"/q?p=2"}`, 2, ""}, {`{"next":"abc"}`, 2, ""}, {`{"next":null}`, 2, ""}}, `POST /q? {"a":1,"page":{"size":0,"x":"y"}} | POST /q/q?p=2? {"a":1,"page":{"size":0,"x":"y"}} | POST /q? {"a":1,"page":{"size":0,"x":"y"},"t":"abc"}`},
		{"then asks otherwise", `{ post: /search, items: d, body: { json: { a: 1 } }, page: { next_token: [next], then: { post: /scroll, headers: { X-T: "{{ .token }}" }, body: { json: { scroll: "{{ .token }}" } } } } }`,
			[]answered{{`{"next":"s1"}`, 2, ""}, {`{"next":"s2"}`, 2, ""}, {`{}`, 2, ""}}, `POST /search? {"a":1} | POST /scroll? {"scroll":"s1"} X-T=s1(page) | POST /scroll? {"scroll":"s2"} X-T=s2(page)`},
		{"then follows a link", `{ post: /search, items: d, body: { json: { a: 1 } }, page: { next_url: [next], then: { get: / } } }`,
			[]answered{{`{"next":"/chunks/1"}`, 2, ""}, {`{}`, 2, ""}}, `POST /search? {"a":1} | GET //chunks/1?`},
		{"GraphQL variables", `{ post: /graphql, items: d, body: { graphql: "query($after: String) { a }", variables: { first: 0 } }, page: { next_token: [info.end], more: info.more, token_key: after, size: { key: first, default: 50 } } }`,
			[]answered{{`{"info":{"end":"c1","more":true}}`, 2, ""}, {`{"info":{"end":"c2","more":false}}`, 2, ""}},
			`POST /graphql? {"query":"query($after: String) { a }","variables":{"first":50}} | POST /graphql? {"query":"query($after: String) { a }","variables":{"first":50,"after":"c1"}}`},
		{"a form's field", `{ post: /f, items: d, body: { form: { a: "x y" } }, page: { offset: {}, token_key: 'start\.at', size: { key: n, default: 5 } } }`,
			[]answered{{`{}`, 5, ""}, {`{}`, 0, ""}}, `POST /f? a=x+y&n=5&start.at=0 | POST /f? a=x+y&n=5&start.at=5`},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, s := method(t, c.list), &Scope{Now: at("2026-01-01")}
			var got []string
			p, more, err := m.First(s)
			for i := 0; more && err == nil; i++ {
				var call Call
				if call, err = m.At(s, p); err != nil {
					break
				}
				got = append(got, rendered(call))
				if i == len(c.answers) {
					t.Fatalf("a page too many: %s", strings.Join(got, " | "))
				}
				p, more, _, err = m.Next(s, p, c.answers[i].facts())
			}
			if err != nil {
				got = append(got, string(problem.From(err).Code))
				if _, path, ok := strings.Cut(c.want, string(problem.From(err).Code)+" "); ok && strings.Contains(err.Error(), path) {
					got[len(got)-1] += " " + path
				}
			}
			if g := strings.Join(got, " | "); g != c.want {
				t.Errorf("got  %s (%v)\nwant %s", g, err, c.want)
			}
		})
	}
}

func rendered(c Call) string {
	out := render(c)
	for _, h := range c.Header {
		out += " " + h.Key + "=" + h.Value + []string{"", "(window)", "(page)", "(caller)"}[h.Owner]
	}
	return out
}

// TestPagesTheCallerBegins: a page key of remote_query counts for the first call, and pages are counted on from it.
func TestPagesTheCallerBegins(t *testing.T) {
	for _, c := range []struct{ name, list, remote, want string }{
		{"a number", `{ get: /x, items: d, page: { number: {}, token_param: page, size: { param: n, default: 5 } } }`, "remote_query[page]=4&remote_query[n]=9&remote_query[a]=b",
			"GET /x?page=4(caller)&n=9(caller)&a=b(caller) | GET /x?n=5(page)&page=5(page)&a=b(caller) | GET /x?n=5(page)&page=6(page)&a=b(caller)"},
		{"an offset in a body", `{ post: /x, items: d, body: { json: {}, types: { "page.from": integer } }, page: { offset: {}, token_key: page.from } }`, "remote_query[page][from]=100&remote_query[page][sort]=up",
			`POST /x? {"page":{"from":100,"sort":"up"}} | POST /x? {"page":{"from":102,"sort":"up"}} | POST /x? {"page":{"from":104,"sort":"up"}}`},
		{"a form's number", `{ post: /x, items: d, body: { form: { b: 1 }, types: { page: integer, b: boolean, l: array } }, arrays: brackets, page: { number: {}, token_key: page } }`, "remote_query[page]=2&remote_query[b]=0&remote_query[l]=x,y",
			"POST /x? page=2&b=false&l%5B%5D=x&l%5B%5D=y | POST /x? page=3&b=false&l%5B%5D=x&l%5B%5D=y | POST /x? page=4&b=false&l%5B%5D=x&l%5B%5D=y"},
		{"a number that is none", `{ get: /x, items: d, page: { number: {}, token_param: page } }`, "remote_query[page]=last",
			"GET /x?page=last(caller) | GET /x?page=2(page) | GET /x?page=3(page)"},
		{"a link keeps the body's", `{ post: /x, items: d, body: { json: { a: 1 } }, page: { next_url: [next] } }`, "remote_query[a]=2",
			`POST /x? {"a":"2"} | POST /x/y1? {"a":"2"} | POST /x/y2? {"a":"2"}`},
		{"then is another request", `{ post: /x, items: d, body: { json: { a: 1 } }, page: { index: { count: parts }, token_param: p, then: { get: /y } } }`, "remote_query[a]=2",
			`POST /x? {"a":"2"} | GET /y?p=1(page) | GET /y?p=2(page)`},
		{"the query of a text", `{ post: /x, items: d, body: { text: "SELECT 1" }, page: { number: {}, token_param: page } }`, "remote_query[page]=7&remote_query[q]=r",
			"POST /x?page=7(caller)&q=r(caller) SELECT 1 | POST /x?page=8(page)&q=r(caller) SELECT 1 | POST /x?page=9(page)&q=r(caller) SELECT 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, s := method(t, c.list), &Scope{Now: at("2026-01-01"), Remote: remote(t, c.remote)}
			var got []string
			p, _, err := m.First(s)
			for i := range 3 {
				call, fault := m.At(s, p)
				if err != nil || fault != nil {
					t.Fatal(err, fault)
				}
				got = append(got, render(call))
				p, _, _, err = m.Next(s, p, answered{fmt.Sprintf(`{"next":"/y%d","parts":3}`, i+1), 2, ""}.facts())
			}
			if g := strings.Join(got, " | "); g != c.want {
				t.Errorf("got  %s\nwant %s", g, c.want)
			}
		})
	}
}

func TestCarry(t *testing.T) {
	m := method(t, `{ get: "/x/{{ .carry.handle }}/{{ .window.start | date }}", items: d, window: { max: 1 month, align: month },
	  carry: { handle: meta.id, none: gone, list: rows.0 }, page: { next_token: [next], token_param: t, then: { get: "/x/{{ .carry.handle }}" } } }`)
	s := scope("2026-01-01", "2026-03-01", "2026-05-01")
	first, _, err := m.First(s)
	if err != nil {
		t.Fatal(err)
	}
	first.Carry = []byte(`{"columns":["a"]}`) // a fact of the gateway's own
	one, more, _, err := m.Next(s, first, answered{`{"next":"a","meta":{"id":"h1"},"rows":[{"b":1.50}]}`, 1, ""}.facts())
	if want := `{"columns":["a"],"handle":"h1","list":{"b":1.50},"none":null}`; !more || err != nil || string(one.Carry) != want {
		t.Fatalf("%s, %v; want %s", one.Carry, err, want)
	}
	if call, err := m.At(s, one); err != nil || call.Path != "/x/h1" {
		t.Errorf("%+v, %v", call, err)
	}
	two, more, _, err := m.Next(s, one, answered{`{"next":"b","meta":{"id":"h2"}}`, 1, ""}.facts())
	if !more || err != nil || !bytes.Equal(two.Carry, one.Carry) {
		t.Errorf("a later page's facts count: %s, %v", two.Carry, err)
	}
	february, more, _, err := m.Next(s, two, answered{`{"next":null}`, 1, ""}.facts())
	if !more || err != nil || february.Carry != nil || february.Window == two.Window {
		t.Errorf("the next window has %s, %v", february.Carry, err)
	}
}

func TestCarryIsBounded(t *testing.T) {
	m := method(t, `{ get: /x, items: d, carry: { handle: id }, page: { next_token: [next], token_param: t } }`)
	for n, ok := range map[int]bool{maxCarry: true, maxCarry + 1: false} {
		id := strings.Repeat("x", n-len(`{"handle":""}`))
		next, _, _, err := m.Next(&Scope{}, record.Position{}, answered{`{"next":"a","id":"` + id + `"}`, 1, ""}.facts())
		if ok != (err == nil) || ok && len(next.Carry) != maxCarry {
			t.Errorf("%d bytes: %v", n, err)
		}
		if !ok && (problem.From(err).Code != problem.UpstreamUnexpected || !strings.Contains(err.Error(), "handle")) {
			t.Errorf("%v", err)
		}
	}
}

func TestStaleNumbers(t *testing.T) {
	m := method(t, `{ get: /x, items: d, page: { offset: {}, token_param: t } }`)
	for token, ok := range map[string]bool{"1000000000000000": true, "1000000000000001": false, "-1": false, "x": false} {
		_, _, _, err := m.Next(&Scope{}, record.Position{Token: []byte(token)}, Facts{Items: 1})
		if ok != (err == nil) || !ok && problem.From(err).Code != problem.CursorStale {
			t.Errorf("%s: %v", token, err)
		}
	}
}

func TestReadsHeader(t *testing.T) {
	for _, c := range []struct{ page, header, other string }{
		{"{ link_header: next }", "Link", "X-Next"},
		{"{ next_token_header: x-next, token_param: t }", "X-Next", "Link"},
		{`{ next: '.headers["x-total"]', token_param: t }`, "X-Total", "Link"},
	} {
		call := method(t, "{ get: /x, items: d, page: "+c.page+" }").Calls[0]
		if !call.ReadsHeader(c.header) || call.ReadsHeader(c.other) {
			t.Errorf("%s: %v %v", c.page, call.ReadsHeader(c.header), call.ReadsHeader(c.other))
		}
	}
	all := method(t, `{ get: /x, items: d, page: { next: '.headers | keys[0]', token_param: t } }`).Calls[0]
	if none := method(t, "{ get: /x }").Calls[0]; !all.ReadsHeader("Any") || none.ReadsHeader("Any") {
		t.Error("all headers, or none")
	}
}

func TestNextLink(t *testing.T) {
	for _, c := range []struct {
		name, rel string
		headers   []string
		want      string
	}{
		{"one", "next", []string{`<https://a/x?y=1,2;3>; rel="next"`}, "https://a/x?y=1,2;3"},
		{"of several", "next", []string{`<a>; rel=prev, <b> ;title="x, <c>; rel=next"; rel = next , <d>; rel=next`}, "b"},
		{"in a second header", "next", []string{`<a>; rel=prev`, `<b>; rel=next`}, "b"},
		{"one of several words", "NEXT", []string{`<a>; REL="up Next"`}, "a"},
		{"the first rel counts", "next", []string{`<a>; rel=prev; rel=next`}, ""},
		{"an escape in quotes", "next", []string{`<a>; title="\", <b>; rel=next"; rel=next`}, "a"},
		{"part of a word", "next", []string{`<a>; rel=nextpage`}, ""},
		{"none", "next", nil, ""},
		{"no link at all", "next", []string{`a; rel=next`, `<a; rel=next`, `>`, `,;"`}, ""},
		{"an empty target", "next", []string{`<>; rel=next`}, ""},
	} {
		if got := nextLink(c.headers, c.rel); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

var fuzzedPages = []string{
	`next_url: [next], token_param: t`, `next_url: [next], token_key: t`, `link_header: next`, `next_token: [next, a.b], token_key: a.t`,
	`next_token_header: X-Next, token_header: X-T`, `number: { total: next, more: more }, token_key: n`, `offset: { total: next }, token_param: o`,
	`index: { count: next }, token_key: i`, `next: '.body.next', token_key: t`, `next_token: [next], more: more, then: { get: "/{{ .token }}/{{ .carry.h }}" }`,
}

// FuzzNext: whatever a provider says of its next page, the plan either names what is wrong or gives a position that plans
// a call, the same each time, which carries no more than it may and does not lead to itself.
func FuzzNext(f *testing.F) {
	var methods []*Method
	for _, page := range fuzzedPages {
		text := minimal("resources: { usage: { list: { post: /q, items: d, body: { json: {} }, carry: { h: h }, page: { " + page + " } } } }\n")
		c, finds := Parse("acme.yaml", []byte(text))
		if c == nil {
			f.Fatal(finds)
		}
		methods = append(methods, c.Resources["usage"].List)
	}
	for _, seed := range []string{`{"next":"a"}`, `{"next":"/x?y=1","h":"z"}`, `{"next":3,"more":true}`, `{"next":[1,2],"more":false}`, `{"next":1e400}`, `[]`, ``} {
		f.Add([]byte(seed), `<a>; rel="next"`, "", int64(2))
		f.Add([]byte(seed), "x", "1", int64(0))
	}
	f.Fuzz(func(t *testing.T, envelope []byte, header, token string, items int64) {
		if !record.IsDocument(envelope) {
			envelope = nil
		}
		facts := Facts{Envelope: envelope, Items: min(max(items, 0), 1<<40), Header: http.Header{"Link": {header}, "X-Next": {header}}}
		s := &Scope{Now: at("2026-01-01")}
		for i, m := range methods {
			p := record.Position{}
			if token != "" {
				p.Token = []byte(token)
				if m.Calls[0].Page.TokenKey != "" { // as the planner itself would have kept it
					p.Token, _ = json.Marshal(token)
				}
			}
			n, more, _, err := m.Next(s, p, facts)
			if err != nil {
				if problem.From(err).Code == problem.Internal {
					t.Fatalf("%s: %v", fuzzedPages[i], err)
				}
				continue
			}
			if !more {
				continue
			}
			again, _, _, _ := m.Next(s, p, facts)
			if !bytes.Equal(n.Token, again.Token) || !bytes.Equal(n.Carry, again.Carry) || bytes.Equal(n.Token, p.Token) || len(n.Token) == 0 {
				t.Fatalf("%s: %q, then %q, from %q", fuzzedPages[i], n.Token, again.Token, p.Token)
			}
			if _, err := jq.Decode(n.Carry); len(n.Carry) > maxCarry || len(n.Carry) > 0 && err != nil {
				t.Fatalf("%s: carries %q", fuzzedPages[i], n.Carry)
			}
			call, err := m.At(s, n)
			if err == nil && len(call.Body) > 0 && !record.IsDocument(call.Body) {
				t.Fatalf("%s: the body is no JSON: %q", fuzzedPages[i], call.Body)
			}
		}
	})
}
