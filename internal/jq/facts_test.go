package jq

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/itchyny/gojq"
)

// TestWhatKillsAProcess holds what was measured of the libraries below: each of these ended the process, or held it for
// minutes, where it came through. F8 and on are of the network, and stand with it.
func TestWhatKillsAProcess(t *testing.T) {
	t.Run("F1: six million brackets are not looked into", func(t *testing.T) {
		if _, err := Decode(bytes.Repeat([]byte("["), 6<<20)); err == nil {
			t.Error("taken")
		}
	})
	t.Run("F2: nor is what nests for 80 kB", func(t *testing.T) {
		for _, open := range []string{`[`, `{"a":`} {
			n := 40_000 / len(open)
			if _, err := Decode([]byte(strings.Repeat(open, n) + "1" + strings.Repeat(map[string]string{"[": "]", `{"a":`: "}"}[open], n))); err == nil {
				t.Errorf("%s is taken", open)
			}
		}
	})
	t.Run("F3: a value of three million lists is not encoded", func(t *testing.T) {
		many := make([]any, 3_000_000)
		var deep any
		err := must(t, `reduce .[] as $x (null; [.])`, Options{Kind: Mapping}).RunWithin(t.Context(), time.Minute, many, nil, func(v any) error {
			deep = v
			_, err := new(Encoder).AppendValue(nil, v)
			return err
		})
		if _, nests := deep.([]any); !nests || !errors.Is(err, ErrBudget) {
			t.Errorf("%T, %v", deep, err)
		}
	})
	t.Run("F6: patterns are literals, so that a program keeps no more of them than it has", func(t *testing.T) {
		for _, text := range []string{`test(.p)`, `match(.p)`, `capture("(?<x>" + .p + ")")`, `sub("\(.p)"; "")`, `[.ps[] as $p | test($p)]`, `def f(re): test(re); f(.p)`} {
			refusedAs(t, text, "regex")
		}
	})
	t.Run("F7: a type that gojq does not know is an error, also of what puts it into words", func(t *testing.T) {
		type strange struct{ n int }
		for _, v := range []any{int64(1), []string{"x"}, time.Now(), strange{1}, []any{map[string]any{"a": uint8(1)}}, map[string]string{"a": "b"}} {
			for _, text := range []string{".a", "tojson", "error", ". + 1", ".[0].a | error", "{(.): 1}"} {
				func() {
					defer func() {
						if p := recover(); p != nil {
							t.Errorf("%T, %s: %v", v, text, p)
						}
					}()
					for _, run := range runners(t, text, Options{}) {
						_ = fmt.Sprint(run(t.Context(), v, func(any) error { return nil }))
					}
				}()
			}
		}
	})
}

// refusedAs wants a finding of a rule, in a connector's slot as in a mapping.
func refusedAs(t *testing.T, text, rule string) {
	t.Helper()
	if _, err := gojq.Parse(text); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []Kind{Slot, Mapping} {
		if got := strings.Join(lint(text, Options{Kind: kind}), "\n"); !strings.Contains(got, ": "+rule+": ") {
			t.Errorf("%s: %s, want %s", text, got, rule)
		}
	}
}

// TestWhatADeadlineCannotStop is refused before it runs: gojq asks for the time between two steps, and each of these is one.
func TestWhatADeadlineCannotStop(t *testing.T) {
	for text, rule := range map[string]string{
		`null | setpath([536870911]; 0)`: "computed-path", // F4: 16 s and 8.6 GB
		`.[536870911] = 0`:               "computed-path",
		`.[.n] = 0`:                      "computed-path",
		`.a[.n:] |= []`:                  "computed-path",
		`pick(.[.n])`:                    "computed-path",
		`fromstream(.[])`:                "computed-path",
		`"x" * 2147483646`:               "repeat", // F4: 3 s and 2.1 GB
		`.n * "x"`:                       "repeat",
		`@json * .n`:                     "repeat",
		`.s | gsub("a"; "bb")`:           "global-regex", // F4, F5: minutes
		`[.s | scan("a")]`:               "global-regex",
		`[.s | match("a"; "g")]`:         "global-regex",
		`.s | sub("a"; "b"; "g")`:        "global-regex",
		`[.s | splits("a")]`:             "global-regex",
		`.s | split("a"; null)`:          "global-regex",
		`.s | test("a"; .flags)`:         "global-regex",
		`[range(1e9)]`:                   "unbounded",
		`last(repeat(1))`:                "unbounded",
		`[limit(10; recurse(.a))]`:       "unbounded",
		`until(false; .)`:                "unbounded",
		`[.[] | combinations]`:           "unbounded",
		`def f: [f]; f`:                  "unbounded",
		`def f: def g: f; g; f`:          "unbounded",
		`.a | join(.s)`:                  "literal",
		`.a | indices(.b)`:               "literal",
		`.a | inside(.b)`:                "literal",
		`now`:                            "clock",
		`.t | localtime`:                 "clock",
		`input`:                          "host",
		`$ENV.HOME`:                      "host",
		`debug`:                          "host",
		`halt_error`:                     "host",
	} {
		refusedAs(t, text, rule)
	}
	for text, rule := range map[string]string{`.a * .n`: "repeat", `.a - .b`: "inexact"} { // of types that nobody knows
		if got := strings.Join(lint(text, Options{Kind: Mapping}), "\n"); !strings.Contains(got, ": "+rule+": ") {
			t.Errorf("%s: %s", text, got)
		}
	}
}

// TestTrustedOnlyIsKnown: what an untrusted program may not call is what a trusted one may.
func TestTrustedOnlyIsKnown(t *testing.T) {
	for _, sig := range trustedOnly {
		if !known.allowed[sig] {
			t.Errorf("%s is allowed to nobody", sig)
		}
	}
	lib := Source{File: "lib/a.jq", Text: "def deep: walk(.);"}
	if code, findings := Compile(Source{Text: `include "a"; deep`}, Options{Kind: Mapping, Untrusted: true, Libs: []Source{lib}}); code == nil {
		t.Errorf("what the operator's library calls: %v", findings)
	}
	if code, _ := Compile(Source{Text: `def walk(f): f; walk(.)`}, Options{Untrusted: true}); code == nil {
		t.Error("a definition of its own name")
	}
}
