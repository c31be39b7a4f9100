package record

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestPositionRoundTrip(t *testing.T) {
	for name, p := range map[string]Position{
		"zero": {},
		"full": {Now: 1789, Window: -5, Rev: 1 << 63, Call: 3, Token: []byte("t"), Job: []byte("j"), Carry: []byte("{}"), Parent: []byte(`["p",{"id":"p"}]`),
			Size: 100, Item: 7, Out: 2, Anchor: 99},
		"token": {Token: []byte(strings.Repeat("x", 3000))},
	} {
		t.Run(name, func(t *testing.T) {
			b, _ := p.AppendBinary(nil)
			var q Position
			if err := q.UnmarshalBinary(b); err != nil || !reflect.DeepEqual(p, q) {
				t.Fatalf("got %+v, %v, want %+v", q, err, p)
			}
			for i := range b {
				if err := new(Position).UnmarshalBinary(b[:i]); err == nil {
					t.Fatalf("a position cut to %d bytes was read", i)
				}
			}
		})
	}
}

// FuzzPosition holds every position that is read to the one form that it has.
func FuzzPosition(f *testing.F) {
	for _, p := range []Position{{}, {Now: -1, Call: 9, Job: []byte("j"), Parent: []byte("[]")}} {
		b, _ := p.AppendBinary(nil)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var p, q Position
		if p.UnmarshalBinary(b) != nil {
			if !reflect.DeepEqual(p, Position{}) {
				t.Fatalf("what is no position left %+v", p)
			}
			return
		}
		again, _ := p.AppendBinary(nil)
		if err := q.UnmarshalBinary(again); err != nil || !reflect.DeepEqual(p, q) {
			t.Fatalf("%+v came back as %+v, %v", p, q, err)
		}
	})
}

func TestScan(t *testing.T) {
	deep := strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth)
	for _, c := range []struct {
		in  string
		eof bool
		end int
		st  Status
	}{
		{`{"a":[1,2,{"b":null}]} x`, false, 22, Done},
		{` "a\"b\u00e9" `, false, 13, Done},
		{`12`, false, 2, More},
		{`12`, true, 2, Done},
		{`12,`, false, 2, Done},
		{`-0.5e+10 `, false, 8, Done},
		{`01 `, false, 1, Done}, // the caller meets the 1 and refuses it
		{`{"a":01}`, false, 6, Bad},
		{`[1,]`, false, 3, Bad},
		{`{"a" 1}`, false, 5, Bad},
		{`{,}`, false, 1, Bad},
		{`[tru]`, false, 4, Bad},
		{"\"a\nb\"", false, 2, Bad},
		{`"\x"`, false, 2, Bad},
		{`[1`, true, 2, Bad},
		{deep, false, len(deep), Done},
		{"[" + deep + "]", false, MaxDepth, Bad},
	} {
		if end, st := Scan([]byte(c.in), 0, c.eof); end != c.end || st != c.st {
			t.Errorf("Scan(%q, eof=%v) = %d, %d; want %d, %d", c.in, c.eof, end, st, c.end, c.st)
		}
	}
}

// FuzzScan holds the scanner to encoding/json: what one takes for a document, the other does too.
func FuzzScan(f *testing.F) {
	for _, s := range []string{`{"a":[1,-2.5e3,"x\u00e9",true,null]}`, `[`, `01`, `"\ud800"`, ` {} `, `{"a":1,"a":2}`, `1e5`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		end, st := Scan(b, 0, true)
		ok := IsDocument(b)
		if valid := json.Valid(b); ok != valid && !(valid && st == Bad && end < len(b) && (b[end] == '[' || b[end] == '{')) {
			t.Fatalf("Scan says %v at %d (%d), encoding/json says %v: %q", ok, end, st, valid, b)
		}
		for i := range b { // a cut document is never done before its end
			if e, s := Scan(b[:i], 0, false); s == Done && st == Done && e != end {
				t.Fatalf("prefix %d of %q ends at %d, the whole at %d", i, b, e, end)
			}
		}
	})
}
