package record

import (
	"encoding/json"
	"maps"
	"testing"
)

func TestMembersAndElements(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`{}`, ""}, {`{"a":1}`, "a=1;"}, {" { \"a\" : [1, 2] ,\n\"b\\u0061\":{\"c\":\"}\"}\t} ", `a=[1, 2];b\u0061={"c":"}"};`},
		{`[]`, ""}, {`[1,[2,"]"] , {"a":","}]`, `1;[2,"]"];{"a":","};`}, {`7`, ""}, {`"{\"a\":1}"`, ""}, {``, ""}, {` `, ""},
	} {
		got := ""
		for k, v := range Members([]byte(c.in)) {
			got += string(k) + "=" + string(v) + ";"
		}
		for e := range Elements([]byte(c.in)) {
			got += string(e) + ";"
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.in, got, c.want)
		}
	}
	for range Members([]byte(`{"a":1,"b":2}`)) {
		break
	}
	for range Elements([]byte(`[1,2]`)) {
		break
	}
}

// FuzzMembers holds the members of every document to those that encoding/json finds.
func FuzzMembers(f *testing.F) {
	for _, s := range []string{`{"a":1, "b" : {"c":[]}}`, `[1,{"a":2}]`, `{"\u0061":1}`, ` {} `} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		if !IsDocument(doc) {
			return
		}
		var want map[string]json.RawMessage
		_ = json.Unmarshal(doc, &want)
		got := map[string]json.RawMessage{}
		for k, v := range Members(doc) {
			var key string
			if err := json.Unmarshal([]byte(`"`+string(k)+`"`), &key); err != nil {
				t.Fatalf("%q has the key %q", doc, k)
			}
			got[key] = v
		}
		if !maps.EqualFunc(got, want, func(a, b json.RawMessage) bool { return string(a) == string(b) }) {
			t.Fatalf("%q has %s, want %s", doc, got, want)
		}
		var list []json.RawMessage
		_ = json.Unmarshal(doc, &list)
		n := 0
		for e := range Elements(doc) {
			if n == len(list) || string(e) != string(list[n]) {
				t.Fatalf("%q has the element %s at %d", doc, e, n)
			}
			n++
		}
		if n != len(list) {
			t.Fatalf("%q has %d elements, want %d", doc, n, len(list))
		}
	})
}
