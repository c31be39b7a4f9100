package main

import (
	"strings"
	"testing"
)

func sampleGrid() *grid {
	g := &grid{columns: []column{{title: "id"}, {title: "name", long: true}, {title: "empty"}, {title: "note", long: true, spare: true}, {title: "amount", number: true}}}
	g.add("a", "a name of some length", "", "a note that may go", "1.5")
	g.add("b", "b", "", "", "≈12.3456")
	return g
}

func TestGridIsCutToTheTerminal(t *testing.T) {
	for _, c := range []struct {
		name  string
		width int
		want  string
	}{
		{"as wide as it takes", 0, `
id  name                   note                  amount
─────────────────────────────────────────────────────────
a   a name of some length  a note that may go    1.5
b   b                                          ≈12.3456
`},
		{"long columns are cut", 52, `
id  name               note                 amount
────────────────────────────────────────────────────
a   a name of some l…  a note that may …    1.5
b   b                                     ≈12.3456
`},
		{"a spare one is left out", 34, `
id  name                  amount
──────────────────────────────────
a   a name of some le…    1.5
b   b                   ≈12.3456
`},
		{"then cells get short", 25, `
id  name         amount
─────────────────────────
a   a name o…    1.5
b   b          ≈12.3456
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b strings.Builder
			sampleGrid().write(&b, "", c.width)
			if got := "\n" + b.String(); got != c.want {
				t.Errorf("got:%s\nwant:%s", got, c.want)
			}
		})
	}
}

func TestPrintableTakesEscapesOut(t *testing.T) {
	if got, want := printable("a\x1b[31mb\u202ec\nd"), "a [31mb c d"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		name, in string
		width    int
		want     string
	}{
		{"short", "one", 5, "one"},
		{"between words", "one two three", 7, "one two|three"},
		{"exactly", "one two", 7, "one two"},
		{"one past", "one twos", 7, "one|twos"},
		{"a word that is too long", "extraordinary", 5, "extraordinary"},
		{"letters and not bytes", "ééé ééé", 7, "ééé ééé"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := strings.Join(wrap(c.in, c.width), "|"); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestBriefKeepsDigitsAndOrder(t *testing.T) {
	got, err := brief([]byte(`{"z":1.10,"a":{"deep":[1,{"x":"a:b,\"c"}]},"long":"`+strings.Repeat("x", 30)+`","none":{}}`), "", 40)
	if err != nil {
		t.Fatal(err)
	}
	want := `{
  "z": 1.10,
  "a": {"deep": [1, {"x": "a:b,\"c"}]},
  "long": "` + strings.Repeat("x", 30) + `",
  "none": {}
}`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
