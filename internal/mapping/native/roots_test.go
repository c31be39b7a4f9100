package native

import (
	"fmt"
	"strings"
	"testing"
)

// TestRestKeepsRoots: what a request bound is there for the next that binds the same, and for no other.
func TestRestKeepsRoots(t *testing.T) {
	text := func(n int) string { return `"` + strings.Repeat("a", n-2) + `"` }
	for _, c := range []struct {
		name string
		docs [2]string
		kept bool
	}{
		{"small", [2]string{`{"a":1}`, ``}, true},
		{"as much as is kept", [2]string{text(keptRoots - 2), `{}`}, true},
		{"a byte more", [2]string{text(keptRoots - 1), `{}`}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			code := &Code{roots: 2}
			m := &Machine{memory: *newMemory(), roots: make([]value, 2), docs: make([]document, 2)}
			bind := func(root int, doc string) string {
				if _, ok := m.Bind(root, []byte(doc)); !ok {
					t.Fatal("the root was not bound")
				}
				return fmt.Sprint(toAny(m.roots[root]))
			}
			first := bind(0, c.docs[0])
			bind(1, c.docs[1])
			held, since := &m.docs[0].text[0], m.bindings
			code.Rest(m)
			if m.roots[0] != (value{}) || m.roots[1] != (value{}) || m.bindings == since {
				t.Fatal("a machine that rests has roots")
			}
			if kept := len(m.docs[0].text) > 0; kept != c.kept {
				t.Fatalf("the documents are kept: %v", kept)
			}
			if got := bind(0, c.docs[0]); got != first {
				t.Fatalf("bound again it is %.40s, was %.40s", got, first)
			}
			if same := &m.docs[0].text[0] == held; same != c.kept {
				t.Fatalf("it is the value of before: %v", same)
			}
			if got := bind(0, `{"a":2}`); got != "map[a:2]" {
				t.Fatalf("another document gives %s", got)
			}
		})
	}
}
