package jq

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/house"
	"github.com/meterbridge/meterbridge/internal/money"
)

// eval runs a program on a JSON input and gives its outputs as JSON, separated by spaces, or its error.
func eval(t testing.TB, text, input string) string {
	t.Helper()
	code, findings := Compile(Source{File: "t", Text: text}, Options{})
	if code == nil {
		t.Fatalf("%s: %v", text, findings)
	}
	v, err := Decode([]byte(input))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	err = code.Run(context.Background(), v, nil, func(v any) error {
		b, err := new(Encoder).AppendValue(nil, v)
		out = append(out, string(b))
		return err
	})
	if err != nil {
		return "error: " + err.Error()
	}
	return strings.Join(out, " ")
}

func TestNumbersKeepTheirDigits(t *testing.T) {
	for _, c := range []struct{ name, program, input, want string }{
		{"untouched", ".", `[123.4567890123456789,12345678901234567890.123456789,1.10,1e400,-0,0.10,1E+2]`, `[123.4567890123456789,12345678901234567890.123456789,1.10,1e400,-0,0.10,1E+2]`},
		{"through an object", "{a: .[0], b: [.[1]]}", `[1.10,-0.0]`, `{"a":1.10,"b":[-0.0]}`},
		{"selected and grouped", `[group_by(.k)[] | map(.n)]`, `[{"k":1,"n":1.10},{"k":1.0,"n":2.20}]`, `[[1.10,2.20]]`},
		{"interpolated", `"\(.)"`, `1.10`, `"1.10"`},
		{"literals of the program are normal", `[1.50, 1e2]`, `null`, `[1.5,100]`},
		{"dec of a number", "map(dec)", `[123.4567890123456789,1.10,-0,7]`, `[123.4567890123456789,1.10,-0,7]`},
		{"dec of a string", "map(dec)", `["123.4567890123456789"," 1.10 ","-0.5","1e-7","+.5","007"]`, `[123.4567890123456789,1.10,-0.5,1e-7,0.5,7]`},
		{"dec of nothing", "map(dec)", `[null,""," "]`, `[null,null,null]`},
		{"dec of words", "dec", `"n/a"`, `error: dec: reading the number "n/a": not a decimal number`},
		{"dec of grouped digits", "dec", `"1,234"`, `error: dec: reading the number "1,234": not a decimal number`},
		{"dec of an array", "dec", `[1]`, `error: dec: [1] is not a number`},
		{"dsum", "dsum", `[0.1,0.2,"0.30",null,12345678901234567890]`, `12345678901234567890.60`},
		{"dsum of the smallest differences", "dsum", `[123.4567890123456789,-123.4567890123456788]`, `0.0000000000000001`},
		{"dsum of one keeps its digits", "dsum", `[1.10]`, `1.10`},
		{"dsum of nulls", "dsum", `[null,null]`, `null`},
		{"dsum of nothing", "[dsum, (null | dsum)]", `[]`, `[null,null]`},
		{"dsum of words", "dsum", `["x"]`, `error: dsum: reading the number "x": not a decimal number`},
		{"dsum of a number", "dsum", `5`, `error: dsum: 5 is not an array`},
		{"dadd", ".[0] | dadd(1.5)", `["1.10"]`, `2.60`},
		{"dadd of null", "[.[] | dadd(2)]", `[null,1]`, `[2,3]`},
		{"dsub", `[.a | dsub(2.20), dsub(null)]`, `{"a":1.10}`, `[-1.10,1.10]`},
		{"dsub from null", `.a | dsub(1)`, `{}`, `null`},
		{"dmul", `.a | dmul("0.15")`, `{"a":123.4567890123456789}`, `18.518518351851851835`},
		{"dmul with null", `[.a | dmul(null)]`, `{"a":1}`, `[null]`},
		{"dneg", `map(dneg)`, `[1.10,"-2",null]`, `[-1.10,2,null]`},
		{"dshift", `[.[] | dshift(-2)]`, `[12345,"7",null,0.1]`, `[123.45,0.07,null,0.001]`},
		{"dshift up", `dshift(3)`, `1.2`, `1200`},
		{"dshift at the limit", `dshift(1000) | tostring | length`, `1`, `1001`},
		{"dshift past the limit", `dshift(1001)`, `1`, `error: dshift: 1001 is not a whole number of places within ±1000`},
		{"dshift by a fraction", `dshift(0.5)`, `1`, `error: dshift: 0.5 is not a whole number of places within ±1000`},
		{"dcmp", `[.[0] | dcmp(1.1), dcmp(2), dcmp("1.09"), dcmp(null)]`, `[1.10]`, `[0,-1,1,null]`},
		{"dcmp beyond floats", `.[0] as $a | .[1] | dcmp($a)`, `[123.4567890123456789,123.4567890123456788]`, `-1`},
		{"exact numbers compare and sort", `map(dec) | sort`, `["2","10"]`, `[2,10]`},
		{"a sum can go on as a float", `dsum | floor`, `[1.5,1]`, `2`},
		{"growth is stopped", `reduce .[] as $x (9; dmul(.))`, `[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]`, `error: dmul: reading the number "1943834705157593059302663727746432712326…": more than 1000 digits`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := eval(t, c.program, c.input); got != c.want {
				t.Errorf("%s on %s\n got %s\nwant %s", c.program, c.input, got, c.want)
			}
		})
	}
}

func TestResultsAreBounded(t *testing.T) {
	one := house.Amount{Dec: money.Int(1), Known: true}
	if v, ok := numberOf(one.Shift(house.MaxNumber - 1)).(json.Number); !ok || len(v) != house.MaxNumber {
		t.Errorf("at the limit: %v", v)
	}
	if v := numberOf(one.Shift(house.MaxNumber)); v != house.ErrSize {
		t.Errorf("past the limit: %v", v)
	}
}

func TestDates(t *testing.T) {
	for _, c := range []struct{ program, input, want string }{
		{"rfc3339", `"2026-01-31"`, `"2026-01-31T00:00:00Z"`},
		{"rfc3339", `"2026-01"`, `"2026-01-01T00:00:00Z"`},
		{"rfc3339", `"2026-01-31T10:20:30Z"`, `"2026-01-31T10:20:30Z"`},
		{"rfc3339", `"2026-01-31T10:20:30.678901Z"`, `"2026-01-31T10:20:30Z"`},
		{"rfc3339", `"2026-01-31T23:20:30+01:30"`, `"2026-01-31T21:50:30Z"`},
		{"rfc3339", `"2026-01-31T23:20:30-02:00"`, `"2026-02-01T01:20:30Z"`},
		{"rfc3339", `"2026-01-31 10:20:30"`, `"2026-01-31T10:20:30Z"`},
		{"rfc3339", `"2026-01-31T10"`, `"2026-01-31T10:00:00Z"`},
		{"rfc3339", `null`, `null`},
		{"rfc3339", `"2026-02-30"`, `error: rfc3339: "2026-02-30" is not a date such as 2026-01-31 or 2026-01-31T10:00:00Z`},
		{"rfc3339", `"2026-13-01T00:00:00Z"`, `error: rfc3339: "2026-13-01T00:00:00Z" is not a date such as 2026-01-31 or 2026-01-31T10:00:00Z`},
		{"rfc3339", `"today"`, `error: rfc3339: "today" is not a date such as 2026-01-31 or 2026-01-31T10:00:00Z`},
		{"rfc3339", `""`, `error: rfc3339: "" is not a date such as 2026-01-31 or 2026-01-31T10:00:00Z`},
		{"rfc3339", `1767225600`, `error: rfc3339: 1767225600 is not a date`},
		{"date", `"2026-01-31T23:59:59-01:00"`, `"2026-02-01"`},
		{"date", `null`, `null`},
		{"month", `"2026-01-31"`, `"2026-01"`},
		{"hour", `"2026-01-31 10:20:30"`, `"2026-01-31T10"`},
		{"hour_start", `"2026-01-31T10:20:30Z"`, `"2026-01-31T10:00:00Z"`},
		{"day_start", `"2026-01-31T10:20:30Z"`, `"2026-01-31T00:00:00Z"`},
		{"week_start", `"2026-11-22"`, `"2026-11-16T00:00:00Z"`},
		{"week_start", `"2026-11-16"`, `"2026-11-16T00:00:00Z"`},
		{"month_start", `"2026-01-31T10:20:30Z"`, `"2026-01-01T00:00:00Z"`},
		{"add_hours(25)", `"2026-01-31"`, `"2026-02-01T01:00:00Z"`},
		{"add_days(-31)", `"2026-01-31"`, `"2025-12-31T00:00:00Z"`},
		{"add_months(1)", `"2026-01-31"`, `"2026-02-28T00:00:00Z"`},
		{"add_months(-12)", `"2028-02-29"`, `"2027-02-28T00:00:00Z"`},
		{"add_months(1)", `null`, `null`},
		{"add_days(1.5)", `"2026-01-31"`, `error: add_days: 1.5 is not a whole number within ±1000000`},
		{"add_days(1000000) | month", `"2026-01-31"`, `"4763-12"`},
		{"add_days(1000001)", `"2026-01-31"`, `error: add_days: 1000001 is not a whole number within ±1000000`},
		{"add_months(1000000)", `"2026-01-31"`, `error: add_months: "2026-01-31" is not a date that can be moved so far`},
		{"[unix, unix_ms]", `"2026-01-01T00:00:00.123Z"`, `[1767225600,1767225600123]`},
		{"[unix, unix_ms]", `null`, `[null,null]`},
		{"months", `{"start":"2026-01-15","end":"2026-03-01"}`, `["2026-01","2026-02"]`},
		{"months", `{"start":"2026-01-15","end":"2026-03-02"}`, `["2026-01","2026-02","2026-03"]`},
		{"months", `{"start":"2026-01-15","end":"2026-01-15"}`, `[]`},
		{"months", `{"start":"2026-01-15"}`, `error: months: {"start":"2026-01-15"} is not an object with start and end`},
		{"months | length", `{"start":"1900-01","end":"2000-01"}`, `1200`},
		{"months | length", `{"start":"1900-01","end":"2000-02"}`, `error: months: {"end":"2000-02","start": ...} is not a range of at most 100 years`},
		{"[year, month_number, day_number]", `"2026-01-31T23:59:59-01:00"`, `[2026,2,1]`},
		{"[year, month_number, day_number]", `null`, `[null,null,null]`},
		{"year", `"soon"`, `error: year: "soon" is not a date such as 2026-01-31 or 2026-01-31T10:00:00Z`},
		{"yyyymmdd", `20261101`, `"2026-11-01T00:00:00Z"`},
		{"yyyymmdd", `"20261101"`, `"2026-11-01T00:00:00Z"`},
		{"yyyymmdd", `null`, `null`},
		{"yyyymmdd", `20261301`, `error: yyyymmdd: 20261301 is not a date such as 20260131`},
		{"yyyymmdd", `"2026-11-01"`, `error: yyyymmdd: "2026-11-01" is not a date such as 20260131`},
		{"date", `"20261101"`, `"2026-11-01"`},
		{"date", `"20261301"`, `error: date: "20261301" is not a date such as 2026-01-31 or 2026-01-31T10:00:00Z`},
		{"map(from_unix)", `[1767225600,"1767225600",1767225600.999,"1767225600.123456789",0,-0.5,-1,null,""]`,
			`["2026-01-01T00:00:00Z","2026-01-01T00:00:00Z","2026-01-01T00:00:00Z","2026-01-01T00:00:00Z","1970-01-01T00:00:00Z","1969-12-31T23:59:59Z","1969-12-31T23:59:59Z",null,null]`},
		{"from_unix", `253402300799`, `"9999-12-31T23:59:59Z"`},
		{"from_unix", `253402300800`, `error: from_unix: 253402300800 is not a number of seconds, milliseconds or days since 1970`},
		{"from_unix", `1e30`, `error: from_unix: 1e30 is not a number of seconds, milliseconds or days since 1970`},
		{"from_unix", `"soon"`, `error: from_unix: "soon" is not a number of seconds, milliseconds or days since 1970`},
		{"map(from_unix_ms)", `[1767225600999,"1767225600000",-1]`, `["2026-01-01T00:00:00Z","2026-01-01T00:00:00Z","1969-12-31T23:59:59Z"]`},
		{"map(from_days)", `[0,"19723",20454,-1]`, `["1970-01-01T00:00:00Z","2024-01-01T00:00:00Z","2026-01-01T00:00:00Z","1969-12-31T00:00:00Z"]`},
		{"from_days", `106751991168`, `error: from_days: 106751991168 is not a number of seconds, milliseconds or days since 1970`},
		{"cycle_start(15)", `"2026-03-15"`, `"2026-03-15T00:00:00Z"`},
		{"cycle_start(15)", `"2026-03-14T23:59:59Z"`, `"2026-02-15T00:00:00Z"`},
		{"cycle_start(15)", `"2026-01-02"`, `"2025-12-15T00:00:00Z"`},
		{"cycle_start(31)", `"2026-03-30"`, `"2026-02-28T00:00:00Z"`},
		{"cycle_start(31)", `"2026-04-30T12:00:00Z"`, `"2026-04-30T00:00:00Z"`},
		{"cycle_start(29)", `"2028-03-01"`, `"2028-02-29T00:00:00Z"`},
		{"cycle_start(1)", `null`, `null`},
		{"cycle_start(0)", `"2026-03-15"`, `error: cycle_start: the day of a month is a whole number from 1 to 31`},
		{"cycle_start(32)", `"2026-03-15"`, `error: cycle_start: the day of a month is a whole number from 1 to 31`},
		{"mdy", `"01/31/26"`, `"2026-01-31T00:00:00Z"`},
		{"mdy", `"1/2/2026"`, `"2026-01-02T00:00:00Z"`},
		{"mdy", `"13/01/26"`, `error: mdy: "13/01/26" is not a date of the form MM/DD/YY`},
		{"mdy", `"02/30/26"`, `error: mdy: "02/30/26" is not a date of the form MM/DD/YY`},
		{"mdy", `"01/31/126"`, `error: mdy: "01/31/126" is not a date of the form MM/DD/YY`},
	} {
		if got := eval(t, c.program, c.input); got != c.want {
			t.Errorf("%s on %s\n got %s\nwant %s", c.program, c.input, got, c.want)
		}
	}
}

func TestIDs(t *testing.T) {
	for _, c := range []struct{ program, input, want string }{
		{"stable_id", `["D","2026-01-31","res-1",null,"A b:c~",7,true]`, `"D:2026-01-31:res-1:~:A~20b~3Ac~7E:7:true"`},
		{"stable_id", `["é"]`, `"~C3~A9"`},
		{"stable_id", `[1.10]`, `"1.10"`},
		{"stable_id", `["a",""]`, `"a:"`},
		{"stable_id", `[]`, `error: stable_id: [] is not an array of parts`},
		{"stable_id", `[["a"]]`, `error: stable_id: ["a"] is not a part of an id: a string, a number or null`},
		{"map(slug)", `["Object Storage (GB)","  A--b ","日本","x",null]`, `["object_storage_gb","a_b","","x",null]`},
		{`replace_all("a"; "bb")`, `"banana"`, `"bbbnbbnbb"`},
		{`replace_all("."; "")`, `"a.b.c"`, `"abc"`},
		{`replace_all(""; "x")`, `"a"`, `error: replace_all: takes two strings, of which the first is not empty`},
	} {
		if got := eval(t, c.program, c.input); got != c.want {
			t.Errorf("%s on %s\n got %s\nwant %s", c.program, c.input, got, c.want)
		}
	}
	if v := replaceAll(strings.Repeat("a", house.MaxText/2), "a", "bb"); len(v.(string)) != house.MaxText {
		t.Errorf("replace_all up to the limit: %v", v)
	}
	if v := replaceAll(strings.Repeat("a", house.MaxText/2)+"a", "a", "bb"); v != house.ErrText {
		t.Errorf("replace_all past the limit gave %T", v)
	}
}

// Two lists of different texts never give one id.
func FuzzStableID(f *testing.F) {
	f.Add("a", "b", "a:b", "")
	f.Add("~", "", "~7E", "")
	f.Add("a\x00", "é", "a", "\x00é")
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		x, y := stableID([]any{a, b}), stableID([]any{c, d})
		if (x == y) != (a == c && b == d) {
			t.Fatalf("%q %q and %q %q give %q and %q", a, b, c, d, x, y)
		}
		if strings.Contains(a+b, "~") && stableID([]any{a, b}) == stableID([]any{nil, nil}) {
			t.Fatalf("%q %q gives the id of nulls", a, b)
		}
	})
}
