package native

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/record"
)

// costLine is a cost line as cloud providers send it.
const costLine = `{"api_version":"billing/v1","kind":"Cost","id":"cost-f3a90de","start_date":"2023-01-01","end_date":"2023-01-02","granularity":"DAILY","network_access_type":"INTERNET","product":"QUEUE","line_type":"QUEUE_STORAGE","price":0.123,"unit":"GB","quantity":569.105691,"original_amount":70.0,"discount_amount":20.0,"amount":50.0,"resource":{"id":"res-00000","display_name":"queue_1","environment":{"id":"env-123"}}}`

// documents are of all shapes that a scan knows.
var documents = []string{
	costLine,
	`{"a":[1,2,{"b":null}],"c":true,"d":false} x`, ` "a\"b\u00e9" `, `12`, `12,`, `-0.5e+10 `, `01 `, `{"a":01}`, `[1,]`, `{"a" 1}`, `{,}`, `[tru]`, "\"a\nb\"", `"\x"`, `[1`, `[]`, `{}`, `[[],{}]`,
	`{"a":1,"a":2}`, `{"a":1,"b":2,"a":{"c":[1]},"b":[{"a":1,"a":2}],"d":0}`, `{"a":{"x":1},"\u0061":2}`, `{"é":1,"e\u0301":2,"":3," ":4}`,
	`"\ud800"`, `"\ud83d\ude00 \ud83d\u0041 \ude00\ud83d"`, "\"\xff\xc3\xa9\xe2\x82\"", "{\"\xff\":1,\"\\ufffd\":2}", `"\u0000\b\f\n\r\t\/\\\u007f"`, "\"\x7f\u2028\"",
	`[1e5,-0,0.10,1E-7,123456789012345678901234567890,1e400]`, "{ \"a\" :\t1 ,\r\n \"b\" : [ 1 , 2 ] }", `nul`, `true`, `falsey`, `-`, `[-]`, `1.`, `1e`, `[1.e5]`, ``, ` `, `{"a`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`,
	`{"longer_than_sixteen_bytes":1,"longer_than_sixteen_bytez":2,"eight888":1,"seven77":2,"six666":3,"a key of much more than twenty-four bytes":4}`,
	strings.Repeat("[", record.MaxDepth) + strings.Repeat("]", record.MaxDepth), strings.Repeat("[", record.MaxDepth+1) + strings.Repeat("]", record.MaxDepth+1),
	strings.Repeat(`{"a":`, record.MaxDepth) + "1" + strings.Repeat("}", record.MaxDepth), `{"q\"":1,"b\\":2,"q\"":3}`, `["01234567","0123456","012345678901234é","0123456789\\"]`,
}

// checkScan holds a scan to record.Scan and to gojq's decoder.
func checkScan(t *testing.T, m *memory, doc []byte, eof bool) {
	t.Helper()
	wantEnd, wantSt := record.Scan(doc, 0, eof)
	m.reset()
	root, end, st := m.scan(doc, 0, eof)
	if end != wantEnd || st != wantSt {
		t.Fatalf("scanning %q, eof=%v, ends at %d, %d; want %d, %d", doc, eof, end, st, wantEnd, wantSt)
	}
	if st != record.Done {
		if root.kind != isBail {
			t.Fatalf("scanning %q gives a value", doc)
		}
		return
	}
	want := jq.DecodeScanned(doc[record.SkipSpace(doc, 0):end])
	if got := toAny(root); !reflect.DeepEqual(got, want) {
		t.Fatalf("scanning %q gives\n %#v, want\n %#v", doc, got, want)
	}
	checkPlain(t, root)
	text, err := new(jq.Encoder).AppendValue([]byte("x"), want)
	if got, ok := appendJSON([]byte("x"), root, 0); !ok || err != nil || string(got) != string(text) {
		t.Fatalf("writing %q gives %s, %v; want %s, %v", doc, got, ok, text, err)
	}
	if again, ok := m.fromAny(want); !ok || compare(again, root) != 0 || !reflect.DeepEqual(toAny(again), want) {
		t.Fatalf("%q comes back from gojq as %v, %v", doc, toAny(again), ok)
	}
}

// checkPlain holds the mark of plain texts to its meaning.
func checkPlain(t *testing.T, v value) {
	t.Helper()
	switch v.kind {
	case isText:
		if v.plain() && !isPlain([]byte(v.str())) {
			t.Fatalf("%q is not plain", v.str())
		}
	case isArray:
		for _, e := range v.elems() {
			checkPlain(t, e)
		}
	case isObject:
		for i, k := range v.layout().values {
			checkPlain(t, k)
			checkPlain(t, v.columns()[i])
		}
	}
}

func TestScan(t *testing.T) {
	m := newMemory()
	for range 2 { // without predictions, and with them
		for _, doc := range documents {
			for cut := range len(doc) + 1 {
				checkScan(t, m, []byte(doc[:cut]), true)
				checkScan(t, m, []byte(doc[:cut]), false)
			}
			checkScan(t, newMemory(), []byte(doc), true)
		}
	}
}

func FuzzScan(f *testing.F) {
	for _, doc := range documents {
		f.Add([]byte(doc), true)
	}
	m := newMemory()
	f.Fuzz(func(t *testing.T, doc []byte, eof bool) {
		checkScan(t, m, doc, eof)
		checkScan(t, newMemory(), doc, eof)
	})
}

// objectOf is an object of n keys that begin with a prefix.
func objectOf(prefix string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"%s%d":%d`, prefix, i, i)
	}
	return "{" + strings.TrimPrefix(b.String(), ",") + "}"
}

func TestScanBounds(t *testing.T) {
	for _, n := range []int{maxKeys, maxKeys + 1, 3000} {
		m := newMemory()
		doc := []byte(objectOf("k", n))
		checkScan(t, m, doc, true)
		root, _, _ := m.scan(doc, 0, true)
		if in := root.layout().tree != nil; in != (n <= maxKeys) {
			t.Errorf("%d keys are in the tree: %v", n, in)
		}
		if v, ok := m.get(root, fmt.Sprint("k", n-1)); !ok || v.str() != fmt.Sprint(n-1) {
			t.Errorf("the last of %d keys is %v, %v", n, toAny(v), ok)
		}
		repeated := "{" + strings.Repeat(string(doc[1:len(doc)-1])+",", 2) + `"k0":"last"}`
		checkScan(t, m, []byte(repeated), true)
	}
	m := newMemory()
	for i := range 4 * maxFirst { // keys that are data
		doc := fmt.Sprintf(`{"id%d":{"a":1,"x%d":{"y":2}},"b":[{"id%d":1,"c":2}]}`, i, i, i)
		checkScan(t, m, []byte(doc), true)
	}
	if n := len(m.tree.root.steps); n != maxFirst {
		t.Errorf("%d keys come first, and there may be %d", n, maxFirst)
	}
	for i := range 20_000 {
		checkScan(t, m, fmt.Appendf(nil, `{"a":1,"%d":{"%d":1},"b":{"%d":1}}`, i%30, i, i/30), true)
		if m.tree.layouts > maxLayouts || m.tree.bytes > maxKeyBytes {
			t.Fatalf("the tree has %d layouts, %d bytes of keys", m.tree.layouts, m.tree.bytes)
		}
	}
}

func TestScanLimit(t *testing.T) {
	m := newMemory()
	m.limit = 1 << 20
	doc := []byte("[" + strings.Repeat("1,", 100_000) + "1]")
	root, end, st := m.scan(doc, 0, true)
	if root.kind != isBail || end != len(doc) || st != record.Done {
		t.Errorf("a document that is too large gives %v, %d, %d", toAny(root), end, st)
	}
	checkScan(t, m, []byte(costLine), true)
}

func BenchmarkScan(b *testing.B) {
	var charges []string
	for i := range 12 {
		charges = append(charges, fmt.Sprintf(`{"charge_type":"committed","cost":%d.00,"last_aggregation_function":"sum","product_name":"infra_host","tags":{"env":"prod","team":"t%d"}}`, i, i%3))
	}
	many := `{"id":"0","type":"cost_by_org","attributes":{"account_name":"Acme Corp","org_name":"Acme Müller","public_id":"abc","date":"2026-01-01T00:00:00Z","total_cost":128.5,"charges":[` + strings.Join(charges, ",") + `]}}`
	for name, doc := range map[string]string{"line": costLine, "charges": many} {
		b.Run(name, func(b *testing.B) {
			window := []byte(doc + ",")
			m := newMemory()
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				m.reset()
				if _, end, _ := m.scan(window, 0, false); end != len(doc) {
					b.Fatal(end)
				}
			}
		})
		b.Run(name+" without values", func(b *testing.B) {
			window := []byte(doc + ",")
			b.SetBytes(int64(len(doc)))
			for b.Loop() {
				if end, _ := record.Scan(window, 0, false); end != len(doc) {
					b.Fatal(end)
				}
			}
		})
	}
}
