package config

import (
	"fmt"
	"strings"
	"testing"
)

// Every byte of an override is known by its place in the file, however it is written there.
func TestOverridesKnowTheirPlace(t *testing.T) {
	const text = `accounts:
  static:
  - id: a
    connector: acme
    overrides:
      mappings:
        usage: |
          # é
          {here: 1}
        users: '{ö: "it''s", here: 1}'
        products: "{\"a\": 1, here: 2}"
        workspaces: folded
          over, here
      requests: { usage: { query: { "é": "a \"b\" here", here: [x, 1.50, here] },
                  body: { on: true, off: ~, here: {} } } }
`
	o := mustParse(t, text).Accounts.Static[0].Overrides
	lines := strings.Split(text, "\n")
	place := func(line, col int) string { // what stands in the file there
		runes := []rune(lines[line-1])
		return fmt.Sprintf("%d:%s", line, strings.TrimRight(string(runes[col-1:min(col+3, len(runes))]), " "))
	}
	for resource, want := range map[string]string{"usage": "9:here", "users": "10:here", "products": "11:here", "workspaces": "12:fold"} {
		s := o.Mappings[resource]
		if got := place(s.At(strings.Index(s.Text, "here"))); got != want || s.File != "config.yaml" {
			t.Errorf("%s: %s, want %s", resource, got, want)
		}
	}
	if s := o.Mappings["usage"]; s.Text != "# é\n{here: 1}\n" || s.Line != 7 || s.Col != 16 {
		t.Errorf("%q at %d:%d", s.Text, s.Line, s.Col)
	}
	const want = `{"usage" :{"query" :{"é" :"a \"b\" here" ,"here" :["x" ,1.50 ,"here" ]},"body" :{"on" :true ,"off" :null ,"here" :{}}}}`
	if o.Requests.Text != want {
		t.Fatalf("got %s", o.Requests.Text)
	}
	var got []string
	for i := range want {
		if strings.HasPrefix(want[i:], "here") {
			got = append(got, place(o.Requests.At(i)))
		}
	}
	if s := strings.Join(got, " "); s != `14:here 14:here 14:here 15:here` {
		t.Error(s)
	}
	if got := place(o.Requests.At(strings.Index(want, "{}"))); got != "15:here" {
		t.Errorf("an object stands at its key, and not at %s", got)
	}
	if line, col := o.Requests.At(0); line != 1 || col != 1 {
		t.Error("before everything", line, col)
	}
	if line, _ := o.Requests.At(len(want) + 5); line != 15 {
		t.Error("behind everything", line)
	}
}

func TestNoOverrides(t *testing.T) {
	const account = "accounts:\n  static:\n  - id: a\n    connector: acme\n"
	if a := mustParse(t, account).Accounts.Static[0]; a.Overrides != nil {
		t.Errorf("%+v", a.Overrides)
	}
	for _, text := range []string{"    overrides:\n", "    overrides: {}\n", "    overrides: { mappings: , requests: ~ }\n"} {
		if o := mustParse(t, account+text).Accounts.Static[0].Overrides; o != nil && (len(o.Mappings) > 0 || o.Requests.Text != "") {
			t.Errorf("%s: %+v", text, o)
		}
	}
	if c := mustParse(t, "overrides: { dir: ./mine }"); c.Overrides.Dir != "mine" {
		t.Error(c.Overrides)
	}
}
