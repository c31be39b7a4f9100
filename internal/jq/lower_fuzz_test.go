package jq

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/itchyny/gojq"

	"github.com/meterbridge/meterbridge/internal/jq/core"
)

// maxCompared is the longest text of a lowered program that is run: gojq takes long for one that is much larger.
const maxCompared = 8 << 10

// ignored is a value that a pipe does not look at: `(A, $x) | "text"`. gojq leaves it on its stack where the alternatives
// before the pipe end with a variable or a list, and whatever is taken from there next is wrong.
var ignored, binds = regexp.MustCompile(` \| \(*([-$"[{0-9]|null|true|false)`), regexp.MustCompile(`(as|label) \$\w+ \|`)

// lowersTheSame holds a program that the lint takes to what it is lowered to.
func lowersTheSame(t *testing.T, f *file) {
	n := f.lower(f.query)
	text := core.String(n)
	if text == "" || len(text) > maxCompared || foreign(n) || ignored.MatchString(binds.ReplaceAllString(text, "")) {
		return
	}
	q, err := gojq.Parse(text)
	if err != nil {
		t.Fatalf("%s\nis lowered to\n%s\nwhich is none: %v", f.src.Text, text, err)
	}
	before, after := running(t, f, f.query), running(t, f, q)
	for _, input := range inputs {
		want, got := before(input), after(input)
		if strings.Contains(want+got, ErrBudget.Error()) {
			return
		}
		if got != want {
			t.Fatalf("%s\nis lowered to\n%s\non %s it gives\n%sand not\n%s", f.src.Text, text, input, got, want)
		}
	}
}

var lowerOptions = Options{Kind: Mapping, Vars: []string{"$query", "$base"}}

// seeds are the programs of the golden, before and after.
func seeds(tb testing.TB) []string {
	text, err := os.ReadFile(programs)
	if err != nil {
		tb.Fatal(err)
	}
	var all []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(strings.TrimPrefix(line, "=> ")); line != "" {
			all = append(all, line)
		}
	}
	return all
}

// Whatever the lint takes is lowered without a panic and within the bound, and what has a form does the same.
func FuzzLower(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, findings := parse(Source{File: "t", Text: text}, lowerOptions)
		if p != nil && !Failed(findings) && (p.query.Term != nil || p.query.Right != nil) {
			lowersTheSame(t, p)
		}
	})
}

// pairs make one program of two.
var pairs = strings.Split(`(%s) | (%s)
(%s), (%s)
[%s] | (%s)
(%s) as $x | (%s) | [., $x]
(%s) as [$x, {a: $y}] | (%s), $x, $y
(%s) as {a: $x, $b} | (%s), $x, $b
def f(g): (%s) | g; f(%s)
def f(g): . as $x | g | (%s) | ., $x; (%s) as $x | f($x)
def f($x): [$x, x, (%s)]; f(%s)
def f: (%s); f | (%s) | f
. as $x | def f: ($x | %s); (%s) as $x | f
reduce (%s) as [$x] (0; [., $x, (%s)])
reduce (%s) as $x (.; %s)
foreach (%s) as $x (.; [%s]; [., $x])
foreach (%s) as {a: $x} (0; %s)
label $out | (%s), break $out, (%s)
label $out | (%s) | if . then (%s), break $out else . end
try (%s) catch (%s)
if (%s) then (%s) else . end
((%s)? // (%s))
"\(%s)-\(%s)"
{a: (%s), "b": (%s)}
{(%s | tostring): (%s)}
(%s) + (%s)
(%s) == (%s)
(%s) and (%s)
.a? |= ((%s) | (%s))
.[(%s)]? | (%s)
map(%s)? | (%s)
[.[]? | select(%s)] | sort_by(%s)
[limit(3; %s)] | (%s)
-(%s)? , (%s)`, "\n")

// Programs made of the golden's, nested in each other, so that names meet.
func FuzzLowerNested(f *testing.F) {
	all := seeds(f)
	f.Add([]byte("0123456789"))
	f.Add([]byte{1, 130, 2, 131, 3, 140, 7, 200, 9, 250, 11, 255})
	f.Fuzz(func(t *testing.T, picks []byte) {
		text := "."
		for i := 0; i+1 < len(picks) && i < 12; i += 2 {
			parts := []any{text, all[int(picks[i])%len(all)]}
			if picks[i+1] >= 128 {
				parts[0], parts[1] = parts[1], parts[0]
			}
			text = fmt.Sprintf(pairs[int(picks[i+1])%len(pairs)], parts...)
		}
		p, bad := read(Source{File: "t", Text: text}, lowerOptions)
		if bad == nil && len(p.places) < 400 {
			lowersTheSame(t, p)
		}
	})
}
