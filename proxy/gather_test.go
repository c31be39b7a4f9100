package proxy

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// onePage is a window that ends with its page.
func onePage() (items, error) { return nil, io.EOF }

// itemsOf are items of one array.
func itemsOf(body string) items { return newJSONItems(strings.NewReader(body), "", false, record.Scan) }

func TestLatestOfEachKey(t *testing.T) {
	spec := &connector.Latest{Key: []string{"org", "region"}, Month: "date", By: "date"}
	for _, c := range []struct{ name, body, want string }{
		{"the later date wins, wherever it stands", `[{"org":"a","date":"2026-01-31","n":1},{"org":"a","date":"2026-01-10","n":2},{"org":"b","date":"2026-01-10","n":3},{"org":"b","date":"2026-01-31","n":4}]`, "1 4"},
		{"other months are other facts", `[{"org":"a","date":"2026-01-31","n":1},{"org":"a","date":"2026-02-10","n":2}]`, "1 2"},
		{"other regions too", `[{"org":"a","region":"us","date":"2026-01-31","n":1},{"org":"a","region":"eu","date":"2026-01-31","n":2}]`, "1 2"},
		{"of equals the later one in the answer", `[{"org":"a","date":"2026-01-31","n":1},{"org":"a","date":"2026-01-31","n":2}]`, "2"},
		{"unknown is unknown, however it is written", `[{"org":"a","date":"2026-01-10","n":1},{"org":"a","region":null,"date":"2026-01-20","n":2},{"org":"a","region":"","date":"2026-01-15","n":3}]`, "2"},
		{"three versions, the middle one latest", `[{"org":"a","date":"2026-01-10","n":1},{"org":"a","date":"2026-01-20","n":2},{"org":"a","date":"2026-01-15","n":3}]`, "2"},
		{"parts do not run together", `[{"org":"ab","region":"c","date":"2026-01-10","n":1},{"org":"a","region":"bc","date":"2026-01-10","n":2}]`, "1 2"},
		{"none", `[]`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := &held{items: itemsOf(c.body), spec: spec}
			var got []string
			for {
				item, err := l.Next()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				_, n, _ := strings.Cut(string(item.Raw), `"n":`)
				got = append(got, strings.TrimSuffix(n, "}"))
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("got %v, want %s", got, c.want)
			}
		})
	}
	l := &held{items: itemsOf(`[{"org":"a","date":"2026-01-10"},{"org":"a"`), spec: spec}
	_, err := l.Next()
	remote(t, err, problem.UpstreamCorrupt)
}

// TestLatestSpools: what does not fit the memory goes through a file and comes back the same.
func TestLatestSpools(t *testing.T) {
	big := `{"org":"a","date":"2026-01-10","x":"` + strings.Repeat("x", 1<<20) + `"}`
	var body []string
	for i := range 6 {
		body = append(body, strings.Replace(big, `"a"`, `"`+string(rune('a'+i))+`"`, 1))
	}
	l := &held{items: itemsOf("[" + strings.Join(body, ",") + "]"), spec: &connector.Latest{Key: []string{"org"}, By: "date"}}
	for i, want := range body {
		item, err := l.Next()
		if err != nil || string(item.Raw) != want {
			t.Fatalf("item %d of %d bytes came back with %d, %v", i, len(want), len(item.Raw), err)
		}
	}
	if _, err := l.Next(); err != io.EOF || l.spool.file != nil {
		t.Errorf("at the end: %v, and the file is %v", err, l.spool.file)
	}
}

// TestALeftSpoolIsClosed: a walk that ends early leaves no file open.
func TestALeftSpoolIsClosed(t *testing.T) {
	big := `{"org":"a","x":"` + strings.Repeat("x", maxSpoolMemory) + `"}`
	l := &held{items: itemsOf("[" + big + "," + strings.Replace(big, `"a"`, `"b"`, 1) + "]"), spec: &connector.Latest{Key: []string{"org"}, By: "date"}}
	if _, err := l.Next(); err != nil || l.spool.file == nil {
		t.Fatalf("no file: %v", err)
	}
	file := l.spool.file
	(&page{items: l, body: io.NopCloser(nil)}).close()
	if _, err := file.Stat(); err == nil {
		t.Error("the file is open")
	}
}

func TestLimitsOfGathering(t *testing.T) {
	var s spool
	if _, err := s.write(make([]byte, maxSpoolMemory)); err != nil || s.file != nil {
		t.Errorf("what fits the memory: %v, %v", s.file, err)
	}
	if _, err := s.write([]byte{1}); err != nil || s.file == nil || s.mem != nil {
		t.Errorf("one byte more: %v, %v", s.file, err)
	}
	s.size = maxSpool - 1
	if _, err := s.write([]byte{1}); err != nil {
		t.Errorf("the last byte of a spool: %v", err)
	}
	_, err := s.write([]byte{1})
	remote(t, err, problem.UpstreamTooLarge)
	s.close()

	one := `[{"org":"a","date":"2026-01-10"}]`
	spec := &connector.Latest{Key: []string{"org"}, By: "date"}
	if err := (&held{items: itemsOf(one), spec: spec, list: make([]place, maxHeldItems-1)}).gather(); err != nil {
		t.Errorf("the last item to compare: %v", err)
	}
	remote(t, (&held{items: itemsOf(one), spec: spec, list: make([]place, maxHeldItems)}).gather(), problem.UpstreamTooLarge)

	text := func(n int) string { return `"` + strings.Repeat("x", n-2) + `"` }
	half := maxBuffered / 4
	exact := []string{text(half), text(half), text(half), text(half - len("[,,,"))}
	if item, err := (&whole{next: onePage, items: itemsOf("[" + strings.Join(exact, ",") + "]")}).Next(); err != nil || len(item.Raw) != maxBuffered+1 {
		t.Errorf("a list of the largest size: %d, %v", len(item.Raw), err)
	}
	exact[3] = text(half - len("[,,,") + 1)
	_, err = (&whole{next: onePage, items: itemsOf("[" + strings.Join(exact, ",") + "]")}).Next()
	remote(t, err, problem.UpstreamTooLarge)

	if _, err := (&document{r: strings.NewReader(text(maxItem)), scan: record.Scan}).Next(); err != nil {
		t.Errorf("a document of the largest size: %v", err)
	}
	_, err = (&document{r: strings.NewReader(text(maxItem + 1)), scan: record.Scan}).Next()
	remote(t, err, problem.UpstreamTooLarge)
}

func TestWholeIsOneItem(t *testing.T) {
	got, env, err := readItems(&whole{next: onePage, items: newJSONItems(strings.NewReader(`{"data":[ {"a":1} ,2],"n":3}`), "data", false, record.Scan)})
	if err != nil || !slices.Equal(got, []string{`[{"a":1},2]`}) || env != `{"data":[],"n":3}` {
		t.Errorf("got %q, %s, %v", got, env, err)
	}
	if got, _, err := readItems(&whole{next: onePage, items: itemsOf(`[]`)}); err != nil || len(got) != 0 {
		t.Errorf("of nothing: %q, %v", got, err)
	}
	_, _, err = readItems(&whole{next: onePage, items: itemsOf(`[1,`)})
	remote(t, err, problem.UpstreamCorrupt)
}

func TestDocumentIsOneItem(t *testing.T) {
	got, _, err := readItems(&document{r: strings.NewReader(" {\"a\":1}\n"), scan: record.Scan})
	if err != nil || len(got) != 1 {
		t.Errorf("got %q, %v", got, err)
	}
	for _, body := range []string{"", `{"a":1`, `{} {}`, "<html>", nested(65)} {
		_, _, err := readItems(&document{r: strings.NewReader(body), scan: record.Scan})
		remote(t, err, problem.UpstreamCorrupt)
	}
	if got, _, err := readItems(noItems{}); got != nil || err != nil {
		t.Errorf("of no items: %q, %v", got, err)
	}
}
