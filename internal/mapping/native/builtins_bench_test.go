package native

import (
	"testing"

	"github.com/meterbridge/meterbridge/internal/jq/core"
)

// calls are what mappings do with each record. None of them allocates, once the memory has the size that it needs.
var calls = []struct {
	name, input string
	run         func(m *memory, in value) value
}{
	{"rfc3339", `"2026-01-31T10:20:30Z"`, functions0["rfc3339"]},
	{"rfc3339 of a fraction", `"2026-01-31T10:20:30.678901+01:00"`, functions0["rfc3339"]},
	{"date", `"2026-01-31T10:20:30Z"`, functions0["date"]},
	{"date of a date", `"2026-01-31"`, functions0["date"]},
	{"add_days", `"2026-01-31"`, func(m *memory, in value) value { return functions1["add_days"](m, in, integer(1)) }},
	{"month_start", `"2026-01-31T10:20:30Z"`, functions0["month_start"]},
	{"from_unix", `1767225600`, functions0["from_unix"]},
	{"fromdate", `"2026-01-31T10:20:30Z"`, functions0["fromdate"]},
	{"stable_id of 6", `["D","2026-01-31","lkc-1:a","Kafka storage",null,7]`, stableID},
	{"slug", `"Object Storage (GB)"`, slug},
	{"dec", `"123.4500"`, dec},
	{"dec of a float", `"1.5"`, func(m *memory, in value) value { return dec(m, float(1.5)) }},
	{"dsum of 4", `[1.50,"2.25",0.000001,null]`, dsum},
	{"dmul", `[123.4567890123,"0.15"]`, func(m *memory, in value) value { return functions1["dmul"](m, in.elems()[0], in.elems()[1]) }},
	{"plus", `[1.50,2]`, func(m *memory, in value) value { return arith(m, core.Add, in.elems()[0], in.elems()[1]) }},
	{"less", `[1.50,2.5]`, func(m *memory, in value) value { return arith(m, core.Lt, in.elems()[0], in.elems()[1]) }},
	{"group_by", `["b","a","c","a","b","a"]`, func(m *memory, in value) value { return groupBy(m, in.elems(), in.elems()) }},
	{"to_entries", `{"b":1,"a":2,"c":"x","d":null}`, toEntries},
	{"from_entries", `[{"key":"a","value":1},{"key":"b","value":2},{"key":"c","value":3}]`, fromEntries},
	{"add of objects", `[{"a":1},{"b":2},{"c":3}]`, add},
	{"join", `["a","b",3,null]`, func(m *memory, in value) value { return join(m, in, plainText(", ")) }},
	{"split", `"a,b,c,d"`, func(m *memory, in value) value { return split(m, in, plainText(",")) }},
	{"ascii_downcase", `"USD Amount"`, functions0["ascii_downcase"]},
	{"tojson", `{"b":[1.50,"x"],"a":"é\n"}`, tojson},
	{"fromjson", `"{\"b\":[1.50,\"x\"],\"a\":null}"`, fromjson},
}

func TestCallsDoNotAllocate(t *testing.T) {
	for _, c := range calls {
		t.Run(c.name, func(t *testing.T) {
			in, _, _ := newMemory().scan([]byte(c.input), 0, true)
			m := newMemory()
			if n := testing.AllocsPerRun(100, func() {
				m.reset()
				if v := c.run(m, in); v.bad() {
					t.Fatal("it gives no value")
				}
			}); n > 0 {
				t.Errorf("%g allocations", n)
			}
		})
	}
}

func BenchmarkCalls(b *testing.B) {
	for _, c := range calls {
		b.Run(c.name, func(b *testing.B) {
			in, _, _ := newMemory().scan([]byte(c.input), 0, true)
			m := newMemory()
			b.ReportAllocs()
			for b.Loop() {
				m.reset()
				c.run(m, in)
			}
		})
	}
}
