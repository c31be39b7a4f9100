package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/bench/shapes"
)

var month = time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)

// TestEnginesAgree holds the engines of this process to gojq, on data of several seeds.
func TestEnginesAgree(t *testing.T) {
	for _, shape := range shapes.All(month) {
		t.Run(shape.Name, func(t *testing.T) {
			for seed := range uint64(3) {
				page, items := shape.Page(shapes.New(seed, month), 20<<10, "null")
				if items < 2 {
					t.Fatalf("%d items", items)
				}
				oracle, err := engineOf(engineGojq, shape)
				if err != nil {
					t.Fatal(err)
				}
				want, err := oracle(nil, page)
				if err != nil {
					t.Fatal(err)
				}
				if count(want) < items {
					t.Errorf("%d records of %d items", count(want), items)
				}
				for _, name := range []string{engineOurs, engineHand} {
					m, err := engineOf(name, shape)
					if name == engineHand && err != nil {
						continue // by hand are two of them
					} else if err != nil {
						t.Fatal(err)
					}
					got, err := m(nil, page)
					if err != nil {
						t.Fatal(name, err)
					}
					if err := same(want, got); err != nil {
						t.Errorf("%s, seed %d: %v", name, seed, err)
					}
				}
			}
		})
	}
}

func TestASeedIsItsBytes(t *testing.T) {
	shape := shapes.Datadog(month)
	a, _ := shape.Page(shapes.New(7, month), 4<<10, "null")
	b, _ := shape.Page(shapes.New(7, month), 4<<10, "null")
	c, _ := shape.Page(shapes.New(8, month), 4<<10, "null")
	if string(a) != string(b) || string(a) == string(c) {
		t.Error("a seed gives other bytes, or two seeds the same")
	}
}

func TestSame(t *testing.T) {
	for _, c := range []struct {
		name, a, b, want string
	}{
		{"the order of keys is free", `[{"a":1,"b":[2]}]`, `[{"b":[2],"a":1.0000000000001}]`, ""},
		{"a number", `[{"a":1}]`, `[{"a":1.001}]`, "the records differ at [0].a: 1.001, want 1"},
		{"a missing key", `[{"a":1,"b":2}]`, `[{"a":1,"c":2}]`, "the records differ at [0].b: missing"},
		{"one key more", `[{"a":1}]`, `[{"a":1,"c":2}]`, "the records differ at [0]: the keys are [a c], want [a]"},
		{"a list", `[{"a":[1,2]}]`, `[{"a":[1]}]`, "the records differ at [0].a: another list"},
		{"null is not missing", `[{"a":null}]`, `[{"a":0}]`, "the records differ at [0].a: 0, want <nil>"},
		{"fewer records", `[1,2]`, `[1]`, "1 records, want 2"},
	} {
		got := ""
		if err := same([]byte(c.a), []byte(c.b)); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestTurns(t *testing.T) {
	order := ""
	turn := func(name string, speed float64) contender {
		return contender{name, func() (float64, error) { order += name; return speed, nil }}
	}
	speeds, err := takeTurns(t.Context(), 3, []contender{turn("a", 6), turn("b", 2)})
	if err != nil || order != "abbaab" || ratio(speeds["a"], speeds["b"]) != 3 {
		t.Errorf("%v %q %v", err, order, speeds)
	}
	broken := errors.New("broken")
	if _, err := takeTurns(t.Context(), 1, []contender{{"c", func() (float64, error) { return 0, broken }}}); !errors.Is(err, broken) {
		t.Error(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := takeTurns(ended, 1, []contender{turn("d", 1)}); !errors.Is(err, context.Canceled) || strings.Contains(order, "d") {
		t.Error(err, order)
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		v    []float64
		want float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 2, 8}, 3}} {
		if got := median(c.v); got != c.want {
			t.Errorf("%v: %v, want %v", c.v, got, c.want)
		}
	}
}

// TestFloors: a run fails where a figure is past its floor, which is a ceiling where less is better, and names it.
func TestFloors(t *testing.T) {
	for _, c := range []struct {
		key   string
		value float64
		want  string
	}{
		{"p1-gojq", 12, ""},
		{"p1-gojq", 11.9, "under the floor:\n  P1 mapping on one core against gojq, record by record: 11.9×, the floor is 12×"},
		{"p7-start", 300, ""},
		{"p7-start", 301, "under the floor:\n  P7 start to ready, all connectors: 301 ms, the floor is 300 ms"},
	} {
		var r report
		r.add(c.key, c.value, "")
		got := ""
		if err := r.underFloors(); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s %v: %q, want %q", c.key, c.value, got, c.want)
		}
	}
}

// TestThePage is written whole from what a run may have found, with and without peers.
func TestThePage(t *testing.T) {
	page := filepath.Join(t.TempDir(), "performance.md")
	r := report{Missing: map[string]string{"nginx": "install it"}, Command: "make bench", Machine: []fact{{"Meterbridge", "v1"}}}
	r.add("p1-gojq", 25, "20 to 30")
	r.Mapping = []mapped{{Shape: "confluent", Items: 3, Records: 4, Speeds: []speed{{engineOurs, 300, 1_234_567, 1}, {engineGojq, 12, 1000, 25}, {engineTruto, 3, 10, 100}}}}
	r.Pages = []served{{Page: "100k", Connections: 32, Rows: []servedRow{{"meterbridge, unified", 12345, 1500 * time.Microsecond, 9876}, {"nginx, pass", 23456, time.Millisecond, 34567}}}}
	r.Profiles = []profiled{{"P1", []spent{{"9%", "10%", "native.(*Machine).Run"}}}}
	if err := r.write(page); err != nil {
		t.Fatal(err)
	}
	for file, wants := range map[string][]string{
		page: {"| P1 | mapping on one core | gojq, record by record | **25×** (20 to 30) | 12× | 25× | goal |", "- nginx: install it", "| 1,234,567 |",
			"| meterbridge, unified | 12,345 | 1.5 ms | 9,876 |", "**100 KB, 32 connections**", "`native.(*Machine).Run`", "`make bench` took"},
		filepath.Join(filepath.Dir(page), picture): {"<svg ", `class="ours"`, "300 MB/s", "12,345/s", "</svg>"},
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range wants {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s lacks %s", filepath.Base(file), want)
			}
		}
	}
}
