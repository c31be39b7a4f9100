package connector

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// joinOf is a list whose calls are made for parents; more goes into parents.
func joinOf(more string) string {
	return `{ get: "/p/{{ .parent.id }}", query: { from: "{{ .window.start | date }}" }, window: { max: 1 month }, items: data, page: { next_token: [next], token_param: t },
  parents: { get: "/parents/{{ .window.end | date }}", items: data, key: id` + more + ` } }`
}

func TestNarrow(t *testing.T) {
	for _, c := range []struct {
		name, more, parent string
		want               string // or the code of the problem; "" for one that is passed over
	}{
		{"the key alone", ``, `{"id":"a/1","name":"n"}`, `["a/1",{"id":"a/1"}]`},
		{"a number", ``, `{"id":12345678901234567890}`, `["12345678901234567890",{"id":12345678901234567890}]`},
		{"what is kept, in its order", `, keep: [name, id]`, `{"id":"a","name":null,"other":1}`, `["a",{"name":null,"id":"a"}]`},
		{"what is not there", `, keep: [name, plan.id]`, `{"id":"a"}`, `["a",{}]`},
		{"below names", `, keep: [plan.id, plan.name, 'a\.b', tags.0]`, `{"id":"a","plan":{"id":1,"name":"n","x":2},"a.b":[1],"tags":["t"]}`, `["a",{"plan":{"id":1,"name":"n"},"a.b":[1],"tags":{"0":"t"}}]`},
		{"below a name that is kept", `, keep: [plan, plan.id]`, `{"id":"a","plan":{"id":1,"name":"n"}}`, `["a",{"plan":{"id":1}}]`},
		{"a condition that holds", `, where: '.open'`, `{"id":"a","open":true}`, `["a",{"id":"a"}]`},
		{"a condition that does not", `, where: '.open'`, `{"id":"a"}`, ``},
		{"a condition that can't be asked", `, where: '.open.x'`, `{"id":"a","open":1}`, `upstream_unexpected`},
		{"no key", ``, `{"id":null}`, `upstream_unexpected`},
		{"no object", ``, `7`, `upstream_unexpected`},
		{"as much as may be kept", `, keep: [x]`, `{"id":"a","x":"` + strings.Repeat("x", maxParent-len(`["a",{"x":""}]`)) + `"}`, `["a",{"x":"` + strings.Repeat("x", maxParent-len(`["a",{"x":""}]`)) + `"}]`},
		{"more", `, keep: [x]`, `{"id":"a","x":"` + strings.Repeat("x", maxParent-len(`["a",{"x":""}]`)+1) + `"}`, `upstream_too_large`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := method(t, strings.ReplaceAll(joinOf(c.more), ".parent.id", ".parent | length")).Calls[0].Parents.Narrow([]byte(c.parent))
			if err != nil {
				got = []byte(problem.From(err).Code)
			}
			if string(got) != c.want {
				t.Errorf("got %s, want %s (%v)", got, c.want, err)
			}
		})
	}
}

func TestThePositionsParent(t *testing.T) {
	p := record.Position{Parent: []byte(`["a/1",{"id":"a/1","n":1.50}]`)}
	if key, json := ParentKey(p), string(ParentJSON(p)); key != "a/1" || json != `{"id":"a/1","n":1.50}` {
		t.Errorf("%q %s", key, json)
	}
	if key, json := ParentKey(record.Position{}), ParentJSON(record.Position{}); key != "" || json != nil {
		t.Errorf("without one: %q %s", key, json)
	}
}

// TestJoinPlan walks windows, parents and pages; a window's parents are those that are given for it, each with the tokens of
// its further pages.
func TestJoinPlan(t *testing.T) {
	m, s := method(t, joinOf("")), scope("2026-01-15", "2026-03-10", "2026-05-01")
	s.Remote = remote(t, "remote_query[x]=1")
	s.PageSize = 7
	parents := map[string][]string{"01": {"a", "b"}, "02": nil}
	pages := map[string]int{"a": 2, "b": 1}
	var got []string
	p, more, err := m.First(s)
	for more && err == nil {
		window := m.Window(s, p).Start.Format("01")
		left := parents[window]
		next := func() ([]byte, error) {
			for i, id := range left {
				if id == ParentKey(p) {
					left = left[i+1:]
					break
				}
			}
			if len(left) == 0 {
				return nil, nil
			}
			return fmt.Appendf(nil, `[%q,{"id":%q}]`, left[0], left[0]), nil
		}
		if len(p.Parent) == 0 {
			if _, err := m.At(s, p); problem.From(err) == nil || problem.From(err).Code != problem.CursorStale {
				t.Fatalf("a call for no parent: %v", err)
			}
			c := m.Call(p).Parents
			call, errAt := c.Method.At(c.Scope(s, m.Window(s, p)), record.Position{Now: p.Now, Window: p.Window})
			if errAt != nil || call.Purpose != "parents" {
				t.Fatalf("%+v %v", call, errAt)
			}
			got = append(got, render(call))
			parent, errNext := next()
			if errNext != nil {
				t.Fatal(errNext)
			}
			if p.Parent = parent; parent == nil {
				p, more, _, err = m.Next(s, p, Facts{})
				continue
			}
		}
		call, errAt := m.At(s, p)
		if errAt != nil {
			t.Fatal(errAt)
		}
		got = append(got, render(call))
		f := Facts{Records: 1, Parent: next}
		if n := len(p.Token) + 1; n < pages[ParentKey(p)] {
			f.Envelope = fmt.Appendf(nil, `{"next":"%s"}`, strings.Repeat("p", n))
		}
		p, more, _, err = m.Next(s, p, f)
	}
	want := []string{
		"GET /parents/2026-02-15?",
		"GET /p/a?from=2026-01-15(window)&x=1(caller)", "GET /p/a?from=2026-01-15(window)&t=p(page)&x=1(caller)", "GET /p/b?from=2026-01-15(window)&x=1(caller)",
		"GET /parents/2026-03-10?",
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %s\nwant %s\n%v", strings.Join(got, "\n     "), strings.Join(want, "\n     "), err)
	}
}

// TestTheNextParentIsAskedForLast: while the children have pages, nobody lists their parents.
func TestTheNextParentIsAskedForLast(t *testing.T) {
	m, s := method(t, joinOf("")), scope("2026-01-15", "2026-02-10", "2026-05-01")
	p, _, _ := m.First(s)
	p.Parent, p.Item, p.Anchor, p.Carry = []byte(`["a",{"id":"a"}]`), 5, 6, []byte(`{"a":1}`)
	asked := 0
	f := Facts{Envelope: []byte(`{"next":"2"}`), Parent: func() ([]byte, error) {
		asked++
		return []byte(`["b",{"id":"b"}]`), nil
	}}
	n, more, _, err := m.Next(s, p, f)
	if err != nil || !more || asked != 0 || string(n.Token) != "2" || ParentKey(n) != "a" || string(n.Carry) != `{"a":1}` {
		t.Fatalf("the next page: %+v %v, asked %d times, %v", n, more, asked, err)
	}
	f.Envelope = nil
	if n, more, _, err = m.Next(s, n, f); err != nil || !more || asked != 1 || !reflect.DeepEqual(n, record.Position{Now: p.Now, Window: p.Window, Parent: []byte(`["b",{"id":"b"}]`)}) {
		t.Errorf("the next parent: %+v %v, asked %d times, %v", n, more, asked, err)
	}
	f.Parent = func() ([]byte, error) { return nil, problem.New(problem.CursorStale, "gone") }
	if _, more, _, err = m.Next(s, n, f); more || err == nil {
		t.Errorf("a list that fails: %v %v", more, err)
	}
}

// TestAFallbackHasParentsOfItsOwn: no record of any parent's children, and the window is asked for again.
func TestAFallbackHasParentsOfItsOwn(t *testing.T) {
	m := method(t, `{ window: { max: 1 month }, calls: [ { name: a, get: "/a/{{ .parent.id }}", parents: { get: /x, key: id } }, { name: b, get: /b, fallback: true, no_data: no_data_yet } ] }`)
	s := scope("2026-01-15", "2026-02-10", "2026-05-01")
	p, _, _ := m.First(s)
	none := func() ([]byte, error) { return nil, nil }
	p.Parent = []byte(`["a",{"id":"a"}]`)
	if n, more, _, err := m.Next(s, p, Facts{Records: 1, Parent: none}); more || err != nil {
		t.Errorf("with records: %+v %v", n, err)
	}
	n, more, _, err := m.Next(s, p, Facts{Parent: none})
	if err != nil || !more || n.Call != 1 || n.Parent != nil {
		t.Fatalf("without: %+v %v %v", n, more, err)
	}
	if call, err := m.At(s, n); err != nil || call.Path != "/b" {
		t.Errorf("%+v %v", call, err)
	}
	if _, more, warn, _ := m.Next(s, n, Facts{}); more || len(warn) != 1 {
		t.Errorf("at the end: %v %v", more, warn)
	}
}

func TestConstants(t *testing.T) {
	for _, c := range []struct{ name, constant, want string }{
		{"templates, with their types", `[{ id: "{{ .context.base_url }}", n: 1, on: true, name: "x {{ .context.base_url }}" }]`, `[{"id":"o1","n":1,"on":true,"name":"x o1"}]`},
		{"null leaves out", `[{ id: a, name: "{{ null }}" }, { id: b }]`, `[{"id":"a"},{"id":"b"}]`},
		{"none", `[]`, `[]`},
		{"a slot", `"{{ [\"a\", \"b\"] | map({id: .}) }}"`, `[{"id":"a"},{"id":"b"}]`},
		{"a slot that gives null", `"{{ null }}"`, `[]`},
		{"a slot that gives no list", `"{{ 7 }}"`, ``},
		{"the window", `[{ id: "{{ .window.start | date }}" }]`, `[{"id":"2026-01-15"}]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := method(t, `{ constant: `+c.constant+`, window: { max: 1 month } }`)
			s := scope("2026-01-15", "2026-02-10", "2026-05-01")
			s.Context = map[string]any{"base_url": "o1", "list": []any{"a", "b"}}
			p, _, _ := m.First(s)
			got, err := m.Constants(s, p)
			if string(got) != c.want || (err == nil) != (c.want != "") {
				t.Errorf("got %s, %v", got, err)
			}
			call, err := m.At(s, p)
			if want := (Call{Purpose: "constant", Window: Range{at("2026-01-15"), at("2026-02-10")}}); err != nil || !reflect.DeepEqual(call, want) {
				t.Errorf("%+v %v", call, err)
			}
		})
	}
}

func TestLookupsOfAPlan(t *testing.T) {
	c, finds := Parse("acme.yaml", []byte(minimal(`lookups: { a: { get: /a }, b: { get: /b }, c: { get: /c }, d: { get: /d }, e: { get: /e } }
resources:
  usage:
    list:
      calls:
        - { name: one, when: .lookups.a != null, get: "/x/{{ .lookups.b[0].id }}/{{ .parent.id }}", parents: { get: "/p/{{ .lookups.c | length }}", key: id } }
        - { name: two, post: /x, body: { json: { a: ["{{ .lookups.d }}"] } }, job: { id: j, status: { get: "/{{ .job }}/{{ .lookups.e }}" }, done: "true", download: u } }
`)))
	if c == nil {
		t.Fatal(finds)
	}
	m := c.Resources["usage"].List
	for i, want := range []string{"a b c", "d e"} {
		if got := strings.Join(m.Calls[i].Lookups(c), " "); got != want {
			t.Errorf("call %d reads %s, want %s", i, got, want)
		}
	}
	if got := m.Lookups(c); !reflect.DeepEqual(got, []string{"a"}) {
		t.Errorf("the choice reads %v", got)
	}
	s := &Scope{Now: time.Unix(0, 0), Lookups: map[string]any{"a": "x", "b": []any{map[string]any{"id": "b1"}}}}
	p, ok, err := m.First(s)
	p.Parent = []byte(`["p",{"id":"p"}]`)
	call, errAt := m.At(s, p)
	if !ok || err != nil || errAt != nil || call.Path != "/x/b1/p" {
		t.Errorf("%+v %v %v", call, err, errAt)
	}
}
