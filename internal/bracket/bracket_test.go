package bracket

import (
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     []Pair
	}{
		{"empty", "", nil},
		{"plain", "a=1", []Pair{{"a", []string{"a"}, "1"}}},
		{"no value", "a&b=", []Pair{{"a", []string{"a"}, ""}, {"b", []string{"b"}, ""}}},
		{"stray separators", "&a=1&&", []Pair{{"a", []string{"a"}, "1"}}},
		{"nested", "a[b][c]=1", []Pair{{"a[b][c]", []string{"a", "b", "c"}, "1"}}},
		{"list", "a[]=x&a[]=y", []Pair{{"a[]", []string{"a", ""}, "x"}, {"a[]", []string{"a", ""}, "y"}}},
		{"indices", "a[1]=y&a[0]=x", []Pair{{"a[1]", []string{"a", "1"}, "y"}, {"a[0]", []string{"a", "0"}, "x"}}},
		{"encoded brackets", "a%5Bb%5d=1", []Pair{{"a[b]", []string{"a", "b"}, "1"}}},
		{"brackets half encoded", "a%5Bb]=1", []Pair{{"a[b]", []string{"a", "b"}, "1"}}},
		{"plus and %20", "a+b=c+d%20e%2B", []Pair{{"a b", []string{"a b"}, "c d e+"}}},
		{"value with separators", "a=b=c%26d%3Be", []Pair{{"a", []string{"a"}, "b=c&d;e"}}},
		{"brackets in a value", "a=b[c]]", []Pair{{"a", []string{"a"}, "b[c]]"}}},
		{"utf-8", "a=%C3%A9", []Pair{{"a", []string{"a"}, "é"}}},
		{"order kept", "z=1&remote_query[b]=2&a=3", []Pair{{"z", []string{"z"}, "1"}, {"remote_query[b]", []string{"remote_query", "b"}, "2"}, {"a", []string{"a"}, "3"}}},
		{"given twice", "a=1&a=2", []Pair{{"a", []string{"a"}, "1"}, {"a", []string{"a"}, "2"}}},
		{"objects in a list", "a[0][b]=1&a[0][c]=2", []Pair{{"a[0][b]", []string{"a", "0", "b"}, "1"}, {"a[0][c]", []string{"a", "0", "c"}, "2"}}},
		{"numeric names beside others", "a[1]=x&a[b]=y", []Pair{{"a[1]", []string{"a", "1"}, "x"}, {"a[b]", []string{"a", "b"}, "y"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Parse(c.in)
			if err != nil || !reflect.DeepEqual(got, c.want) {
				t.Fatalf("got %q, %v, want %q", got, err, c.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ name, in, key, reason string }{
		{"cut escape", "a=%4", "a", "ends within a percent-escape"},
		{"bad escape", "a=%zz", "a", "percent sign"},
		{"bad escape in a name", "a%g0=1", "a%g0", "percent sign"},
		{"semicolon", "a=1;b=2", "a", "semicolon"},
		{"nul", "a=%00", "a", "control character"},
		{"cr lf", "a=x%0d%0aHost:evil", "a", "control character"},
		{"raw newline", "a=x\ny", "a", "control character"},
		{"cr lf in a name", "a%0d%0a=x", "a%0d%0a", "control character"},
		{"c1 control", "a=%C2%85", "a", "control character"},
		{"invalid utf-8", "a=%ff", "a", "UTF-8"},
		{"overlong utf-8", "a=%c0%af", "a", "UTF-8"},
		{"open bracket", "a[b=1", "a[b", "do not match"},
		{"closing bracket", "a]=1", "a]", "do not match"},
		{"bracket within", "a[b[c]]=1", "a[b[c]]", "do not match"},
		{"text after", "a[b]c=1", "a[b]c", "do not match"},
		{"text between", "a[b]c[d]=1", "a[b]c[d]", "do not match"},
		{"no name", "=1", "", "has no name"},
		{"no name before a bracket", "[a]=1", "[a]", "has no name"},
		{"value, then parts", "a=1&a[b]=2", "a", "both a value and parts"},
		{"parts, then value", "a[b]=2&a=1", "a", "both a value and parts"},
		{"list, then value", "a[]=2&a=1", "a", "both a value and parts"},
		{"indexed, then value", "a[0]=2&a=1", "a", "both a value and parts"},
		{"deep value, then parts", "a[b][c]=1&a[b][c][d]=1", "a[b][c]", "both a value and parts"},
		{"list and object", "a[]=1&a[b]=2", "a", "both a list and an object"},
		{"proto", "a[__proto__][x]=1", "a[__proto__][x]", "reserved name __proto__"},
		{"proto encoded", "a[%5f_proto__]=1", "a[__proto__]", "reserved name __proto__"},
		{"constructor", "constructor=1", "constructor", "reserved name"},
		{"prototype", "a[prototype]=1", "a[prototype]", "reserved name"},
		{"huge index", "a[999999999999999999999]=1", "a[999999999999999999999]", "index past 49"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Parse(c.in)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("got %q, %v", got, err)
			}
			if e.Key != c.key || !strings.Contains(e.Error(), c.reason) {
				t.Fatalf("got %q of %q, want %q of %q", e.Error(), e.Key, c.reason, c.key)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	items := func(format string, n int) string {
		var b strings.Builder
		for i := range n {
			if strings.Contains(format, "%") {
				fmt.Fprintf(&b, format, i)
			} else {
				b.WriteString(format)
			}
		}
		return b.String()
	}
	x := func(n int) string { return strings.Repeat("x", n) }
	for _, c := range []struct {
		name     string
		at, past string
	}{
		{"total", pad(MaxTotal), pad(MaxTotal + 1)},
		{"pairs", items("k%d&", MaxPairs-1), items("k%d&", MaxPairs)},
		{"depth", "a" + strings.Repeat("[b]", MaxDepth), "a" + strings.Repeat("[b]", MaxDepth+1)},
		{"name", x(MaxSegment) + "=1", x(MaxSegment+1) + "=1"},
		{"part", "a[" + x(MaxSegment) + "]=1", "a[" + x(MaxSegment+1) + "]=1"},
		{"value", "a=" + x(MaxValue), "a=" + x(MaxValue+1)},
		{"cursor", "cursor=" + x(MaxCursor), "cursor=" + x(MaxCursor+1)},
		{"next_cursor", "next_cursor=" + x(MaxCursor), "next_cursor=" + x(MaxCursor+1)},
		{"a cursor for the provider is a value", "remote_query[cursor]=" + x(MaxValue), "remote_query[cursor]=" + x(MaxValue+1)},
		{"pushed items", items("a[]=1&", MaxItems), items("a[]=1&", MaxItems+1)},
		{"pushed objects", items("a[][b]=1&", MaxItems), items("a[][b]=1&", MaxItems+1)},
		{"index", fmt.Sprintf("a[%d]=1", MaxItems-1), fmt.Sprintf("a[%d]=1", MaxItems)},
		{"mixed items", items("a[%d]=1&", MaxItems/2) + items("a[]=1&", MaxItems/2), items("a[%d]=1&", MaxItems/2) + items("a[]=1&", MaxItems/2+1)},
		{"given again", items("a=1&", MaxItems), items("a=1&", MaxItems+1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Parse(c.at); err != nil {
				t.Errorf("at the limit: %v", err)
			}
			if _, err := Parse(c.past); err == nil {
				t.Errorf("one past the limit is taken")
			}
		})
	}
}

// pad is a query of n bytes within every other limit.
func pad(n int) string {
	q := "next_cursor=" + strings.Repeat("x", MaxCursor) + "&cursor="
	return q + strings.Repeat("x", n-len(q))
}

// TestBombs holds the cost of hostile queries down, whatever their size.
func TestBombs(t *testing.T) {
	for name, in := range map[string]string{
		"deep":         "a" + strings.Repeat("[b]", 10_000) + "=1",
		"many":         strings.Repeat("k=1&", 10_000),
		"many pushed":  strings.Repeat("a[]=&", 100_000),
		"deep in 8KiB": "a" + strings.Repeat("[b]", 2_000) + "=1",
		"pushed 8KiB":  strings.Repeat("a[]=&", 180),
		"big index":    "a[999999999]=1",
		"wide":         strings.Repeat("a[b]=1&", 150) + "a=1",
		"encoded":      "a=" + strings.Repeat("%41", 2_700),
		"long name":    strings.Repeat("é", 4_000) + "=1",
	} {
		t.Run(name, func(t *testing.T) {
			const runs = 20
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for range runs {
				if _, err := Parse(in); err == nil {
					t.Fatal("taken")
				}
			}
			runtime.ReadMemStats(&after)
			if got := (after.TotalAlloc - before.TotalAlloc) / runs; got > 64<<10 {
				t.Errorf("%d bytes allocated", got)
			}
		})
	}
}

func TestErrorIsPrintableAndShort(t *testing.T) {
	_, err := Parse("[\r\n" + strings.Repeat("é", 3000) + "=1")
	var e *Error
	if !errors.As(err, &e) || len(e.Key) > 2*MaxSegment || strings.ContainsAny(e.Error(), "\r\n") {
		t.Fatalf("got %q", err)
	}
}

func TestEncodeAndBelow(t *testing.T) {
	if got := Encode(nil); got != "" {
		t.Errorf("the empty path is %q", got)
	}
	pairs, err := Parse("remote_query[page][size]=5&a=1&remote_query[ids][]=x&remote_query[ids][]=y&remote_query=&remote_queryx[a]=1")
	if err == nil {
		t.Fatalf("a value and parts: %q", pairs)
	}
	pairs, err = Parse("remote_query[page][size]=5&a=1&remote_query[ids][]=x&remote_query[ids][]=y&remote_queryx[a]=1")
	if err != nil {
		t.Fatal(err)
	}
	want := []Pair{{"page[size]", []string{"page", "size"}, "5"}, {"ids[]", []string{"ids", ""}, "x"}, {"ids[]", []string{"ids", ""}, "y"}}
	var got []Pair
	for _, p := range pairs {
		switch below, ok := p.Below(); {
		case p.Path[0] == "remote_query" && ok:
			got = append(got, below)
		case p.Path[0] == "a" && ok:
			t.Errorf("below a plain value: %q", below)
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	list, err := Parse("remote_query[]=x")
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := list[0].Below(); len(list) != 1 || !ok || got.Key != "" {
		t.Errorf("a nameless pair: %q", got)
	}
}

func FuzzBracket(f *testing.F) {
	for _, s := range []string{
		"a=1&b[]=x&b[]=y", "a[b][c]=1", "a%5Bb%5D=%C3%A9+x", "a=1&a[b]=2", "a[0]=x&a[]=y", "a[][b]=1&a[][c]=2",
		"remote_query[__proto__]=1", "a=%00", "a[999]=1", "=", "[]", "a]", "a[[b]]=1", "a=%4", ";", "a[b]=1&a[]=1",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		pairs, err := Parse(in)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Reason == "" || len(e.Key) > 2*MaxSegment || strings.ContainsAny(e.Error(), "\r\n\x00") {
				t.Fatalf("%q is refused with %#v", in, err)
			}
			return
		}
		if len(in) > MaxTotal || len(pairs) > MaxPairs {
			t.Fatalf("past the limits: %d bytes, %d pairs", len(in), len(pairs))
		}
		var again strings.Builder
		std := url.Values{}
		for _, p := range pairs {
			if Encode(p.Path) != p.Key {
				t.Fatalf("%q is made of %q", p.Key, p.Path)
			}
			if len(p.Path) > MaxDepth+1 || strings.ContainsAny(p.Key+p.Value, "\r\n\x00") {
				t.Fatalf("%q is taken", p)
			}
			again.WriteString(url.QueryEscape(p.Key) + "=" + url.QueryEscape(p.Value) + "&")
			std[p.Key] = append(std[p.Key], p.Value)
		}
		// What is taken means the same to net/url, so the gateway and what stands before it can't disagree.
		if want, err := url.ParseQuery(in); err != nil || !reflect.DeepEqual(std, want) {
			t.Fatalf("net/url reads %q as %q, %v; got %q", in, want, err, std)
		}
		if again.Len() > MaxTotal {
			return
		}
		if back, err := Parse(strings.TrimSuffix(again.String(), "&")); err != nil || !slices.EqualFunc(back, pairs, func(a, b Pair) bool { return reflect.DeepEqual(a, b) }) {
			t.Fatalf("%q reads back as %q, %v, want %q", again.String(), back, err, pairs)
		}
	})
}
