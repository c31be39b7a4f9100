package proxy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

func ndjson(r io.Reader) items { return newNDJSONItems(r, record.Scan) }

func each(path string) func(io.Reader) items {
	return func(r io.Reader) items {
		return newNested(newJSONItems(r, "data", false, record.Scan), path, record.Scan)
	}
}

func rows(carried string) func(io.Reader) items {
	return func(r io.Reader) items {
		return newColumnar(newJSONItems(r, "rows", false, record.Scan), &connector.Columns{Names: "meta.columns", Name: "name"}, []byte(carried))
	}
}

func TestReaders(t *testing.T) {
	for _, c := range []struct {
		name, body string
		open       func(io.Reader) items
		want       []string
		count      int64
	}{
		{"lines", "{\"a\":1}\n[2]\n\"x\"\nnull\n{}", ndjson, []string{`{"a":1}`, "[2]", `"x"`, "null", "{}"}, 5},
		{"lines of other ends, and empty ones", "\n\r\n {\"a\":1} \t\r\n\n\n2\r\n", ndjson, []string{`{"a":1}`, "2"}, 2},
		{"no line", "", ndjson, nil, 0},
		{"empty lines alone", "\n \n", ndjson, nil, 0},
		{"a list in each item", `{"data":[{"r":[1,2]},{"x":0},{"r":null},{"r":[]},{"r":[3]}]}`, each("r"), []string{"1", "2", "3"}, 5},
		{"a list deep in each item", `{"data":[{"a":{"b":[1]}},{"a":null},{"a":{"b":[2]}}]}`, each("a.b"), []string{"1", "2"}, 3},
		{"rows", `{"meta":{"columns":[{"name":"a"},{"name":"b \"x\""}]},"rows":[[1,"x"],[ null , {"k":[2]} ]]}`, rows(""), []string{`{"a":1,"b \"x\"":"x"}`, `{"a":null,"b \"x\"":{"k":[2]}}`}, 2},
		{"rows before their names", `{"rows":[[1],[2]],"meta":{"columns":[{"name":"a"}]}}`, rows(""), []string{`{"a":1}`, `{"a":2}`}, 2},
		{"rows of a later page", `{"rows":[[1],[2]]}`, rows(`["a"]`), []string{`{"a":1}`, `{"a":2}`}, 2},
		{"names of its own go before those of the first page", `{"meta":{"columns":[{"name":"b"}]},"rows":[[1]]}`, rows(`["a"]`), []string{`{"b":1}`}, 1},
		{"no rows and no names", `{"rows":[]}`, rows(""), nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, _, err := bothWays(t, c.body, c.open)
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("got %q, %v", got, err)
			}
			it := c.open(strings.NewReader(c.body))
			if _, _, err := readItems(it); err != nil || it.Count() != c.count {
				t.Errorf("%d elements, %v", it.Count(), err)
			}
		})
	}
	_, _, err := readItems(rows(`["a"]`)(strings.NewReader(`{"rows":[[1]],"meta":{"columns":[{"name":"b"}]}}`)))
	remote(t, err, problem.UpstreamUnexpected)
}

// TestACutLineIsNeverAShortAnswer: wherever a body of lines ends too early, but at a line's end. I3
func TestACutLineIsNeverAShortAnswer(t *testing.T) {
	const body = "{\"id\":\"a\",\"v\":[1,2]}\n12.5 \n\"é\"\n{\"z\":{}}"
	for cut := range len(body) {
		got, _, err := readItems(ndjson(strings.NewReader(body[:cut])))
		whole := cut == 0 || strings.HasSuffix(body[:cut], "\n") || strings.HasPrefix(body[cut:], "\n") && !strings.HasSuffix(body[:cut], "5") || body[cut-1] == ' '
		if (err == nil) != whole {
			t.Errorf("cut behind %q: %q, %v", body[:cut], got, err)
		}
	}
}

// TestParentsOfHeldItems: what waits comes back with the item that it stood in, from memory and from a file.
func TestParentsOfHeldItems(t *testing.T) {
	for name, size := range map[string]int{"in memory": 10, "in a file": maxSpoolMemory / 4} {
		x := strings.Repeat("x", size)
		body := fmt.Sprintf(`{"data":[{"d":1,"r":[1,2,%q]},{"d":2,"r":[%q]},{"d":3,"r":[%q,3]},{"d":4,"r":[%q,4]}]}`, x, x, x, x)
		h := &held{items: each("r")(strings.NewReader(body))}
		var got []string
		for {
			item, err := h.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprint(item.N, "/", gjson.GetBytes(item.Parent, "d").Raw, "/", string(item.Raw[:1])))
			if (h.spool.file != nil) != (size > 10) {
				t.Errorf("%s: the file is %v", name, h.spool.file)
			}
		}
		if want := []string{"0/1/1", "1/1/2", `2/1/"`, `3/2/"`, `4/3/"`, "5/3/3", `6/4/"`, "7/4/4"}; !slices.Equal(got, want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestLimitsOfReaders at them and one past them.
func TestLimitsOfReaders(t *testing.T) {
	line := func(n int) string { return `"` + strings.Repeat("x", n-2) + `"` }
	if got, _, err := readItems(ndjson(strings.NewReader(line(maxItem) + "\ntrue"))); err != nil || len(got) != 2 {
		t.Errorf("a line of the largest size: %d, %v", len(got), err)
	}
	_, _, err := readItems(ndjson(strings.NewReader(line(maxItem+1) + "\n")))
	remote(t, err, problem.UpstreamTooLarge)

	table := &connector.Table{Header: "Day", Delimiter: ","}
	head := "Day,Cost\n"
	before := strings.Repeat("x", maxPreamble-len(head)-1) + "\n"
	if got, _, err := readItems(newCSVItems(strings.NewReader(before+head+"1,2\n"), table, record.Scan)); err != nil || !slices.Equal(got, []string{`{"Day":"1","Cost":"2"}`}) {
		t.Errorf("behind the longest preamble: %q, %v", got, err)
	}
	_, _, err = readItems(newCSVItems(strings.NewReader("x"+before+head+"1,2\n"), table, record.Scan))
	remote(t, err, problem.UpstreamUnexpected)

	names := func(n int) *columnar { return &columnar{names: []byte(`["` + strings.Repeat("x", n-4) + `"]`)} }
	if got := names(maxCarriedNames).carry(nil); len(got) != maxCarriedNames+len(`{"columns":}`) {
		t.Errorf("names that are carried: %d bytes", len(got))
	}
	if got := names(maxCarriedNames + 1).carry([]byte(`{"a":1}`)); string(got) != `{"a":1}` {
		t.Errorf("names that are too long: %s", got)
	}

	n := 0
	pages := func() (items, error) {
		if n++; n < 4 {
			return itemsOf("[" + line(maxBuffered/4-4*(n/3)) + "]"), nil // "[" and three commas are the last page's four bytes
		}
		return nil, io.EOF
	}
	if item, err := (&whole{items: itemsOf("[" + line(maxBuffered/4) + "]"), next: pages}).Next(); err != nil || len(item.Raw) != maxBuffered+1 {
		t.Errorf("a window of the largest size: %d, %v", len(item.Raw), err)
	}
	n = 0
	_, err = (&whole{items: itemsOf("[" + line(maxBuffered/4+1) + "]"), next: pages}).Next()
	remote(t, err, problem.UpstreamTooLarge)
}

func TestCarriedNames(t *testing.T) {
	c := &columnar{names: []byte(`["a"]`)}
	for given, want := range map[string]string{
		"": `{"columns":["a"]}`, "{}": `{"columns":["a"]}`, `{"cycle":7}`: `{"columns":["a"],"cycle":7}`, `{"columns":["b"]}`: `{"columns":["b"]}`,
	} {
		if got := string(c.carry([]byte(given))); got != want {
			t.Errorf("%s becomes %s", given, got)
		}
	}
	if got := (*columnar)(nil).carry([]byte(`{"cycle":7}`)); string(got) != `{"cycle":7}` {
		t.Errorf("without columns: %s", got)
	}
}

func TestFirstCell(t *testing.T) {
	for line, want := range map[string]string{
		"Day,Cost\r\n": "Day", "Day": "Day", "": "", "\n": "", `"Day",Cost`: "Day", `"a ""b"",c",d`: `a "b",c`, `"open`: "open", "Day;Cost,x": "Day;Cost",
	} {
		if got := firstCell(line, ','); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

// eitherWay reads a body whole and byte by byte; only the words of a fault may differ.
func eitherWay(t *testing.T, body string, open func(io.Reader) items) ([]string, error) {
	got, env, err := readItems(open(strings.NewReader(body)))
	again, env2, err2 := readItems(open(iotest.OneByteReader(strings.NewReader(body))))
	if !slices.Equal(got, again) || env != env2 || (err == nil) != (err2 == nil) {
		t.Fatalf("%q\nwhole        %q %q %v\nbyte by byte %q %q %v", body, got, env, err, again, env2, err2)
	}
	return got, err
}

// FuzzNDJSONItems: what is read are the lines that encoding/json takes, and how it arrives makes no difference.
func FuzzNDJSONItems(f *testing.F) {
	for _, s := range []string{"{\"a\":1}\n[2]\n", "1\n2", "\n\r\n{}", "{\n}", "1 2\n", "{\"a\":", "\xEF\xBB\xBF{}\n", "tru\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		got, err := eitherWay(t, body, ndjson)
		if err != nil {
			if !errors.As(err, new(*problem.Problem)) {
				t.Fatalf("%q: %v", body, err)
			}
			return
		}
		var want []string
		for line := range strings.SplitSeq(strings.TrimPrefix(body, "\xEF\xBB\xBF"), "\n") {
			if line = strings.Trim(line, " \t\r"); line != "" {
				want = append(want, line)
			}
		}
		if !slices.Equal(got, want) || slices.ContainsFunc(want, func(l string) bool { return !json.Valid([]byte(l)) }) {
			t.Fatalf("%q gave %q", body, got)
		}
	})
}

// FuzzNestedItems holds items within items, and what stands around them, to encoding/json.
func FuzzNestedItems(f *testing.F) {
	for _, s := range []string{`{"data":[{"r":[1,{"a":2}],"d":1},{"d":2},{"r":null}]}`, `{"data":[{"r":{}}]}`, `{"data":[{"r":[],"r":[1]}]}`, `{"data":[1]}`, `{"data":[{"r":[[1`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		got, err := eitherWay(t, body, each("r"))
		if err != nil {
			return
		}
		var doc struct {
			Data []struct {
				R []json.RawMessage
				D json.RawMessage
			}
		}
		if strings.ContainsAny(body, `\`) || json.Unmarshal([]byte(body), &doc) != nil || strings.Contains(body, `"R"`) || strings.Contains(body, `"DATA"`) {
			return // encoding/json takes keys in any case, and the last of two
		}
		var want []string
		for _, outer := range doc.Data {
			for _, e := range outer.R {
				want = append(want, string(e))
			}
		}
		if len(got) != len(want) {
			t.Fatalf("%q gave %q, want %q", body, got, want)
		}
		it := each("r")(strings.NewReader(body))
		for {
			item, err := it.Next()
			if err != nil {
				break
			}
			if !record.IsDocument(item.Parent) || !record.IsDocument(bytes.TrimSpace(item.Raw)) {
				t.Fatalf("%q gave %q within %q", body, item.Raw, item.Parent)
			}
		}
	})
}

// FuzzColumns: an object of a row has the row's values, and is a document.
func FuzzColumns(f *testing.F) {
	for _, s := range []string{`{"meta":{"columns":[{"name":"a"},{"name":"b"}]},"rows":[[1,"x"],[[],{}]]}`, `{"rows":[[1]],"meta":{"columns":[{"name":"a"}]}}`, `{"rows":[[1]]}`, `{"rows":[1]}`, `{"meta":{"columns":[{"name":"\u0000\""}]},"rows":[[1]]}`} {
		f.Add(s, "")
		f.Add(s, `["c"]`)
	}
	f.Fuzz(func(t *testing.T, body, carried string) {
		if !record.IsDocument([]byte(carried)) {
			carried = ""
		}
		got, err := eitherWay(t, body, rows(carried))
		plain, _, bad := readItems(newJSONItems(strings.NewReader(body), "rows", false, record.Scan))
		if err != nil {
			return
		}
		if bad != nil || len(plain) != len(got) {
			t.Fatalf("%q gave %q of %q, %v", body, got, plain, bad)
		}
		for i, obj := range got {
			var row []json.RawMessage
			if err := json.Unmarshal([]byte(plain[i]), &row); err != nil || !json.Valid([]byte(obj)) {
				t.Fatalf("%q gave %q of %q", body, obj, plain[i])
			}
			n := 0
			gjson.Parse(obj).ForEach(func(_, v gjson.Result) bool {
				if n >= len(row) || v.Raw != string(bytes.TrimSpace(row[n])) {
					t.Fatalf("%q gave %q of %q", body, obj, plain[i])
				}
				n++
				return true
			})
			if n != len(row) {
				t.Fatalf("%q gave %q of %q", body, obj, plain[i])
			}
		}
	})
}
