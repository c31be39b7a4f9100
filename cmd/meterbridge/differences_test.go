package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestDiffJSON(t *testing.T) {
	for _, c := range []struct{ name, before, after, want string }{
		{"the same", `{"a":1.10}`, `{"a":1.10}`, ""},
		{"other digits", `{"a":1.1}`, `{"a":1.10}`, "a 1.1 1.10"},
		{"members in the order of the record", `{"b":1,"a":{"x":1,"y":2}}`, `{"b":2,"a":{"y":3,"z":4},"c":null}`, "b 1 2|a.x 1 -|a.y 2 3|a.z - 4|c - null"},
		{"elements", `{"l":[{"a":1},{"a":2}]}`, `{"l":[{"a":1},{"a":3},4,{}]}`, "l[1].a 2 3|l[2] - 4|l[3] - {}"},
		{"an object that there was not, and one that is gone", `{"a":{"x":1}}`, `{"b":{"y":{"z":2}}}`, "a.x 1 -|b.y.z - 2"},
		{"null is a value", `{"a":null}`, `{"a":{"x":1}}`, `a null {"x":1}`},
		{"fewer of them", `{"l":[1,2]}`, `{"l":[]}`, "l[0] 1 -|l[1] 2 -"},
		{"of another kind", `{"l":[1],"o":{"a":1}}`, `{"l":{"a":1},"o":null}`, `l [1] {"a":1}|o {"a":1} null`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, f := range diffJSON(nil, "", json.RawMessage(c.before), json.RawMessage(c.after)) {
				side := func(raw json.RawMessage) string {
					if raw == nil {
						return "-"
					}
					return string(raw)
				}
				got = append(got, fmt.Sprintf("%s %s %s", f.Field, side(f.Old), side(f.New)))
			}
			if s := strings.Join(got, "|"); s != c.want {
				t.Errorf("got %s, want %s", s, c.want)
			}
		})
	}
}

func TestValuesAreCut(t *testing.T) {
	at, past := strings.Repeat("ä", maxValue), strings.Repeat("ä", maxValue+1)
	if value(json.RawMessage(at)) != at || value(json.RawMessage(past)) != at+"…" || value(nil) != "absent" {
		t.Error("a value is shown otherwise")
	}
}
