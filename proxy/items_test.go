package proxy

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// readItems reads to the end. The items are copied: each dies with the next.
func readItems(it items) (out []string, envelope string, err error) {
	for {
		item, err := it.Next()
		if err == io.EOF {
			if _, again := it.Next(); again != io.EOF {
				return out, "", errors.New("the end does not last")
			}
			return out, string(it.Envelope()), nil
		}
		if err != nil {
			return out, "", err
		}
		if item.N != int64(len(out)) {
			return out, "", fmt.Errorf("item %d says that it is %d", len(out), item.N)
		}
		out = append(out, string(item.Raw))
	}
}

// bothWays reads a body whole and byte by byte, which must not make a difference.
func bothWays(t *testing.T, body string, open func(io.Reader) items) ([]string, string, error) {
	t.Helper()
	got, env, err := readItems(open(strings.NewReader(body)))
	for name, r := range map[string]io.Reader{
		"byte by byte":         iotest.OneByteReader(strings.NewReader(body)),
		"in halves":            iotest.HalfReader(strings.NewReader(body)),
		"with EOF in the data": iotest.DataErrReader(strings.NewReader(body)),
	} {
		again, env2, err2 := readItems(open(r))
		if !slices.Equal(got, again) || env != env2 || fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Fatalf("%s: %q %q %v, whole: %q %q %v", name, again, env2, err2, got, env, err)
		}
	}
	return got, env, err
}

func jsonAt(path string, optional bool) func(io.Reader) items {
	return func(r io.Reader) items { return newJSONItems(r, path, optional, record.Scan) }
}

func TestItemsArePickedAtTheirPath(t *testing.T) {
	for _, c := range []struct {
		name, path, body string
		optional         bool
		want             []string
		envelope         string
	}{
		{name: "at the top", body: `[1, {"a":2} ,"x",null,true,[ ]]`, want: []string{"1", `{"a":2}`, `"x"`, "null", "true", "[ ]"}, envelope: `[]`},
		{name: "none at the top", body: ` [ ] `, envelope: `[]`},
		{name: "below a key", path: "data", body: `{"meta":{"next":"x"},"data":[{"id":1},{"id":2}],"z":[1]}`, want: []string{`{"id":1}`, `{"id":2}`}, envelope: `{"meta":{"next":"x"},"data":[],"z":[1]}`},
		{name: "deep", path: "a.b.c", body: "{\"x\":1,\n\t\"a\": {\"b\" : {\"c\":[1 , 2], \"d\":3}, \"e\":4}, \"f\":5 }\r\n", want: []string{"1", "2"}, envelope: `{"x":1,"a":{"b":{"c":[],"d":3},"e":4},"f":5}`},
		{name: "keys of the same name", path: "data.data", body: `{"o":{"data":[9]},"data":{"o":{"data":[8]},"data":[1]}}`, want: []string{"1"}, envelope: `{"o":{"data":[9]},"data":{"o":{"data":[8]},"data":[]}}`},
		{name: "a key with a dot", path: `a\.b`, body: `{"a":{"b":[1]},"a.b":[2]}`, want: []string{"2"}, envelope: `{"a":{"b":[1]},"a.b":[]}`},
		{name: "a key that is escaped", path: `data`, body: `{"d\u0061ta":[2]}`, want: []string{"2"}, envelope: `{"d\u0061ta":[]}`},
		{name: "null in its place", path: "data", body: `{"data":null,"n":1}`, envelope: `{"data":null,"n":1}`},
		{name: "null on the way", path: "a.data", body: `{"a":null}`, envelope: `{"a":null}`},
		{name: "absent, optional", path: "data", optional: true, body: `{"meta":{}}`, envelope: `{"meta":{}}`},
		{name: "absent on the way, optional", path: "_embedded.data", optional: true, body: `{"_links":{"next":1}}`, envelope: `{"_links":{"next":1}}`},
		{name: "absent below, optional", path: "_embedded.data", optional: true, body: `{"_embedded":{},"_links":1}`, envelope: `{"_embedded":{},"_links":1}`},
		{name: "empty object, optional", path: "data", optional: true, body: `{}`, envelope: `{}`},
		{name: "byte order mark", path: "data", body: "\xEF\xBB\xBF {\"data\":[1]}", want: []string{"1"}, envelope: `{"data":[]}`},
		{name: "numbers at every edge", body: `[0,-0.0,1e5,12345678901234567890.5]`, want: []string{"0", "-0.0", "1e5", "12345678901234567890.5"}, envelope: `[]`},
		{name: "strings that look like structure", path: "data", body: `{"k":"\"data\":[","data":["]}","\\","\"",{"a":"}{]["}]}`, want: []string{`"]}"`, `"\\"`, `"\""`, `{"a":"}{]["}`}, envelope: `{"k":"\"data\":[","data":[]}`},
		{name: "as deep as is borne", body: `[` + nested(record.MaxDepth) + `]`, want: []string{nested(record.MaxDepth)}, envelope: `[]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, env, err := bothWays(t, c.body, jsonAt(c.path, c.optional))
			if err != nil || !slices.Equal(got, c.want) || env != c.envelope {
				t.Fatalf("got %q, %s, %v\nwant %q, %s", got, env, err, c.want, c.envelope)
			}
		})
	}
}

func nested(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }

func TestWhatIsNoListIsAProblem(t *testing.T) {
	for _, c := range []struct {
		name, path, body string
		optional         bool
		code             problem.Code
	}{
		{name: "nothing", body: "", code: problem.UpstreamUnexpected},
		{name: "white space", body: " \n", code: problem.UpstreamUnexpected},
		{name: "a byte order mark alone", body: "\xEF\xBB\xBF", code: problem.UpstreamUnexpected},
		{name: "a web page", path: "data", body: "<html>", code: problem.UpstreamUnexpected},
		{name: "an object where a list should be", body: `{"a":1}`, code: problem.UpstreamUnexpected},
		{name: "an object in its place", path: "data", body: `{"data":{}}`, code: problem.UpstreamUnexpected},
		{name: "a text in its place", path: "data", body: `{"data":"x"}`, code: problem.UpstreamUnexpected},
		{name: "a list on the way", path: "a.data", body: `{"a":[{"data":[1]}]}`, code: problem.UpstreamUnexpected},
		{name: "absent", path: "data", body: `{"meta":{}}`, code: problem.UpstreamUnexpected},
		{name: "absent below", path: "a.data", body: `{"a":{}}`, code: problem.UpstreamUnexpected},
		{name: "null for the document", path: "data", body: `null`, optional: true, code: problem.UpstreamUnexpected},
		{name: "twice", path: "data", body: `{"data":[1],"data":[2]}`, code: problem.UpstreamCorrupt},
		{name: "twice on the way", path: "a.data", body: `{"a":{"data":[1]},"a":{"data":[2]}}`, code: problem.UpstreamCorrupt},
		{name: "NaN", path: "data", body: `{"data":[NaN]}`, code: problem.UpstreamCorrupt},
		{name: "Infinity beside the list", path: "data", body: `{"x":-Infinity,"data":[]}`, code: problem.UpstreamCorrupt},
		{name: "single quotes", path: "data", body: `{'data':[1]}`, code: problem.UpstreamCorrupt},
		{name: "a comma at the end", path: "data", body: `{"data":[1,]}`, code: problem.UpstreamCorrupt},
		{name: "a comma at the end of the object", path: "data", body: `{"data":[1],}`, code: problem.UpstreamCorrupt},
		{name: "no comma", path: "data", body: `{"data":[1 2]}`, code: problem.UpstreamCorrupt},
		{name: "no comma between members", path: "data", body: `{"a":1 "data":[]}`, code: problem.UpstreamCorrupt},
		{name: "no colon", path: "data", body: `{"data" [1]}`, code: problem.UpstreamCorrupt},
		{name: "something behind", path: "data", body: `{"data":[1]}{}`, code: problem.UpstreamCorrupt},
		{name: "a bracket too many", body: `[1]]`, code: problem.UpstreamCorrupt},
		{name: "the wrong bracket", body: `[{"a":1]}`, code: problem.UpstreamCorrupt},
		{name: "a control character in a text", body: "[\"a\nb\"]", code: problem.UpstreamCorrupt},
		{name: "a comment", body: `[1 /* x */]`, code: problem.UpstreamCorrupt},
		{name: "too deep", body: `[` + nested(record.MaxDepth+1) + `]`, code: problem.UpstreamCorrupt},
		{name: "too deep beside the list", path: "data", body: `{"x":` + nested(record.MaxDepth+1) + `,"data":[]}`, code: problem.UpstreamCorrupt},
		{name: "a bomb", body: `[` + strings.Repeat("[", 1<<20), code: problem.UpstreamCorrupt},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := bothWays(t, c.body, jsonAt(c.path, c.optional))
			remote(t, err, c.code)
		})
	}
}

func remote(t *testing.T, err error, code problem.Code) {
	t.Helper()
	var p *problem.Problem
	if !errors.As(err, &p) || p.Code != code || !p.Remote {
		t.Fatalf("got %v, want %s of the provider's", err, code)
	}
}

// TestACutAnswerIsNeverAShortOne: wherever a body ends too early, its items end in a problem and not in io.EOF. I3
func TestACutAnswerIsNeverAShortOne(t *testing.T) {
	const body = `{"meta":{"n":1.5e3,"s":"\u00e9\\"},"a":{"data":[{"id":"x","v":[1,2]},12.5,null,"é"],"z":true},"end":[1]}`
	whole, _, err := readItems(newJSONItems(strings.NewReader(body), "a.data", false, record.Scan))
	if err != nil || len(whole) != 4 {
		t.Fatal(whole, err)
	}
	for i := range len(body) {
		got, _, err := bothWays(t, body[:i], jsonAt("a.data", true))
		var p *problem.Problem
		if !errors.As(err, &p) || !p.Remote || p.Code != problem.UpstreamCorrupt && (i > 0 || p.Code != problem.UpstreamUnexpected) {
			t.Fatalf("cut to %q: %q, %v", body[:i], got, err)
		}
		if len(got) > len(whole) || !slices.Equal(got, whole[:len(got)]) {
			t.Fatalf("cut to %q: %q", body[:i], got)
		}
	}
}

// TestAReadersFaultPassesThrough: the connection's own problem is not taken for the document's end.
func TestAReadersFaultPassesThrough(t *testing.T) {
	broken := problem.New(problem.UpstreamReset, "broken").AsRemote()
	for _, body := range []string{"", `{"data`, `{"data":[{"id":`, `{"data":[1]`, `{"data":[1]}`} {
		r := io.MultiReader(strings.NewReader(body), iotest.ErrReader(broken))
		_, _, err := readItems(newJSONItems(r, "data", true, record.Scan))
		remote(t, err, problem.UpstreamReset)
	}
	_, _, err := readItems(newCSVItems(io.MultiReader(strings.NewReader("a,b\n1,"), iotest.ErrReader(broken)), nil, record.Scan))
	remote(t, err, problem.UpstreamReset)
}

func TestLimitsOfAnAnswer(t *testing.T) {
	text := func(n int) string { return `"` + strings.Repeat("x", n-2) + `"` }
	object := func(n int) string { return `{"a":` + text(n-6) + `}` }
	member := len(`{"m":,"data":[]}`)
	row := func(n int) string { return strings.Repeat("x", n-3) + ",1\n" }
	for _, c := range []struct {
		name, path string
		at, past   string
		csv        bool
	}{
		{name: "an item", at: `[` + object(maxItem) + `]`, past: `[` + object(maxItem+1) + `]`},
		{name: "a text for an item", at: `[` + text(maxItem) + `]`, past: `[` + text(maxItem+1) + `]`},
		{name: "an item behind others", at: `[1,2,` + object(maxItem) + `,3]`, past: `[1,2,` + object(maxItem+1) + `,3]`},
		{name: "what is beside the list", path: "data", at: `{"m":` + text(maxEnvelope-member) + `,"data":[1]}`, past: `{"m":` + text(maxEnvelope-member+8) + `,"data":[1]}`},
		{name: "what is behind the list", path: "data", at: `{"data":[1],"m":` + text(maxEnvelope-member) + `}`, past: `{"data":[1],"m":` + text(maxEnvelope-member+8) + `}`},
		{name: "a row", csv: true, at: "a,b\n" + row(maxCSVRecord) + "1,2\n", past: "a,b\n" + row(maxCSVRecord+1) + "1,2\n"},
		{name: "a header", csv: true, at: row(maxCSVRecord) + "1,2\n", past: row(maxCSVRecord+1) + "1,2\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			open := func(body string) items {
				if c.csv {
					return newCSVItems(strings.NewReader(body), nil, record.Scan)
				}
				return newJSONItems(strings.NewReader(body), c.path, false, record.Scan)
			}
			if _, _, err := readItems(open(c.at)); err != nil {
				t.Errorf("at the limit: %v", err)
			}
			_, _, err := readItems(open(c.past))
			remote(t, err, problem.UpstreamTooLarge)
		})
	}
}

// TestALargeItemInManyPiecesIsReadOnce: a provider that drips must not cost the square of what it sends.
func TestALargeItemInManyPiecesIsReadOnce(t *testing.T) {
	body := `[{"a":"` + strings.Repeat(`x\"[`, maxItem/8) + `"}]`
	got, _, err := readItems(newJSONItems(&dripping{s: body, n: 512}, "", false, record.Scan))
	if err != nil || len(got) != 1 || len(got[0]) != len(body)-2 {
		t.Fatal(len(got), err)
	}
}

// dripping gives at most n bytes a read.
type dripping struct {
	s string
	n int
}

func (d *dripping) Read(b []byte) (int, error) {
	if d.s == "" {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), d.n)], d.s)
	d.s = d.s[n:]
	return n, nil
}

// TestItemsComeBeforeTheBodyEnds: the first item is there while the provider still sends.
func TestItemsComeBeforeTheBodyEnds(t *testing.T) {
	for name, open := range map[string]func(io.Reader) items{
		`{"data":[{"id":1},`: jsonAt("data", false),
		"a,b\n1,2\n":         func(r io.Reader) items { return newCSVItems(r, nil, record.Scan) },
	} {
		r, w := io.Pipe()
		go w.Write([]byte(name))
		if _, err := open(r).Next(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		r.Close()
	}
}

func FuzzJSONItems(f *testing.F) {
	for _, s := range []string{`{"data":[1,{"a":[2]},"x"],"n":null}`, `{"data":null}`, `{"a":{"data":[]}}`, "\xEF\xBB\xBF{\"data\":[1.5e3 , -0]}", `{"data":[1],"data":[2]}`, `{"d\u0061ta":[1]}`, `[{"data":[]}]`, `{"data":[`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		got, env, err := readItems(newJSONItems(strings.NewReader(body), "data", true, record.Scan))
		again, env2, err2 := readItems(newJSONItems(iotest.OneByteReader(strings.NewReader(body)), "data", true, record.Scan))
		// How many items of a malformed body come before it is found out may depend on how it came, and no more.
		n := min(len(got), len(again))
		if !slices.Equal(got[:n], again[:n]) || env != env2 || (err == nil) != (err2 == nil) || err == nil && len(got) != len(again) {
			t.Fatalf("%q\nwhole        %q %q %v\nbyte by byte %q %q %v", body, got, env, err, again, env2, err2)
		}
		var want struct{ Data *[]json.RawMessage }
		plain := strings.TrimPrefix(body, "\xEF\xBB\xBF")
		if !json.Valid([]byte(plain)) {
			if err == nil {
				t.Fatalf("%q is no JSON and gave %q", body, got)
			}
			return
		}
		if err != nil {
			return // valid JSON may have no list, too deep a one, or two of them
		}
		if !json.Valid([]byte(env)) {
			t.Fatalf("%q left the envelope %q", body, env)
		}
		// encoding/json matches keys of any case; the exact one is looked for by hand.
		var members map[string]json.RawMessage
		if json.Unmarshal([]byte(plain), &members) != nil {
			t.Fatalf("%q is no object and gave %q", body, got)
		}
		if raw, ok := members["data"]; ok {
			if err := json.Unmarshal(raw, &want.Data); err != nil {
				t.Fatalf("%q: %v", body, err)
			}
		}
		var list []string
		if want.Data != nil {
			for _, raw := range *want.Data {
				list = append(list, string(raw))
			}
		}
		if !slices.Equal(got, list) {
			t.Fatalf("%q\ngot  %q\nwant %q", body, got, list)
		}
	})
}

func TestRowsOfATable(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       []string
	}{
		{"plain", "a,b\n1,2\n3,4", []string{`{"a":"1","b":"2"}`, `{"a":"3","b":"4"}`}},
		{"line ends of DOS", "a,b\r\n1,2\r\n", []string{`{"a":"1","b":"2"}`}},
		{"byte order mark", "\xEF\xBB\xBFa\n1\n", []string{`{"a":"1"}`}},
		{"the header's order", "z,a\n1,2\n", []string{`{"z":"1","a":"2"}`}},
		{"quotes", "\"a,\"\"b\",c\n\"x\ny\",\"1,5\"\n", []string{`{"a,\"b":"x\ny","c":"1,5"}`}},
		{"empty cells and lines", "a,b\n,\n\n\n1,\n", []string{`{"a":"","b":""}`, `{"a":"1","b":""}`}},
		{"text beyond ASCII", "naïve & <b>,x\n日本 & <b>,R&D\n", []string{`{"naïve & <b>":"日本 & <b>","x":"R&D"}`}},
		{"bytes that are no text", "a\n\xff\n", []string{`{"a":"\ufffd"}`}},
		{"a header alone", "a,b\n", nil},
		{"short of a byte order mark", "\xEF\xBB\n1\n", []string{`{"\ufffd\ufffd":"1"}`}},
		{"one byte", "a", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, _, err := bothWays(t, c.body, func(r io.Reader) items { return newCSVItems(r, nil, record.Scan) })
			if err != nil || !slices.Equal(got, c.want) {
				t.Fatalf("got %q, %v, want %q", got, err, c.want)
			}
		})
	}
	for name, c := range map[string]struct {
		body string
		code problem.Code
	}{
		"nothing":                {"", problem.UpstreamUnexpected},
		"a byte order mark":      {"\xEF\xBB\xBF", problem.UpstreamUnexpected},
		"a cell too many":        {"a,b\n1,2\n1,2,3\n", problem.UpstreamCorrupt},
		"a cell too few":         {"a,b\n1,2\n1\n", problem.UpstreamCorrupt},
		"a column twice":         {"a,b,a\n1,2,3\n", problem.UpstreamCorrupt},
		"a quote in a cell":      {"a\nx\"y\n", problem.UpstreamCorrupt},
		"a quote left open":      {"a\n\"x\n", problem.UpstreamCorrupt},
		"cut within a row":       {"a,b\n1,2\n3", problem.UpstreamCorrupt},
		"a quote that takes all": {"a\n\"" + strings.Repeat("x\n", maxCSVRecord), problem.UpstreamTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := readItems(newCSVItems(strings.NewReader(c.body), nil, record.Scan))
			remote(t, err, c.code)
		})
	}
}

func FuzzCSVItems(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "\xEF\xBB\xBFa\r\n\"x\ny\"\r\n", "a,a\n", "a\n\"", "\n\n", "\xff,é\n&,<\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		got, _, err := readItems(newCSVItems(strings.NewReader(body), nil, record.Scan))
		again, _, err2 := readItems(newCSVItems(iotest.OneByteReader(strings.NewReader(body)), nil, record.Scan))
		if !slices.Equal(got, again) || (err == nil) != (err2 == nil) {
			t.Fatalf("%q\nwhole        %q %v\nbyte by byte %q %v", body, got, err, again, err2)
		}
		rows, bad := csv.NewReader(strings.NewReader(strings.TrimPrefix(body, "\xEF\xBB\xBF"))).ReadAll()
		if err != nil {
			if bad == nil && len(rows) > 0 && len(slices.Compact(slices.Sorted(slices.Values(rows[0])))) == len(rows[0]) {
				t.Fatalf("%q is a table and gave %v", body, err)
			}
			return
		}
		if bad != nil || len(got) != len(rows)-1 {
			t.Fatalf("%q gave %q, want %q, %v", body, got, rows, bad)
		}
		for i, raw := range got {
			d := json.NewDecoder(bytes.NewReader([]byte(raw)))
			var obj map[string]string
			if err := d.Decode(&obj); err != nil {
				t.Fatalf("%q gave %q: %v", body, raw, err)
			}
			for j, cell := range rows[i+1] {
				if key := strings.ToValidUTF8(rows[0][j], "\uFFFD"); len(obj) == len(rows[0]) && strings.ToValidUTF8(obj[key], "\uFFFD") != strings.ToValidUTF8(cell, "\uFFFD") && strings.ToValidUTF8(cell, "") == cell && key == rows[0][j] {
					t.Fatalf("%q gave %q for %q", body, obj[key], cell)
				}
			}
		}
	})
}
