package jq

import (
	"strings"
	"testing"
)

func lint(text string, opt Options) []string {
	_, findings := Compile(Source{File: "f", Text: text}, opt)
	var out []string
	for _, f := range findings {
		out = append(out, f.String())
	}
	return out
}

func TestFindings(t *testing.T) {
	for _, c := range []struct {
		name, text string
		kind       Kind
		want       []string
	}{
		{"nothing to say", `.a | map(select(.b > 1)) | length`, Mapping, nil},
		{"an unexpected token", "{a: 1\n  b: 2}", Slot, []string{`f:2:3: syntax: unexpected token "b"`}},
		{"a character of more than one byte before", `"é" | }`, Slot, []string{`f:1:7: syntax: unexpected token "}"`}},
		{"an early end", `if .a then 1`, Slot, []string{"f:1:13: syntax: unexpected EOF (fix: something is left open: a bracket, an `if` without `end`, a `def` without `;`)"}},
		{"an open string", `.a | "x \(.b) y`, Slot, []string{`f:1:6: syntax: unterminated string literal (fix: close it with ")`}},
		{"a bad escape", `"\q"`, Slot, []string{`f:1:2: syntax: invalid escape sequence "\q" in string literal`}},
		{"nothing at all", ``, Slot, []string{"f:1:1: syntax: the program has definitions and no expression (fix: end it with an expression, such as `.`)"}},
		{"an unknown function", ".a |\n  fooo(1) | maap(.)", Slot, []string{
			`f:2:3: unknown-function: fooo is not defined`,
			`f:2:13: unknown-function: maap is not defined (fix: did you mean map?)`}},
		{"a wrong number of arguments", `map`, Slot, []string{`f:1:1: unknown-function: map takes 1 arguments, not 0`}},
		{"an unknown variable", `$querry.x, $zzzzzz`, Slot, []string{
			`f:1:1: unknown-variable: $querry is not defined (fix: did you mean $query?)`,
			`f:1:12: unknown-variable: $zzzzzz is not defined (fix: in scope: $query)`}},
		{"a variable of an object", `{$query, $other}`, Slot, []string{`f:1:10: unknown-variable: $other is not defined (fix: in scope: $query)`}},
		{"variables of patterns", `. as [$a, {b: $c, $d, "e": $e}] | [$a, $c, $d, $e]`, Slot, nil},
		{"variables of loops", `reduce .[] as $x (0; . + $x), foreach .[] as [$y] (0; . + $y; [., $y])`, Slot, nil},
		{"a variable that has ended", `(. as $x | $x) | $x`, Slot, []string{`f:1:18: unknown-variable: $x is not defined (fix: in scope: $query)`}},
		{"parameters", `def f($a; g): $a + a + g; f(1; 2)`, Slot, nil},
		{"a label", `label $out | break $out, break $in`, Slot, []string{`f:1:26: unknown-label: no label $in in scope`}},
		{"an unknown format", `@yaml "x\(.a)"`, Slot, []string{`f:1:1: unknown-format: @yaml is no format (fix: one of @text @json @html @uri @urid @csv @tsv @sh @base64 @base64d)`}},
		{"an import", `import "a" as a; .`, Slot, []string{`f:1:1: host: a program can't import (fix: write the definition here)`}},
		{"what an older jq reads", `{a: .b, c: (.d // 1), e: (if . then 1 else 2 end) | length, f: -1} | if .a then . else .c end`, Mapping, nil},
		{"what an older jq does not read", `def f($end): $end; {a: .b // 1, c: if . then 1 else 2 end, d: (.e | trim)} | . as [$and, {$or}] | if f($and + $or) then 1 end`, Mapping, []string{
			"f:1:5: portable: jq 1.6 takes $end for a keyword (fix: choose another name)",
			"f:1:27: portable: jq 1.6 wants parentheses", "f:1:36: portable: jq 1.6 wants parentheses", "f:1:69: portable: jq 1.6 does not have trim",
			"f:1:84: portable: jq 1.6 takes $and", "f:1:91: portable: jq 1.6 takes $or", "f:1:99: portable: jq 1.6 wants an else"}},
		{"a slot runs here alone", `{a: .b // 1} | if .a then 1 end`, Slot, nil},
		{"the clock", `now, (.a | localtime)`, Slot, []string{
			"f:1:1: clock: now reads the clock, so that no run could be repeated (fix: in a connector's slot use `.now`)",
			"f:1:12: clock: localtime depends on the time zone of the machine (fix: use `gmtime`, `strftime` or the house's dates, which are UTC)"}},
		{"the environment", `env.HOME, $ENV.HOME, $__loc__, input, halt`, Slot, []string{
			`f:1:1: host: env reaches outside of its input (fix: pass what it needs as a variable)`,
			`f:1:11: host: $ENV reaches outside of its input (fix: pass what it needs as a variable)`,
			`f:1:22: host: $__loc__ reaches outside of its input (fix: pass what it needs as a variable)`,
			`f:1:32: host: input reaches outside of its input (fix: pass what it needs as a variable)`,
			"f:1:39: host: halt ends the run instead of failing (fix: use `error(\"…\")`)"}},
		{"generators", `[range(5)], repeat(.), recurse(.a), until(.; .), while(.; .), combinations, transpose`, Slot, []string{
			"f:1:2: unbounded", "f:1:13: unbounded", "f:1:24: unbounded", "f:1:37: unbounded", "f:1:50: unbounded", "f:1:63: unbounded", "f:1:77: unbounded"}},
		{"recursion", `def f: .a | f; def g: def h: g; h; f`, Slot, []string{"f:1:13: unbounded: f calls itself", "f:1:30: unbounded: g calls itself"}},
		{"a definition that hides another is no recursion", `def f: 1; def f: def f: 2; f; f`, Slot, nil},
		{"a name of one's own is not the function's", `def now: 5; def range($n): $n; now, range(3)`, Slot, nil},
		{"global regular expressions", `gsub("a"; "b"), scan("a"), splits("a"), split("a"; "g"), test("a"; "g"), test("a"; .f), match("a"; null)`, Slot, []string{
			"f:1:1: global-regex", "f:1:17: global-regex", "f:1:28: global-regex", "f:1:41: global-regex", "f:1:58: global-regex", "f:1:74: global-regex"}},
		{"computed regular expressions", `test(.re), capture("(?<x>\(.a))"), sub($query.re; "")`, Slot, []string{"f:1:1: regex", "f:1:12: regex", "f:1:36: regex"}},
		{"literal regular expressions", `test("a.c"), test("A"; "ix"), sub("^a"; .b), [capture("(?<x>a)")]`, Slot, nil},
		{"computed formats", `strftime(.f), strptime("%Y")`, Slot, []string{"f:1:1: literal: strftime"}},
		{"computed separators", `join(.s), join(", ")`, Slot, []string{"f:1:1: literal: join"}},
		{"computed needles", `contains(.x), index("a"), inside([1, {a: "b"}]), indices(.x[0])`, Slot, []string{"f:1:1: literal: contains", "f:1:50: literal: indices"}},
		{"computed indices on the left", `.[.n] = 1, .a["x"][3] |= 2, (.b | .[$query.k]) += 1, setpath([.n]; 1), pick(.[.n])`, Slot, []string{
			"f:1:7: computed-path", "f:1:48: computed-path", "f:1:54: computed-path", "f:1:72: computed-path"}},
		{"an index at the limit", `.[1000] = 1, .[-1000] = 1`, Slot, nil},
		{"an index past the limit", `.[1001] = 1`, Slot, []string{"f:1:9: computed-path"}},
		{"repeated strings", `"ab" * 3, .n * "x\(.a)", @json * 2`, Slot, []string{"f:1:6: repeat", "f:1:14: repeat", "f:1:32: repeat"}},
		{"products of what is unknown, in a slot", `.a * .b - .c`, Slot, nil},
		{"products of what is unknown, in a mapping", `.a * 100, .a - .b`, Mapping, []string{
			"f:1:4: repeat: an operand of * may be a string, which would be repeated, and * rounds (fix: use `dmul(x)`, or `dshift(n)` for a power of ten)",
			"f:1:14: inexact: the operands of - may be two arrays, compared each with each, and - rounds (fix: use `dsub(x)`)"}},
		{"products of numbers", `(.a | unix) * 1000, length * 2, .a - 1, (.a | tonumber) * -(.b | length), {a: 1} * .b`, Mapping, nil},
		{"a house function is hidden", `def dec: 1; dec`, Mapping, []string{"f:1:5: shadow: dec hides the function of that name (fix: choose another name)"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := lint(c.text, Options{Kind: c.kind, Vars: []string{"$query"}})
			ok := len(got) == len(c.want)
			for i := 0; ok && i < len(got); i++ {
				ok = strings.HasPrefix(got[i], c.want[i])
			}
			if !ok {
				t.Errorf("%s\n got %s\nwant %s", c.text, strings.Join(got, "\n     "), strings.Join(c.want, "\n     "))
			}
		})
	}
}

func TestSourceLimit(t *testing.T) {
	if got := lint(strings.Repeat(" ", MaxSource-1)+".", Options{}); got != nil {
		t.Error(got)
	}
	if got := lint(strings.Repeat(" ", MaxSource)+".", Options{}); len(got) != 1 || !strings.Contains(got[0], "f:1:1: size: ") {
		t.Error(got)
	}
	if got := lint(strings.Repeat(" ", MaxUntrusted-1)+".", Options{Untrusted: true}); got != nil {
		t.Error(got)
	}
	if got := lint(strings.Repeat(" ", MaxUntrusted)+".", Options{Untrusted: true}); len(got) != 1 || !strings.Contains(got[0], "f:1:1: size: ") {
		t.Error(got)
	}
	for _, deep := range []string{strings.Repeat("(", MaxSource/2-1) + "." + strings.Repeat(")", MaxSource/2-1), "." + strings.Repeat("|.", MaxSource/2-1), strings.Repeat("-", MaxSource-1) + "1"} {
		if got := lint(deep, Options{}); got != nil {
			t.Error(got)
		}
	}
}

func TestAFindingInsideOfALargerFileHasItsPlaceThere(t *testing.T) {
	for _, c := range []struct {
		text string
		want string
	}{
		{`.a | foo`, "acme.yaml:12:25: unknown-function"},
		{"\n .a |\n  }", "acme.yaml:14:3: syntax"},
		{`}`, "acme.yaml:12:20: syntax"},
	} {
		_, findings := Compile(Source{File: "acme.yaml", Line: 12, Col: 20, Text: c.text}, Options{})
		if len(findings) != 1 || !strings.HasPrefix(findings[0].String(), c.want) {
			t.Errorf("%q: %v, want %s", c.text, findings, c.want)
		}
	}
}

func TestModule(t *testing.T) {
	m, findings := ParseModule(Source{File: "m.jq", Text: "# comment\ndef a: 1;\ndef b(f): f;\ndef c: [a, b(2)] | . + [$v.x];\n"}, Options{Vars: []string{"$v", "$w"}})
	if m == nil {
		t.Fatal(findings)
	}
	if got := strings.Join(m.Funcs(), " "); got != "a c" {
		t.Errorf("definitions: %s", got)
	}
	if m.Line("c") != 4 || m.Line("b") != 0 {
		t.Errorf("lines: %d %d", m.Line("c"), m.Line("b"))
	}
	if !m.Mentions("$v") || m.Mentions("$w") {
		t.Error("mentions")
	}
	c, findings := m.Compile("c")
	if c == nil {
		t.Fatal(findings)
	}
	v, err := c.One(t.Context(), nil, map[string]any{"x": 3}, nil)
	if got := encode(Encoder{}, v); err != nil || got != "[1,2,3]" {
		t.Errorf("%s, %v", got, err)
	}
	if c, findings := m.Compile("d"); c != nil || len(findings) != 1 {
		t.Error(findings)
	}
	if m, findings := ParseModule(Source{File: "m.jq", Text: "def a: 1;\n a"}, Options{}); m != nil || findings[0].String() != "m.jq:2:2: module: an expression stands outside of every definition (fix: put it into a `def`)" {
		t.Error(findings)
	}
}
