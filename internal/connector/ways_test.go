package connector

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestPageWays(t *testing.T) {
	c, bad := Parse("acme.yaml", []byte(minimal(`
lookups:
  names: { get: /names, items: data, page: { next_token: [next], token_param: page } }
resources:
  usage:
    list:
      items: data
      calls:
        - { name: a, get: /a, page: { next_url: [next], size: { param: n, default: 5 } } }
        - { name: b, get: /b, page: { size: { param: n, default: 5 } } }
        - { name: c, get: /c }
  products: { list: { get: /products, page: { next_url: [links.next], token_param: page } } }
`)))
	if c == nil {
		t.Fatal(bad)
	}
	ways := c.PageWays()
	if got := strings.Join(slices.Sorted(maps.Keys(ways)), " "); got != "next_token next_url" || len(ways["next_url"]) != 2 || len(ways["next_token"]) != 1 {
		t.Errorf("%v", ways)
	}
}

func TestPathOfARequest(t *testing.T) {
	r := &method(t, `{ get: "/v1/{{ .context.base_url }}/a.b" }`).Calls[0].Request
	for path, want := range map[string]bool{"/v1/x/a.b": true, "/api/v1/x/y/a.b": true, "/v1/x/a.b/c": false, "/v1/x/aXb": false, "/v1//a.b": false} {
		if r.Path().MatchString(path) != want {
			t.Errorf("%s: %v", path, !want)
		}
	}
}

func TestPlace(t *testing.T) {
	text := []byte("connector: acme\nresources:\n  usage:\n    omits: { user: none }\n")
	for _, c := range []struct {
		keys      string
		line, col int
	}{{"", 1, 1}, {"resources", 2, 1}, {"resources usage omits user", 4, 14}, {"resources usage gaps", 3, 3}, {"other", 1, 1}} {
		if line, col := Place(text, strings.Fields(c.keys)...); line != c.line || col != c.col {
			t.Errorf("%s stands at %d:%d, want %d:%d", c.keys, line, col, c.line, c.col)
		}
	}
	if line, col := Place([]byte("a: ["), "a"); line != 1 || col != 1 {
		t.Errorf("of a broken file: %d:%d", line, col)
	}
}
