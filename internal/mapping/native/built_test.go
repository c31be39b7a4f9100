package native

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/record"
)

// aModel has a field of each type, and all that may be asked of one.
var aModel = []Field{
	{Name: "id", Type: "id", Required: true},
	{Name: "who", Type: "object", Always: true, Fields: []Field{{Name: "id", Type: "id", Required: true}, {Name: "name", Type: "string", Always: true}}},
	{Name: "at", Type: "date"},
	{Name: "charges", Type: "list", Always: true, Needs: "amount", Fields: []Field{
		{Name: "amount", Type: "number", Required: true}, {Name: "currency", Type: "currency", Required: true}, {Name: "type", Type: "string"},
		{Name: "by", Type: "object", Fields: []Field{{Name: "name", Type: "string"}}},
	}},
	{Name: "virtual", Type: "boolean"},
	{Name: "usage", Type: "object", Needs: "quantity", Fields: []Field{{Name: "unit", Type: "string"}, {Name: "quantity", Type: "number"}}},
	{Name: "tags", Type: "map"},
}

// builders are programs that build records, and what they are built of.
var builders = strings.Split(strings.TrimSpace(`
{id: .a}
{id: "x", who: {id: .a, name: "n"}, virtual: true}
{who: {name: .n, id: .a}, id: .a}
{id: .a, who: {id: null, name: .n}}
{id: .a, who: null, charges: null, usage: null}
{id: .a, who: (if .n then {id: .n} else null end)}
{id: .a, who: (.o // {}) } + {virtual: .b}
{id: .a} + {who: .o, at: .d}
.o + {id: .a}
null + {id: .a}
(.o | {id: .x, n: .n}) + {id: "y"}
{id: .a, charges: [{amount: .x, currency: "USD"}]}
{id: .a, charges: [{amount: .x, currency: .c, type: "t"}, {amount: null, currency: "EUR"}, {currency: "EUR"}]}
{id: .a, charges: [{type: "t", by: {name: .n}, amount: .x, currency: "USD"}]}
{id: .a, charges: [.l[]? | {amount: ., currency: "USD", by: {name: null}}]}
{id: .a, charges: [.l[]? | if . == 2 then empty else {amount: ., currency: "USD"} end]}
{id: .a, charges: [.l[]? | (., null) as $x | {amount: $x, currency: "USD"} + ({}, {type: "u"})]}
{id: .a, charges: (.l // [] | map({amount: ., currency: "usd"}))}
{id: .a, charges: [{amount: null, currency: error}]}
{id: .a, charges: [{currency: error}]}
{id: .a, charges: [{currency: "USD", type: 5, amount: .x}]}
{id: .a, charges: ["x"]}
{id: .a, charges: [null, {amount: 1, currency: "USD"}]}
{id: .a, charges: "x"}
{id: .a, usage: {unit: .n, quantity: .x}}
{id: .a, usage: {unit: .n}}
{id: .a, usage: {quantity: null, unit: error}}
{id: .a, other: 1}
{id: .a, who: {id: "i", other: .n}}
{id: .a, other: error}
{id: empty, at: error}
{at: error, id: empty}
{id: (.a, .n)}
{id: .a, id: .n}
{id: .a, at: "2026-01-02T03:04:05Z"}
{id: .a, at: "yesterday"}
{id: .a, tags: {b: .n, a: [1]}, remote_data: .o, warning: .w}
{id: .a, remote_data: error}
{id: .a, remote_data: null}
(.o // {}) + {id: .a, remote_data: {z: 1, a: .n}}
(.o + {remote_data: 1, id: "x"}) + {id: .a}
.l[]? as $x | {id: $x, who: ($x | {id: .})}
(.a, .n) | {id: .}
if .b then {id: .a} else {id: "else"} end
. as $all | {id: .a, who: ($all.o | {id: .x, name: .n})}
def who: {id: .a, name: .n}; {id: .a, who: who, usage: null}, {id: "2", who: who}
def r: {id: .a}; r + {at: .d}
{id: .a, who: ($query | {id: .q, name: "q"})}
{id: .a, charges: [$query.l[]? | {amount: ., currency: "USD"}]}
{id: .a, who: ({x: .a} | . as $y | {id: $y.x, name: ($y | keys[0])})}
{id: .a, who: (.o | to_entries | from_entries)}
try {id: .a, at: error} catch {id: "caught"}
label $f | {id: .a}, break $f, {id: "never"}
.
.o
5
{}
{id: .a, ("w" + "ho"): {id: .n}}
`), "\n")

var builtOf = []string{
	`{"a":"1","n":"name","x":1.50,"c":"EUR","l":[1,2,3],"d":"2026-01-02T00:00:00Z","b":true,"o":{"id":"o","name":"O"},"w":{"code":"c"}}`,
	`{"a":7,"n":"\u00e9\n","x":2,"l":[],"b":false,"o":{"x":5,"n":"N","remote_data":[1]}}`,
	`{"a":"","n":null,"x":null,"o":null}`, `{"n":"x","a":"later","o":{"who":{"id":1},"tags":{"k":null},"z":0}}`,
	`{"a":{"x":1},"n":[1],"x":"1","l":"text","o":[1]}`, `{"a":"` + strings.Repeat("long", 40) + `","x":123456789012345678901234567890,"n":""}`,
	`{"a":"1","a":"2","n":"twice","o":{"id":"o","who":null,"virtual":1}}`, `{"a":"only"}`, `{"id":"x","charges":[{"amount":1,"currency":"USD"}],"o":{"id":5}}`, `{}`, `[]`, `null`,
}

// TestBuiltIsWritten: what is written while it is built is what is written of the same value.
func TestBuiltIsWritten(t *testing.T) {
	plan, wrote := NewPlan(aModel, "remote_data", "warning"), 0
	for _, text := range builders {
		t.Run(text, func(t *testing.T) {
			code, findings := jq.Compile(jq.Source{File: "p.jq", Text: text}, jq.Options{Kind: jq.Mapping, Vars: []string{"$query"}})
			if code == nil {
				t.Fatal(findings)
			}
			compiled, reasons := Compile(code.Core(), 1, plan)
			if compiled == nil {
				t.Fatal(reasons)
			}
			m := compiled.Machine()
			for round, query := range []string{`{"q":"Q","l":[1,2]}`, `{"q":null,"l":[null]}`} {
				m.Bind(0, []byte(query))
				for range 2 { // with its layouts new, and met before
					for _, in := range builtOf {
						got, want := written(m, in), writtenOfValues(m, plan, in)
						if got != want {
							t.Fatalf("round %d, of %s\n%s, as values\n%s", round, in, got, want)
						}
						wrote += strings.Count(got, "\n")
					}
				}
			}
		})
	}
	if wrote < len(builders)*len(builtOf) {
		t.Errorf("%d records were written, which proves little", wrote)
	}
}

func written(m *Machine, item string) string {
	var all strings.Builder
	if _, st := m.Scan([]byte(item), 0, true); st != record.Done {
		return "malformed"
	}
	end := len("before")
	sure := m.Write(context.Background(), time.Second, []byte("before"), func(b []byte, remote, said Output) ([]byte, bool) {
		fmt.Fprintf(&all, "%s %v %v\n", b[end:], remote.Any(), said.Any())
		end = len(b)
		return b, true
	})
	if !sure {
		return "left to gojq"
	}
	return all.String()
}

func writtenOfValues(m *Machine, plan *Plan, item string) string {
	var all strings.Builder
	m.Scan([]byte(item), 0, true)
	sure := m.Run(context.Background(), time.Second, func(o Output) bool {
		b, remote, said, how := plan.append(nil, o.v)
		fmt.Fprintf(&all, "%s %v %v\n", b, toAny(remote), toAny(said))
		return how == isFull
	})
	if !sure {
		return "left to gojq"
	}
	return all.String()
}

// TestBuildingAllocatesNothing in the steady state, though what it lays a record over comes in many layouts by turns.
func TestBuildingAllocatesNothing(t *testing.T) {
	members := []string{`"at":"2026-01-02T03:04:05Z"`, `"virtual":true`, `"usage":{"quantity":1}`, `"tags":{"k":"v"}`}
	var items [][]byte
	for i := range len(members) * len(members) * len(members) {
		a, b, c := i%4, i/4%4, i/16
		if a != b && b != c && c != a {
			for n := range 3 {
				items = append(items, fmt.Appendf(nil, `{"a":"1","l":[1,2],"o":{%s}}`, strings.Join([]string{members[a], members[b], members[c]}[:n+1], ",")))
			}
		}
	}
	code, findings := jq.Compile(jq.Source{File: "p.jq", Text: `.l as $l | .a as $a
		| .o + {id: $a, charges: [$l[] | {amount: ., currency: "USD"}], who: {id: $a, name: .o.tags.k}}`}, jq.Options{Kind: jq.Mapping})
	if code == nil {
		t.Fatal(findings)
	}
	compiled, _ := Compile(code.Core(), 0, NewPlan(aModel, "remote_data", "warning"))
	m, buf, records := compiled.Machine(), make([]byte, 0, 1<<10), 0
	take := func(b []byte, _, _ Output) ([]byte, bool) { records++; return b, true }
	all := func() {
		for _, item := range items {
			m.Scan(item, 0, true)
			m.Write(context.Background(), time.Second, buf, take)
		}
	}
	all()
	if n := testing.AllocsPerRun(10, all); n > 0 || records != 12*len(items) || len(items) <= maxMemos {
		t.Errorf("%v allocations, %d records of %d items", n, records, len(items))
	}
}
