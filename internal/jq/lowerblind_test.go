package jq

import "testing"

// TestWhatGojqMisreadsIsLeftToIt: where gojq's own stack goes wrong, nobody else knows what comes of it.
func TestWhatGojqMisreadsIsLeftToIt(t *testing.T) {
	for text, left := range map[string]bool{
		`7 | if (., [.]) | "x" then . else 0 end`:      true,
		`. as $x | (1, $x) | "text"`:                   true,
		`. as $x | if . then 1 else $x end | $x`:       true,
		`. as $x | (try . catch $x) | @base64 "\($x)"`: true,
		`. as $x | (. and $x) | $x.a[]`:                true,
		`. as $x | ((., $x) | .) | $x | .a`:            true,
		`(1, 2) | . + 1`:                               false,
		`. as $x | (1, $x) | [., $x]`:                  false,
		`. as $x | [1, $x] | "text"`:                   false,
		`. as $x | . + 1 | $x`:                         false,
		`if . then 1 else 2 end | {a: .}`:              false,
	} {
		f, findings := parse(Source{File: "t", Text: text}, lowerOptions)
		if f == nil || Failed(findings) {
			t.Fatal(text, findings)
		}
		if got := foreign(f.lower(f.query)); got != left {
			t.Errorf("%s is left to gojq: %v", text, got)
		}
	}
}
