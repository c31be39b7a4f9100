package jq

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/itchyny/gojq"
)

// Every node that has a name stands at that name, in every program that is at hand.
func TestPlaces(t *testing.T) {
	var texts []string
	for _, glob := range []string{"../../mappings/*/*.jq", "testdata/*.jq"} {
		files, _ := filepath.Glob(glob)
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, string(b))
		}
	}
	texts = append(texts, `{if: 1, "a\(.x + "\(.y)")b": .z, $v, (f | g): h} | .a."b"."c\(d)"[e]?[f:g] | -.n # def x
		| if a then b elif c then d else e end | . as [$x, {y: $z}] ?// $x | reduce .a[] as $q (f; g($q)) | try h catch i | @json "j\(k)" | a::b | .. | 1e3`)
	for _, text := range texts {
		q, err := gojq.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		p := place(lex(text), q)
		checked := 0
		for node, at := range p {
			want := ""
			switch n := node.(type) {
			case *gojq.Func:
				want = n.Name
			case *gojq.FuncDef:
				want = n.Name
			case *gojq.Index:
				if n.Name != "" {
					want = "." + n.Name
				}
			case *gojq.ObjectKeyVal:
				want = n.Key
			case *gojq.Pattern:
				want = n.Name
			case *gojq.Query:
				if n.Op != 0 {
					want = n.Op.String()
				}
			}
			if want != "" {
				checked++
				if !strings.HasPrefix(text[at.offset:], want) {
					t.Errorf("%q is said to stand at %q", want, text[at.offset:min(len(text), at.offset+20)])
				}
			}
		}
		if checked < 10 {
			t.Errorf("%d nodes with names", checked)
		}
	}
}

func TestEveryKnownFunctionIsGojqsOrOurs(t *testing.T) {
	for _, sig := range Functions() {
		name, arity, _ := strings.Cut(sig, "/")
		args := strings.TrimSuffix(strings.Repeat(`"x"; `, int(arity[0]-'0')), "; ")
		if args != "" {
			args = "(" + args + ")"
		}
		q, err := gojq.Parse(name + args)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := gojq.Compile(q, houseOptions...); err != nil {
			t.Errorf("%s: %v", sig, err)
		}
		if _, ok := known.refused[sig]; ok {
			t.Errorf("%s is refused and allowed", sig)
		}
	}
	// What gojq has and no list names is unknown to programs; a new gojq must not slip one in unseen.
	var unlisted []string
	v, _ := must2(gojq.Parse("builtins")).Run(nil).Next()
	for _, b := range v.([]any) {
		if sig := b.(string); !known.allowed[sig] {
			if _, ok := known.refused[sig]; !ok {
				unlisted = append(unlisted, sig)
			}
		}
	}
	slices.Sort(unlisted)
	const want = "acos/0 acosh/0 asin/0 asinh/0 atan/0 atan2/2 atanh/0 copysign/2 cos/0 cosh/0 drem/2 erf/0 erfc/0 fdim/2 gamma/0 hypot/2 j0/0 j1/0 jn/2 lgamma/0 nextafter/2 nexttoward/2 remainder/2 sin/0 sinh/0 tan/0 tanh/0 tgamma/0 y0/0 y1/0 yn/2"
	if got := strings.Join(unlisted, " "); got != want {
		t.Errorf("unlisted functions of gojq: %s", got)
	}
}

func must2[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
