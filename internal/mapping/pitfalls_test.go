package mapping_test

import (
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/mapping/mappingtest"
	"github.com/meterbridge/meterbridge/internal/record"
)

// pitfalls are where a compiler of jq is wrong most easily. v is a value of the item or of the program; want is its JSON as
// it stands behind the record, or else "error", "malformed" or "none".
var pitfalls = []struct{ name, program, item, want string }{
	// Numbers: the digits of the data stay, those of the program are normalised.
	{"digits of the data", `.a`, `{"a":1.50}`, `1.50`},
	{"an exponent of the data", `.a`, `{"a":1E+2}`, `1E+2`},
	{"minus nought of the data", `.a`, `{"a":-0}`, `-0`},
	{"digits of the data in a list", `[.a[] | select(. > 1)]`, `{"a":[1.10,0.5,12e-1]}`, `[1.10,12e-1]`},
	{"a literal", `1.50`, `{}`, `1.5`},
	{"a literal with an exponent", `1e2`, `{}`, `100`},
	{"a literal past a double", `12345678901234567890`, `{}`, `12345678901234567890`},
	{"minus nought is added up", `[.a] | add`, `{"a":-0}`, ``},
	{"minus nought and nothing", `[-0] | add`, `{}`, ``},
	{"minus nought negated", `-(.a)`, `{"a":0}`, ``},
	{"nothing remains", `.a - 1`, `{"a":1}`, `0`},
	{"nothing remains of text", `.a | dsub("1.10")`, `{"a":"1.10"}`, ``},
	{"nought times something", `.a | dmul(0)`, `{"a":-5}`, ``},
	{"nought of a remainder", `.a % 2`, `{"a":-4}`, ``},
	{"nought as an amount", `.a | dneg`, `{"a":0}`, ``},
	{"2^53", `[.a, .a + 0]`, `{"a":9007199254740992}`, `[9007199254740992,9007199254740992]`},
	{"2^53 and one", `[.a, .a + 0, .a == 9007199254740992]`, `{"a":9007199254740993}`, `[9007199254740993,9007199254740993,false]`},
	{"the largest int", `.a + 1`, `{"a":9223372036854775807}`, `9223372036854775808`},
	{"the smallest int", `[.a - 1, -(.a)]`, `{"a":-9223372036854775808}`, `[-9223372036854775809,9223372036854775808]`},
	{"a product past an int", `[(.a | floor) * (.a | floor)]`, `{"a":9007199254740993}`, ``},
	{"forty digits", `[.a, .a == .a, .a + 0, (.a | tostring)]`, `{"a":1234567890123456789012345678901234567890}`, ``},
	{"a number past a double", `[.a, (.a > 1), (.a | tostring)]`, `{"a":1e400}`, ``},
	{"a number past a double that is added to", `.a + 1`, `{"a":1e400}`, ``},
	{"doubles", `.a + .b`, `{"a":0.1,"b":0.2}`, `0.30000000000000004`},
	{"decimals", `. as $o | .a | dadd($o.b)`, `{"a":0.1,"b":0.2}`, `0.3`},
	{"equal by value", `[.a == .b, .a < .b, ([.a, .b] | unique)]`, `{"a":1.0,"b":1}`, ``},
	{"a quotient", `[.a / 3, .a / 2]`, `{"a":4}`, `[1.3333333333333333,2]`},
	{"by nought", `.a / 0`, `{"a":4}`, `error`},
	{"a number to text", `[.a, .b, .c | tostring]`, `{"a":1.50,"b":1e2,"c":100000000000000000000000}`, ``},
	{"text to a number", `[.a, .b | tonumber]`, `{"a":"1.50","b":" 1"}`, `error`},

	// Keys.
	{"constructed keys", `{b: 1, a: 2, "é": 3, A: 4}`, `{}`, `{"A":4,"a":2,"b":1,"é":3}`},
	{"an escaped key", `.id`, `{"\u0069d":"x"}`, `"x"`},
	{"an escaped key is no order", `[.id, .name]`, `{"\u0069d":"x","name":"n"}`, `["x","n"]`},
	{"a key with a quote", `."a\"b"`, `{"a\"b":1}`, `1`},
	{"a repeated key", `.a`, `{"a":1,"b":2,"a":3}`, `3`},
	{"a repeated key with another shape", `[.a.x, .a.y]`, `{"a":{"x":1},"a":{"y":2}}`, `[null,2]`},
	{"a repeated key, escaped", `.`, `{"a":1,"\u0061":{"b":2}}`, `{"a":{"b":2}}`},
	{"a repeated key that is null", `.a`, `{"a":{"x":1},"a":null}`, `null`},
	{"the empty key", `.[""]`, `{"":5}`, `5`},
	{"a key that is no name", `."a b"["c.d"]`, `{"a b":{"c.d":1}}`, `1`},
	{"members by their names", `[.[]]`, `{"b":1,"a":2,"B":3}`, `[3,2,1]`},
	{"merged", `.a + .b`, `{"a":{"x":1,"y":2},"b":{"y":3,"z":4}}`, `{"x":1,"y":3,"z":4}`},
	{"merged deeply", `.a * {x: .b.x}`, `{"a":{"x":{"p":1}},"b":{"x":{"q":2}}}`, `{"x":{"p":1,"q":2}}`},

	// Texts.
	{"an escape that is none", `.a`, `{"a":"\/"}`, `"/"`},
	{"a raw escape", `.a + "x"`, `{"a":"a\u00e9\n"}`, `"aé\nx"`},
	{"half a pair", `.a`, `{"a":"\ud83d"}`, "\"\ufffd\""},
	{"halves that meet", `.a + .b`, `{"a":"\ud83d","b":"\ude00"}`, "\"\ufffd\ufffd\""},
	{"halves that are joined", `[.a, .b] | join("")`, `{"a":"\ud83d","b":"\ude00"}`, "\"\ufffd\ufffd\""},
	{"a pair", `[.a, (.a | length), (.a | utf8bytelength)]`, `{"a":"\ud83d\ude00"}`, `["😀",1,4]`},
	{"bytes that are no UTF-8", `[.a, (.a | length)]`, "{\"a\":\"x\xff\xfey\"}", "[\"x\ufffd\ufffdy\",4]"},
	{"bytes that are no UTF-8 in a key", `keys`, "{\"a\xff\":1}", "[\"a\ufffd\"]"},
	{"a surrogate as bytes", `.a`, "{\"a\":\"\xed\xa0\x80\"}", "\"\ufffd\ufffd\ufffd\""},
	{"line separators", `.a`, "{\"a\":\"\u2028\u2029\"}", `"\u2028\u2029"`},
	{"controls", `.a`, `{"a":"\u0000\u001f\b\f\u007f"}`, "\"\\u0000\\u001f\\b\\f\u007f\""},
	{"not for HTML", `.a`, `{"a":"\u003c\u0026\u003e"}`, `"<&>"`},
	{"by code point", `[.a, .b] | sort`, "{\"a\":\"\uffff\",\"b\":\"\U00010000\"}", "[\"\uffff\",\"\U00010000\"]"},
	{"a part by characters", `.a[1:3]`, `{"a":"aé日b"}`, `"é日"`},
	{"a part from behind", `.a[-2:]`, `{"a":"aé日b"}`, `"日b"`},

	// Null, errors, alternatives.
	{"missing is null", `[.a, .b.c.d, .e[0], .f["x"]]`, `{}`, `[null,null,null,null]`},
	{"a member of a number", `.a.b`, `{"a":1}`, `error`},
	{"a member of a text", `.a.b`, `{"a":"x"}`, `error`},
	{"a member of an array", `.a.b`, `{"a":[]}`, `error`},
	{"an element of an object", `.a[0]`, `{"a":{}}`, `error`},
	{"an element of a text", `.a[1]`, `{"a":"xyé"}`, `"y"`},
	{"an error that is allowed", `[.a.b?, (.a | .b? // "else")]`, `{"a":1}`, `["else"]`},
	{"an alternative does not swallow an error", `(.a.b) // "else"`, `{"a":1}`, `error`},
	{"an alternative of many", `[(.a[] // "else")]`, `{"a":[null,1,false,2]}`, `[1,2]`},
	{"an alternative of none", `[(.a[] // "else")]`, `{"a":[]}`, `["else"]`},
	{"an alternative after an output and an error", `[(1, error("x")) // 2]`, `{}`, `error`},
	{"an alternative of false", `.a // .b`, `{"a":false,"b":null}`, `null`},
	{"iterating over null", `[.a[]]`, `{}`, `error`},
	{"iterating over null, allowed", `[.a[]?]`, `{}`, `[]`},
	{"an error's message", `try error("m") catch .`, `{}`, `"m"`},
	{"jq's message", `try (.a | keys) catch .`, `{"a":1}`, `"keys cannot be applied to: number (1)"`},
	{"outputs before an error", `.a[] | if . == 2 then error("x") else . end`, `{"a":[1,2,3]}`, `error`},
	{"outputs before an error that is caught", `[try (.a[] | if . == 2 then error("x") else . end) catch .]`, `{"a":[1,2,3]}`, `[1,"x"]`},
	{"a condition on null", `if .a then 1 else 2 end`, `{}`, `2`},
	{"a condition on nought", `if .a then 1 else 2 end`, `{"a":0}`, `1`},

	// Many.
	{"members multiply", `[{a: (1, 2), b: (3, 4)}]`, `{}`, `[{"a":1,"b":3},{"a":1,"b":4},{"a":2,"b":3},{"a":2,"b":4}]`},
	{"operands multiply", `[(1, 2) + (10, 20)]`, `{}`, `[11,12,21,22]`},
	{"elements multiply", `[[1, 2][(0, 1)]]`, `{}`, `[1,2]`},
	{"conditions multiply", `[if (true, false) then 1 else 2 end]`, `{}`, `[1,2]`},
	{"texts multiply", `["\(1, 2)-\(3, 4)"]`, `{}`, `["1-3","2-3","1-4","2-4"]`},
	{"arguments multiply", `["abc" | ltrimstr("a", "ab")]`, `{}`, `["bc","c"]`},
	{"a closure is run each time", `def f(g): [g, g]; f(.a[])`, `{"a":[1,2]}`, `[1,2,1,2]`},
	{"a closure sees where it was written", `1 as $x | def f(g): 2 as $x | g; f($x)`, `{}`, `1`},
	{"an element is kept", `[limit(0; 1, 2)], [first(.a[])], [.a[] as $x | $x]`, `{"a":[1,2]}`, ``},
	{"groups keep their order", `group_by(.k) | map(map(.v))`, `[{"k":2,"v":1},{"k":1,"v":2},{"k":2,"v":3}]`, `[[2],[1,3]]`},
	{"the first of equals", `[min_by(.k), max_by(.k)] | map(.v)`, `[{"k":1,"v":1},{"k":1,"v":2}]`, `[1,2]`},
	{"what is sorted", `sort`, `[{"b":1},"a",[1],2,null,true,false,{"a":2},1.0,[]]`, `[null,false,true,1.0,2,"a",[],[1],{"a":2},{"b":1}]`},

	// Bytes.
	{"newlines between", `.a`, "{\n\"a\"\r\n:\t[1,\n 2 ]\n}", `[1,2]`},
	{"cut short", `.a`, `{"a":1`, `malformed`},
	{"a comma too many", `.a`, `{"a":1,}`, `malformed`},
	{"a nought too many", `.a`, `{"a":01}`, `malformed`},
	{"a control within", `.a`, "{\"a\":\"\n\"}", `malformed`},
	{"an escape that JSON lacks", `.a`, `{"a":"\x"}`, `malformed`},
	{"malformed where nobody looks", `.a`, `{"a":1,"b":[tru]}`, `malformed`},
	{"malformed behind what is read", `.a`, `{"a":1,"b":"\u12"}`, `malformed`},
	{"a text as an item", `.`, `"x"`, `"x"`},
	{"a number as an item", `. + 1`, ` 41 `, `42`},
}

// TestPitfalls runs each way of going wrong both ways, in its own value's form and behind a record.
func TestPitfalls(t *testing.T) {
	_, model := maker(t)
	for _, c := range pitfalls {
		t.Run(c.name, func(t *testing.T) {
			// what goes wrong goes wrong in a place, and does so again for the second item of a runner
			p, found := mapping.Compile(jq.Source{File: "made.jq", Text: "# x\ndef usage: (" + c.program + ") | {id: \"x\", remote_data: [.], dimensions: {v: .}};"}, model)
			if p == nil {
				t.Fatal(found)
			}
			pair := mappingtest.NewPair(p, "usage")
			for range 3 {
				if _, err := pair.Item([]byte(c.item), true); err != nil {
					t.Fatal(err)
				}
				if _, err := pair.Item([]byte(`{"b":null,"a":"y","c":{"z":[]}}`), true); err != nil {
					t.Fatal(err)
				}
			}
			if got := outcome(p, c.item); c.want != "" && got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// outcome is the value behind each record of an item.
func outcome(p *mapping.Program, item string) string {
	r := p.Runner("usage")
	if _, st := r.Scan([]byte(item), 0, true); st != record.Done {
		return "malformed"
	}
	var out record.Batch
	if r.Emit(&out) != nil {
		return "error"
	}
	var values []string
	for i := range out.Len() {
		v := string(out.Remote(i))
		values = append(values, v[1:len(v)-1])
	}
	return strings.Join(values, " ")
}
