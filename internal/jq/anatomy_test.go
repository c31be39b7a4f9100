package jq

import (
	"fmt"
	"strings"
	"testing"
)

const dissected = `# d
def who: {id: .org, "full name": .n};
def usage: $query.q as $q | {id, $q, who: who, kind: "a", ("x" + .id): [.l[] | {n: .v}], remote: {all: .}};
`

func TestDissect(t *testing.T) {
	changed := func(v any) any {
		if s, ok := v.(string); ok {
			return s + "!"
		}
		return v
	}
	a, err := Dissect(Source{File: "d.jq", Text: dissected}, Options{Kind: Mapping, Vars: []string{"$query"}}, "usage", "remote", changed)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, k := range a.Keys {
		keys = append(keys, fmt.Sprintf("%s:%s:%d:%v", k.Name, k.File, k.Line, k.Constant))
	}
	if got, want := strings.Join(keys, " "), "id:d.jq:2:false full name:d.jq:2:false id:d.jq:3:false q:d.jq:3:false who:d.jq:3:false kind:d.jq:3:true :d.jq:3:false n:d.jq:3:false remote:d.jq:3:false all:d.jq:3:false"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	var refs []string
	for _, r := range a.Refs {
		refs = append(refs, r.Root+" "+strings.Join(r.Path, "."))
	}
	if got, want := strings.Join(refs, ", "), ". id, $query q, . org, . n, . l.[].v"; a.Line != 3 || got != want {
		t.Errorf("line %d reads %s, want %s", a.Line, got, want)
	}
	if got := strings.Join(a.Literals, ","); got != "a,full name,x" {
		t.Errorf("literals %s", got)
	}
	for name, want := range map[string]bool{"org": true, "n": true, "v": true, "id": true, "q": true, "who": false, "kind": false} {
		if a.Names[name] != want {
			t.Errorf("the name %s is looked up: %v", name, !want)
		}
	}
	run := func(key int) string {
		out := ""
		err := a.Run(t.Context(), DefaultTimeout, key, map[string]any{"id": "i", "org": "o", "n": "f", "l": []any{map[string]any{"v": "w"}}}, []any{map[string]any{"q": "s"}}, func(v any) error {
			delete(v.(map[string]any), "remote")
			b, err := (&Encoder{}).AppendValue(nil, v)
			out += string(b)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	const plain = `{"id":"i","kind":"a","q":"s","who":{"full name":"f","id":"o"},"xi":[{"n":"w"}]}`
	for key, want := range map[int]string{
		NoKey: plain, 0: `"id":"o!"`, 1: `"full name":"f!"`, 2: `"id":"i!"`, 3: `"q":"s!"`, 4: plain, 5: `"kind":"a!"`, 7: `{"n":"w!"}`,
	} {
		if got := run(key); !strings.Contains(got, want) || strings.Count(got, "!") != strings.Count(want, "!") {
			t.Errorf("with key %d changed: %s, want %s", key, got, want)
		}
	}
	if _, err := Dissect(Source{File: "d.jq", Text: dissected}, Options{Vars: []string{"$query"}}, "none", "", changed); err == nil {
		t.Error("a definition that is not there")
	}
	if _, err := Dissect(Source{File: "d.jq", Text: "def usage: {"}, Options{}, "usage", "", changed); err == nil {
		t.Error("a file that does not parse")
	}
}
