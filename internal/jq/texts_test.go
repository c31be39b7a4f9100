package jq

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/record"
)

// filled is a text of as many parts as an untrusted program may have.
func filled(part string) string { return strings.Repeat(part, (MaxUntrusted-16)/len(part)) }

// wrapped nests a text as deep as a program may be long.
func wrapped(open, inner, end string) string {
	n := (MaxUntrusted - 64 - len(inner)) / (len(open) + len(end))
	return strings.Repeat(open, n) + inner + strings.Repeat(end, n)
}

// TestNoTextIsExpensiveToRead: an untrusted text is read in this process too, before it runs in another.
func TestNoTextIsExpensiveToRead(t *testing.T) {
	var doubling, adding strings.Builder
	doubling.WriteString("def a0(f): f | f; ")
	adding.WriteString("def a0: {x: .a}; ")
	for i := 1; i <= 200; i++ {
		fmt.Fprintf(&doubling, "def a%d(f): a%d(f) | a%[2]d(f); ", i, i-1)
		fmt.Fprintf(&adding, "def a%d: a%d + a%[2]d; ", i, i-1)
	}
	const most = 256 << 20
	for name, text := range map[string]string{
		"members":                    "{" + filled("a:1,") + "b:2}",
		"objects in objects":         wrapped("{a:", "1", "}"),
		"lists in lists":             wrapped("[", "1", "]"),
		"brackets":                   wrapped("(", ".", ")"),
		"texts in texts":             wrapped(`"\(`, "1", `)"`),
		"alternatives":               wrapped(". as $x ?// [$x] | (", ".", ")"),
		"loops in loops":             wrapped("map(", ".", ")"),
		"updates of updates":         wrapped("(", ".a", " |= .)"),
		"what doubles its closure":   doubling.String() + "a200(.)",
		"what doubles its fields":    adding.String() + "a200",
		"functions that are unknown": filled("maap|") + ".",
		"variables that are unknown": filled("$maap|") + ".",
		"what is refused":            filled("now|") + ".",
		"operators":                  filled("1+") + "1",
		"fields":                     filled(".a") + ".b",
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			code, findings := Compile(Source{Text: text}, Options{Kind: Mapping, Untrusted: true, Vars: []string{"$base"}, Each: "$base"})
			runtime.ReadMemStats(&after)
			if took := after.TotalAlloc - before.TotalAlloc; took > most {
				t.Errorf("%d MiB", took>>20)
			}
			if (code == nil) == (len(findings) == 0) || len(findings) > maxFindings+1 {
				t.Errorf("%d findings, %v", len(findings), code != nil)
			}
			if code == nil {
				return
			}
			for _, a := range code.Assigns().Fields {
				if len(a.Path) > record.MaxDepth+1 {
					t.Fatalf("a path of %d", len(a.Path))
				}
			}
		})
	}
}

func TestFindingsAreBounded(t *testing.T) {
	for n, want := range map[int]int{maxFindings: maxFindings, maxFindings + 1: maxFindings} {
		if got := lint("["+strings.Repeat("now,", n-1)+"now]", Options{}); len(got) != want {
			t.Errorf("%d: %d findings", n, len(got))
		}
	}
}
