package proxy

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/record"
	"github.com/meterbridge/meterbridge/mappings"
)

// pairProgram makes as many records of an item as it has parts, names the call in each, and fails on one that says so.
func pairProgram(t testing.TB) *mapping.Program {
	model, err := mapping.LoadModel(mappings.FS, ModelName)
	if err != nil {
		t.Fatal(err)
	}
	p, findings := mapping.Compile(jq.Source{File: "acme.jq", Text: `# acme
def usage: . as $item | if .fails then error("it fails") else .parts[]? // "1" | {id: "\($item.id)-\(.)", metric_name: $call.name, dimensions: {text: $item.text}} end;`}, model)
	if p == nil {
		t.Fatal(findings)
	}
	return p
}

// emitted is an item with its records, as a walk has them.
func emitted(t testing.TB, it items, p *pair, lag bool) (out []string, err error) {
	p.open(it, true)
	defer letGo(it)
	var batch record.Batch
	for {
		item, err := it.Next()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		if item.N == 0 {
			if err := p.Bind(&mapping.Vars{Call: []byte(`{"name":"a call"}`)}); err != nil {
				t.Fatal(err)
			}
		}
		batch.Reset()
		if err := p.EmitContext(t.Context(), &batch); err != nil {
			return out, err
		}
		text := string(item.Raw)
		for i := range batch.Len() {
			text += "\n" + string(batch.JSON(i)) + string(batch.Remote(i))
		}
		out = append(out, text)
		if lag && p.share != nil {
			p.share.works.Wait() // the second is as far ahead as it gets
		}
	}
}

// busyElsewhere takes all cores but n.
func busyElsewhere(t testing.TB, n int) {
	was := runtime.GOMAXPROCS(4)
	mappers.Add(int32(4 - n))
	t.Cleanup(func() {
		mappers.Add(int32(n - 4))
		runtime.GOMAXPROCS(was)
		if n := mappers.Load(); n != 0 {
			t.Errorf("%d map when all is over", n)
		}
	})
}

// inPairs are bodies of n items, larger than the least that is shared, and their readers.
func inPairs(n int) []struct {
	name, body string
	open       func(io.Reader, record.Scanner) items
	shared     bool // a second core is sure to be of use
} {
	item := func(i int) string {
		return fmt.Sprintf(`{"id":"i%d","parts":[%s],"text":"%s"}`, i, []string{"1", `"a","b"`, "", `{"id":"x"},{"id":"y"}`}[i%4], strings.Repeat("é\\\"z", 200))
	}
	list := func(between string, item func(int) string) string {
		var all []string
		for i := range n {
			all = append(all, item(i))
		}
		return strings.Join(all, between)
	}
	json := func(r io.Reader, scan record.Scanner) items { return newJSONItems(r, "data", false, scan) }
	lines := func(r io.Reader, scan record.Scanner) items { return newNDJSONItems(r, scan) }
	table := func(r io.Reader, scan record.Scanner) items { return newCSVItems(r, nil, scan) }
	return []struct {
		name, body string
		open       func(io.Reader, record.Scanner) items
		shared     bool
	}{
		{"a list", `{"data":[` + list(",", item) + `],"next":null}`, json, true},
		{"a list with white space", "{\"data\": [\n  " + list(" ,\r\n  ", item) + "\n] }", json, true},
		{"items in items", `{"data":[` + list(",", func(i int) string {
			return `{"id":"i","text":"","parts":[` + strings.Repeat(`{"id":"x"},`, 100) + item(i) + `]}`
		}) + `]}`, json, false},
		{"items that begin otherwise", `{"data":[` + list(",", func(i int) string { return fmt.Sprintf(`{"k%d":1,%s`, i, item(i)[1:]) }) + `]}`, json, false},
		{"items that are no objects", `{"data":[` + list(",", func(int) string { return `"` + strings.Repeat("x", 999) + `"` }) + `]}`, json, false},
		{"lines", list("\n", item), lines, true},
		{"lines of other ends, and empty ones", list(" \r\n\n", item) + "\n\n", lines, true},
		{"rows", "id,text\n" + list("\n", func(i int) string { return fmt.Sprintf("i%d,%s", i, strings.Repeat("é\\<", 200)) }) + "\n", table, true},
		{"rows with quotes", "id,text\n" + list("\r\n", func(i int) string { return fmt.Sprintf("i%d,\"%s\"", i, strings.Repeat("a,\"\"\n", 200)) }), table, true},
	}
}

// TestTwoMapAsOneDoes: the same records in the same order, however the bytes arrive and whoever is faster.
func TestTwoMapAsOneDoes(t *testing.T) {
	program := pairProgram(t)
	run := func(open func(io.Reader, record.Scanner) items, r io.Reader, lag bool) ([]string, *pair, error) {
		p := newPair(t.Context(), program.Runner("usage"))
		defer p.Close()
		out, err := emitted(t, open(r, p.Scan), p, lag)
		return out, p, err
	}
	for _, c := range inPairs(200) {
		t.Run(c.name, func(t *testing.T) {
			var want []string
			t.Run("one", func(t *testing.T) {
				busyElsewhere(t, 0)
				var err error
				var p *pair
				if want, p, err = run(c.open, strings.NewReader(c.body), false); strings.HasPrefix(c.name, "items that are no") {
					t.Skip("the mapping does not take them")
				} else if err != nil || len(want) != 200 || p.second != nil {
					t.Fatalf("%d items, %v, a second: %v", len(want), err, p.second != nil)
				}
			})
			for _, lag := range []bool{false, true} {
				for name, r := range map[string]io.Reader{
					"whole": strings.NewReader(c.body), "with EOF in the data": iotest.DataErrReader(strings.NewReader(c.body)), "byte by byte": iotest.OneByteReader(strings.NewReader(c.body)),
				} {
					t.Run(fmt.Sprint(name, lag), func(t *testing.T) {
						busyElsewhere(t, 2)
						got, p, _ := run(c.open, r, lag)
						if !slices.Equal(got, want) {
							t.Errorf("%d items that are not the %d of one", len(got), len(want))
						}
						if lag && c.shared && name == "whole" && p.taken == 0 {
							t.Error("nothing was taken from a second core")
						}
					})
				}
			}
		})
	}
}

// TestAFaultIsMetInItsPlace: the items before it are mapped, and it is said as one alone says it.
func TestAFaultIsMetInItsPlace(t *testing.T) {
	program := pairProgram(t)
	broken := map[string]func(string) string{
		"malformed":                           func(item string) string { return strings.Replace(item, `,"`, `,,"`, 1) },
		"cut":                                 func(item string) string { return item[:len(item)/2] },
		"no comma":                            func(item string) string { return item + item },
		"an item that the mapping can't read": func(item string) string { return strings.Replace(item, `{"id"`, `{"fails":true,"id"`, 1) },
		"one of another kind":                 func(string) string { return "7" },
	}
	const n = 60
	for name, breaks := range broken {
		t.Run(name, func(t *testing.T) {
			for k := range n {
				var all []string
				for i := range n {
					item := fmt.Sprintf(`{"id":"i%d","text":"%s"}`, i, strings.Repeat("x", 1500))
					if i == k {
						item = breaks(item)
					}
					all = append(all, item)
				}
				body := `{"data":[` + strings.Join(all, ",") + `]}`
				run := func(t *testing.T, free int) (out []string, err error) {
					busyElsewhere(t, free)
					p := newPair(t.Context(), program.Runner("usage"))
					defer p.Close()
					return emitted(t, newJSONItems(strings.NewReader(body), "data", false, p.Scan), p, k%2 == 0)
				}
				var one, two []string
				var err1, err2 error
				t.Run("one", func(t *testing.T) { one, err1 = run(t, 0) })
				t.Run("two", func(t *testing.T) { two, err2 = run(t, 2) })
				if !slices.Equal(one, two) || fmt.Sprint(err1) != fmt.Sprint(err2) || err1 == nil || len(one) != k && name != "no comma" {
					t.Fatalf("broken at %d: %d items and %v, alone %d items and %v", k, len(two), err2, len(one), err1)
				}
			}
		})
	}
}

// TestASecondCoreIsIdleOrLeftAlone.
func TestASecondCoreIsIdleOrLeftAlone(t *testing.T) {
	program := pairProgram(t)
	for _, c := range []struct {
		name  string
		cores int
		busy  int
		size  int
		most  int
		want  bool
	}{
		{"a core is idle", 2, 0, leastShared, 0, true},
		{"all of many are busy but one", 8, 6, leastShared, 0, true},
		{"all are busy", 8, 7, leastShared, 0, false},
		{"one core", 1, 0, leastShared, 0, false},
		{"little to share", 2, 0, leastShared - 1, 0, false},
		{"more is wanted than the first comes to alone", 2, 0, leastShared, 10 + leastShared*frontShare/1000 + 1, true},
		{"no more is wanted", 2, 0, leastShared, 10 + leastShared*frontShare/1000, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(c.cores))
			mappers.Add(int32(c.busy))
			defer mappers.Add(int32(-c.busy))
			p := newPair(t.Context(), program.Runner("usage"))
			defer p.Close()
			p.still, p.bound, p.most, p.made, p.bytes = true, true, c.most, 10, 100
			p.Scan([]byte(strings.Repeat(`{"id":"i"},`, c.size)[:c.size]), 0, false)
			if got := p.share != nil; got != c.want {
				t.Errorf("shared: %v", got)
			}
		})
	}
}

// TestASecondStopsWithTheRequest: a client that leaves does not wait for it.
func TestASecondStopsWithTheRequest(t *testing.T) {
	busyElsewhere(t, 2)
	ctx, leave := context.WithCancel(t.Context())
	p := newPair(ctx, pairProgram(t).Runner("usage"))
	p.still, p.bound = true, true
	window := []byte(strings.Repeat(`{"id":"i"},`, leastShared))
	leave()
	p.Scan(window, 0, false)
	s := p.share
	if s.works.Wait(); len(s.items) > 0 {
		t.Errorf("%d items were mapped for nobody", len(s.items))
	}
	p.Close()
}

// TestWrongGuessesAreGivenUp: a page whose items hold others like them is left to one core.
func TestWrongGuessesAreGivenUp(t *testing.T) {
	busyElsewhere(t, 2)
	p := newPair(t.Context(), pairProgram(t).Runner("usage"))
	defer p.Close()
	p.still, p.bound = true, true
	nests := `{"id":"i","parts":[1,` + strings.Repeat(`{"id":"x"},`, leastShared/8) + `{"id":"y"}]}`
	window := []byte(nests + "," + strings.Repeat(" ", leastShared))
	for n := range maxMisses + 1 {
		end, _ := p.Scan(window, 0, false)
		if shared := p.share != nil; shared != (n < maxMisses) {
			t.Errorf("after %d wrong guesses: shared %v", n, shared)
		}
		p.Scan(window[:end+2], end+1, false) // behind the place that was guessed
	}
}

// TestRecordsThatWaitAreBounded: by their bytes, before the item that exceeds them.
func TestRecordsThatWaitAreBounded(t *testing.T) {
	p := newPair(t.Context(), pairProgram(t).Runner("usage"))
	defer p.Close()
	one := `{"id":"i","text":"` + strings.Repeat("x", 10_000) + `"},`
	window := []byte(strings.Repeat(one, 3*maxMappedAhead/len(one)))
	if _, st := p.Scan(window, 0, false); st != record.Done {
		t.Fatal(st)
	}
	s := p.spare.anew(window, 0)
	s.run(t.Context(), p.Runner)
	n := len(s.items)
	if s.items[n-2].bytes >= maxMappedAhead || s.items[n-1].bytes < maxMappedAhead || s.items[n-1].bytes > maxMappedAhead+2*len(one) {
		t.Errorf("%d bytes of records wait, and %d before the last item", s.items[n-1].bytes, s.items[n-2].bytes)
	}
}

func TestWhereAnItemSeemsToBegin(t *testing.T) {
	key := func(n int) string { return `{"` + strings.Repeat("k", n-4) + `":` }
	for _, c := range []struct {
		name, window string
		want         int
	}{
		{"behind a comma", `{"a":1},{"b":2},{"a":3}`, 16},
		{"behind white space", "{\"a\":1},{\"b\":2},\r\n\t {\"a\":3}", 20},
		{"on a line of its own", "{\"a\":1}\n{\"b\":2}\n{\"a\":3}", 16},
		{"behind another that stands elsewhere", `{"a":1},{"b":{"a":2}},{"a":3}`, 22},
		{"nowhere", `{"a":1},{"b":2},{"b":3}`, -1},
		{"as no object", `1,2,3,4,5,6`, -1},
		{"by a key that is long", key(maxOpening) + "1}," + key(maxOpening) + "2}", maxOpening + 3},
		{"by a key that is too long", key(maxOpening+1) + "1}," + key(maxOpening+1) + "2}", -1},
		{"behind as many that are none as are looked at", `{"a":1}` + strings.Repeat(`[{"a":2}`, maxLooks-1) + `,{"a":3}`, 8 * maxLooks},
		{"behind one more", `{"a":1}` + strings.Repeat(`[{"a":2}`, maxLooks) + `,{"a":3}`, -1},
	} {
		if got := beginning([]byte(c.window), 0, 1); got != c.want {
			t.Errorf("%s: at %d of %s, want %d", c.name, got, c.window, c.want)
		}
	}
}
