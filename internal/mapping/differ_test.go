package mapping_test

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/connectors"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/mapping/mappingtest"
	"github.com/meterbridge/meterbridge/mappings"
)

var (
	differFor     = flag.Duration("differ.for", 0, "how long TestDiffer looks for differences; 0 is a few programs")
	differSeed    = flag.Uint64("differ.seed", 1, "the number of the first program that TestDiffer makes")
	differBails   = flag.Int("differ.bails", 0, "how many cases TestDiffer shows of items that were left to gojq though nothing fails")
	differWorkers = flag.Int("differ.workers", 2, "how many programs TestDiffer runs at once")
)

// few is how many programs are made where nobody says for how long.
const few = 120

func maker(t testing.TB) (*mappingtest.Maker, *mapping.Model) {
	t.Helper()
	model, err := mapping.LoadModel(mappings.FS, "usage-metering")
	if err != nil {
		t.Fatal(err)
	}
	cassettes, err := fs.Sub(connectors.FS, "testdata")
	if err != nil {
		t.Fatal(err)
	}
	m, err := mappingtest.NewMaker(model, cassettes)
	if err != nil {
		t.Fatal(err)
	}
	return m, model
}

// TestDiffer holds the compiled form of random programs to the interpreted one. For longer:
//
//	go test ./internal/mapping -run TestDiffer -timeout 0 -v -differ.for=1h -differ.seed=1
func TestDiffer(t *testing.T) {
	m, model := maker(t)
	began, told := time.Now(), time.Now()
	var bail func(c *mappingtest.Case)
	if *differBails > 0 {
		var told atomic.Int32
		bail = func(c *mappingtest.Case) {
			if int(told.Add(1)) <= *differBails {
				c, err := c.Shrunk(5*time.Second, func(c *mappingtest.Case) error { return c.Bails(model) })
				t.Logf("%v\n%s", err, c)
			}
		}
	}
	stats := (&mappingtest.Search{
		Maker: m, Seed: *differSeed, Workers: *differWorkers,
		Done: func(s *mappingtest.Stats) bool {
			if time.Since(told) > time.Minute {
				told = time.Now()
				t.Log(s)
			}
			return *differFor == 0 && s.Programs >= few || *differFor > 0 && time.Since(began) > *differFor
		},
		Differ: func(c *mappingtest.Case, err error) {
			if small, again := c.Shrunk(20*time.Second, func(c *mappingtest.Case) error { return c.Differs(model) }); again != nil {
				c, err = small, again
			}
			t.Errorf("%v\n%s", err, c)
		},
		Bail: bail,
	}).Run()
	t.Log(stats)
	if stats.Share() < 0.6 {
		t.Errorf("%.0f %% of the runs gave no error, which proves little", 100*stats.Share())
	}
}

// TestCasesThatDiffered runs what once was a difference, as TestDiffer writes it down.
func TestCasesThatDiffered(t *testing.T) {
	_, model := maker(t)
	files, err := filepath.Glob("testdata/differ/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			c, err := mappingtest.ParseCase(text)
			if err != nil {
				t.Fatal(err)
			}
			p, err := c.Compile(model)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Run(p, func(mappingtest.Gave) {}); err != nil {
				t.Error(err)
			}
		})
	}
}

// FuzzDiffer is TestDiffer by a fuzzer, who knows what a program ran through: it changes the decisions that make program
// and records, and the bytes of an item.
func FuzzDiffer(f *testing.F) {
	m, model := maker(f)
	for i, item := range []string{`{}`, `{"id":"a","amount":1.50,"lines":[{"sku":"a"},{"sku":"b"}]}`, `[1,"\u0069d",{"a":-0,"a":1e400}]`, `{"\u0069d":"\ud800"}`, `5`} {
		f.Add([]byte{byte(i), 200, 3, 40, 5, 6, 7, 8}, []byte(item))
	}
	f.Fuzz(func(t *testing.T, decisions, item []byte) {
		c := m.Case(mappingtest.Decided(decisions))
		c.Steps[1].Item = item
		p, err := c.Compile(model)
		if err != nil {
			return // the lint does not take it
		}
		if err := c.Run(p, func(mappingtest.Gave) {}); err != nil {
			if small, again := c.Shrunk(5*time.Second, func(c *mappingtest.Case) error { return c.Differs(model) }); again != nil {
				c, err = small, again
			}
			t.Fatalf("%v\n%s", err, c)
		}
	})
}
