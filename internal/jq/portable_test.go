package jq

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"github.com/itchyny/gojq"
)

// portables are expressions that each house function is tried by, in both of its forms.
var portables = []string{
	`[null, "", " ", 7, "1.10", " -0.5 ", "1e-7", 123.4567890123456789] | map(dec)`,
	`[0.1, 0.2, "0.30", null, 12345678901] | dsum`, `[null, null] | dsum`, `[] | dsum`, `null | dsum`,
	`"1.10" | dadd(1.5)`, `null | dadd("2")`, `2 | dadd(null)`, `null | dadd(null)`,
	`"1.10" | dsub("2.20")`, `null | dsub(1)`, `1 | dsub(null)`,
	`123.25 | dmul("0.15")`, `null | dmul(1)`, `1 | dmul(null)`,
	`[1.10, "-2", null] | map(dneg)`,
	`[12345, "7", null, 0.1] | map(dshift(-2))`, `1.2 | dshift(3)`, `1.2 | dshift(0)`,
	`1.10 | [dcmp(1.1), dcmp(2), dcmp("1.09"), dcmp(null)]`, `null | dcmp(1)`,
	dates(`rfc3339`), dates(`date`), dates(`month`), dates(`hour`), dates(`hour_start`), dates(`day_start`),
	dates(`week_start`), dates(`month_start`), dates(`unix`), dates(`unix_ms`),
	dates(`add_hours(25)`), dates(`add_hours(-1)`), dates(`add_days(-31)`), dates(`add_days(3)`),
	dates(`add_months(1)`), dates(`add_months(-14)`), dates(`add_months(0)`),
	dates(`year`), dates(`month_number`), dates(`day_number`),
	dates(`cycle_start(1)`), dates(`cycle_start(15)`), dates(`cycle_start(31)`),
	`["2026-02-30", "today", "", "2026-13-01"][] | try rfc3339 catch "no date"`,
	`{start: "2026-01-15", end: "2026-03-01"} | months`, `{start: "2025-11-30T10:00:00Z", end: "2026-03-02"} | months`,
	`{start: "2026-01-15", end: "2026-01-15"} | months`,
	`["01/31/26", "1/2/2026", null] | map(mdy)`,
	`[20260131, "20260131", null] | map(yyyymmdd)`, `try ("2026-01-31" | yyyymmdd) catch "no date"`,
	`[1767225600, "1767225600.9", -1, "-1.5", null, ""] | map(from_unix)`,
	`[1767225600123, "1767225600999", -1, null] | map(from_unix_ms)`,
	`["20454", 20454, -1, 1.5, null] | map(from_days)`,
	`["D", "2026-01-31", "res-1", null, "A b:c~", 7, true] | stable_id`, `["é!*'()%/", ""] | stable_id`,
	`["Object Storage (GB)", "  A--b ", "日本", "x", "", null] | map(slug)`,
	`"banana" | replace_all("a"; "bb")`, `"a.b.c" | replace_all("."; "")`, `"" | replace_all("a"; "b")`, `null | replace_all("a"; "b")`,
}

func dates(program string) string {
	return `["2026-01-31", "2026-01", "2026-01-31T10:20:30Z", "2026-01-31T10:20:30.678901Z", "2026-01-31T23:20:30+01:30",
		"2026-01-31T23:20:30-02:00", "2026-01-31 10:20:30", "2026-01-31T10", "2026-02-28T23:59:59Z", "2028-02-29", "2025-12-29",
		"2026-12-31T23:59:59.5Z", "1969-12-31T22:30:00Z", "1960-02-29", null] | map(` + program + `)`
}

// houseNames are the functions that plain jq does not have, by name and number of arguments.
func houseNames(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, f := range Functions() {
		if _, err := plain(call(f), ""); err != nil {
			names = append(names, f)
		}
	}
	if len(names) == 0 {
		t.Fatal("plain jq has all functions")
	}
	return names
}

// call is a call of name/arity.
func call(signature string) string {
	name, arity, _ := strings.Cut(signature, "/")
	switch arity {
	case "0":
		return name
	case "1":
		return name + `("a")`
	}
	return name + `("a"` + strings.Repeat(`; "a"`, int(arity[0]-'1')) + `)`
}

// plain compiles a program behind definitions for gojq as anybody has it.
func plain(program, defs string) (*gojq.Code, error) {
	q, err := gojq.Parse(defs + "\n" + program)
	if err != nil {
		return nil, err
	}
	return gojq.Compile(q)
}

func TestEveryHouseFunctionHasAPortableForm(t *testing.T) {
	for _, f := range houseNames(t) {
		if _, err := plain(call(f), houseText); err != nil {
			t.Errorf("house.jq has no %s: %v", f, err)
		}
		name, _, _ := strings.Cut(f, "/")
		if !strings.Contains(strings.Join(portables, "\n"), name) {
			t.Errorf("no expression tries %s", f)
		}
	}
}

// compiled is a program of the house.
func compiled(t *testing.T, program string) *Code {
	t.Helper()
	code, found := Compile(Source{File: "test.jq", Text: program}, Options{})
	if Failed(found) {
		t.Fatalf("%s: %v", program, found)
	}
	return code
}

// asDoubles is a value as one that knows only doubles sees it.
func asDoubles(t *testing.T, v any) any {
	t.Helper()
	b, err := gojq.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func houseOutputs(t *testing.T, program string) []any {
	t.Helper()
	out := []any{}
	if err := compiled(t, program).Run(t.Context(), nil, nil, func(v any) error {
		out = append(out, asDoubles(t, v))
		return nil
	}); err != nil {
		t.Fatalf("%s: %v", program, err)
	}
	return out
}

func TestThePortableFormAgrees(t *testing.T) {
	for _, program := range portables {
		code, err := plain("["+program+"]", houseText)
		if err != nil {
			t.Fatalf("%s: %v", program, err)
		}
		v, _ := code.Run(nil).Next()
		if err, bad := v.(error); bad {
			t.Errorf("%s: house.jq fails: %v", program, err)
			continue
		}
		if got, want := asDoubles(t, v), any(houseOutputs(t, program)); !alike(got, want) {
			t.Errorf("%s\n house.jq gives %v\n the house     %v", program, got, want)
		}
	}
}

// TestThePortableFormAgreesInJQ asks the jq of this machine, where there is one.
func TestThePortableFormAgreesInJQ(t *testing.T) {
	binary, err := exec.LookPath("jq")
	if err != nil {
		t.Skip("no jq here")
	}
	var all strings.Builder
	all.WriteString(houseText)
	sep := "["
	for _, program := range portables {
		fmt.Fprintf(&all, "%s[%s]\n", sep, program)
		sep = ","
	}
	all.WriteString("]\n")
	cmd := exec.Command(binary, "-n", "-c", all.String())
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, complaint.Bytes())
	}
	var got [][]any
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	for i, program := range portables {
		if want := houseOutputs(t, program); !alike(any(got[i]), any(want)) {
			t.Errorf("%s\n jq gives  %v\n the house %v", program, got[i], want)
		}
	}
}

// alike compares values with numbers as doubles, which may differ in their last place.
func alike(a, b any) bool {
	x, ok := a.(float64)
	y, ok2 := b.(float64)
	if ok && ok2 {
		return x == y || (x-y)*(x-y) <= 1e-24*(x*x+y*y)
	}
	if l, ok := a.([]any); ok {
		r, _ := b.([]any)
		for i := range min(len(l), len(r)) {
			if !alike(l[i], r[i]) {
				return false
			}
		}
		return len(l) == len(r)
	}
	return reflect.DeepEqual(a, b)
}
