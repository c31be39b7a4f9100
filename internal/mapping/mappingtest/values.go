package mappingtest

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// The values that records are made of: what providers send, and what somebody did once.
var (
	words    = []string{"QUEUE", "storage", "compute hours", "eu-west-1", "", "a", "A b:c", "total", "list", "promo", "res-1", "on_demand", "projected_total", "é", "日本", "😀x", "x,y", "~"}
	odd      = []string{`"\u0041"`, `"a\"b"`, `"a\\b"`, `"\n\t\r\b\f"`, `"\u0000"`, `"\u001f"`, "\"\x7f\"", `"\/"`, `"\ud83d\ude00"`, `"\ud800"`, `"\udc00\ud800"`, `"\ud83dx"`, "\"\u2028\u2029\"", `"\u2028"`, "\"a\xffb\"", "\"\xed\xa0\x80\"", "\"\xc3\"", `"<&>'"`, `"=1+1"`, `"\u00e9"`, `"e\u0301"`, `"null"`, `"[1,{\"a\":2}]"`, `"{}"`, `"aGVsbG8="`, `"%41%zz"`, `" padded "`, `"\u00a0x\u3000"`}
	dates    = []string{"2026-09-03", "2026-09-03T10:20:30Z", "2026-09-30T23:59:59Z", "2026-09-03T10:20:30.5Z", "2026-09-03T23:20:30+01:30", "2026-09-03T01:20:30-02:00", "2026-09-03 10:20:30", "2026-09", "20260903", "2026-09-03T10", "2024-02-29", "2026-01-31T00:00:00Z", "1969-12-31T23:59:59Z", "2026-09-03T10:20", "2026-09-03T10:20:30.123456789Z", "2026-09-03 10:20:30.25", "2026-09-03T10Z"}
	broken   = []string{"2026-02-30", "2026-13-01", "2026-09-03T24:00:00Z", "2026-09-03T10:20:60Z", "today", "2026-9-3", "2026-09-03T10:20:30z", "0000-01-01", "9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+14:00", "2026-09-03T10:20:30", "2026-09-03T10:20:30,5Z", "20260230", " 2026-09-03", "2026-09-03T10:20:30+24:00", "10000-01-01", "2026-09-03Z"}
	numbers  = []string{"0", "1", "-1", "7", "42", "0.123", "569.105691", "50.0", "-20.00", "1126541.8796296296", "123.4567890123456789", "1790000000", "1790000000123", "20260903", "12", "3", "0.1", "0.2"}
	oddities = []string{"-0", "-0.0", "0.0", "0e0", "1e400", "-1e400", "1e-400", "1.50", "1e2", "1E+2", "1e-7", "9007199254740991", "9007199254740992", "9007199254740993", "-9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "1234567890123456789012345678901234567890", "0.1234567890123456789012345678901234567890", "1e21", "1e20", "123456789012345678", "1.0", "100000000000000000000", "4.9e-324", "1.7976931348623157e308", "0.30000000000000004", "2.5", "-2.5", "0.5", "1e15", "1e16", "1e17", "1.5e300", "12345678901234567.5"}
	names    = []string{"id", "name", "start_date", "end_date", "amount", "quantity", "unit", "price", "product", "sku", "region", "kind", "tags", "lines", "charges", "resource", "timestamp", "a", "b", "é", "a b", "x.y", "type", "currency", "A", "", "0"}
)

// randomShape is a shape of records as providers might have them.
func (d *Dice) randomShape(depth int) *shape {
	s := of(object)
	for range 3 + d.below(8) {
		name := pick(d, names)
		if s.field(name) != nil {
			continue
		}
		s.fields = append(s.fields, field{name, d.randomMember(depth)})
	}
	return s
}

func (d *Dice) randomMember(depth int) *shape {
	k := pick(d, []kind{text, text, text, date, date, number, number, number, decimal, boolean, array, array, object, object})
	if depth == 0 && k >= array {
		k = text
	}
	s := of(k)
	s.nullable = d.once(5)
	switch {
	case k == object && d.once(3):
		s.elem = d.randomMember(depth - 1)
	case k == object:
		s.fields = d.randomShape(depth - 1).fields
	case k == array && d.once(3):
		s.elem = d.randomMember(depth - 1)
	case k == array:
		s.elem = d.randomShape(depth - 1)
	}
	return s
}

// value is a document of a shape; where is how seldom something in it is out of the ordinary, one time in so many.
func (d *Dice) value(s *shape, seldom int) *doc {
	if s.nullable && d.once(6) {
		return &doc{raw: "null"}
	}
	switch s.kind {
	case object:
		return d.members(s, seldom)
	case array:
		v := &doc{kind: array}
		for range d.below(5) {
			v.kids = append(v.kids, d.value(s.inner(), seldom))
		}
		return v
	}
	return &doc{raw: d.scalar(s.kind, d.once(seldom))}
}

func (d *Dice) members(s *shape, seldom int) *doc {
	v := &doc{kind: object}
	if s.elem != nil {
		for i := range d.below(4) {
			v.keys = append(v.keys, strconv.Quote(pick(d, names)+strconv.Itoa(i)))
			v.kids = append(v.kids, d.value(s.elem, seldom))
		}
		return v
	}
	for _, f := range s.fields {
		if f.shape.nullable && d.once(4) {
			continue
		}
		v.keys = append(v.keys, quoted(f.name))
		v.kids = append(v.kids, d.value(f.shape, seldom))
	}
	return v
}

// scalar is a value as it is written in a document.
func (d *Dice) scalar(k kind, strange bool) string {
	switch k {
	case nothing:
		return "null"
	case boolean:
		return pick(d, []string{"true", "false"})
	case number:
		if strange {
			return pick(d, oddities)
		}
		return pick(d, []string{pick(d, numbers), fmt.Sprint(d.below(200)), fmt.Sprintf("%d.%d", d.below(100), d.below(1000))})
	case date:
		if strange {
			return quoted(pick(d, broken))
		}
		return quoted(pick(d, dates))
	case decimal:
		if strange {
			return quoted(pick(d, []string{pick(d, oddities), " 1.10 ", "+1", "1.", ".5", "0x10", "1,5", "NaN", "01"}))
		}
		return quoted(pick(d, numbers))
	case text:
		if strange {
			return pick(d, odd)
		}
		return quoted(pick(d, words))
	}
	return d.scalar(pick(d, []kind{nothing, boolean, number, date, decimal, text}), strange)
}

func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return string(b)
}
