package jq

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/record"
)

func encode(e Encoder, v any) string {
	b, err := e.AppendValue(nil, v)
	if err != nil {
		return "error: " + err.Error()
	}
	return string(b)
}

func TestEncoder(t *testing.T) {
	huge, _ := new(big.Int).SetString("123456789012345678901234567890", 10)
	order := func(path []string) []string {
		if len(path) == 0 {
			return []string{"z", "missing", "a"}
		}
		if path[0] == "z" {
			return []string{"y"}
		}
		return nil
	}
	for _, c := range []struct {
		name string
		e    Encoder
		v    any
		want string
	}{
		{"keys by name", Encoder{}, map[string]any{"b": 1, "a": nil, "A": true}, `{"A":true,"a":null,"b":1}`},
		{"keys in order", Encoder{Order: order}, map[string]any{"b": map[string]any{"y": 1, "x": 2}, "a": 1, "z": map[string]any{"x": 1, "y": 2}}, `{"z":{"y":2,"x":1},"a":1,"b":{"x":2,"y":1}}`},
		{"numbers", Encoder{}, []any{json.Number("1.10"), 5, -0.5, 1e21, 1e-7, huge, 1e20}, `[1.10,5,-0.5,1e+21,1e-7,123456789012345678901234567890,100000000000000000000]`},
		{"text", Encoder{}, "<&>\"\\\b\f\n\r\t\x01\x7f\u2028é😀\xff", `"<&>\"\\\b\f\n\r\t\u0001` + "\x7f" + `\u2028é😀\ufffd"`},
		{"empty", Encoder{}, []any{[]any{}, map[string]any{}, ""}, `[[],{},""]`},
		{"not finite", Encoder{}, []any{math.NaN()}, `error: a number is not finite`},
		{"infinite", Encoder{}, math.Inf(-1), `error: a number is not finite`},
		{"another type", Encoder{}, []any{int64(1)}, `error: a value of the type int64 is no JSON`},
		{"size at the limit", Encoder{MaxBytes: 5}, "abc", `"abc"`},
		{"size past the limit", Encoder{MaxBytes: 5}, "abcd", `error: budget exceeded: more than 5 bytes of output`},
		{"an array past the limit", Encoder{MaxBytes: 5}, []any{1, 2, 3}, `error: budget exceeded: more than 5 bytes of output`},
		{"depth at the limit", Encoder{MaxDepth: 2}, []any{map[string]any{}}, `[{}]`},
		{"depth past the limit", Encoder{MaxDepth: 2}, []any{[]any{[]any{}}}, `error: budget exceeded: output deeper than 2`},
	} {
		if got := encode(c.e, c.v); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestEncoderLimits(t *testing.T) {
	var v any = 1
	for range record.MaxDepth {
		v = []any{v}
	}
	if _, err := new(Encoder).AppendValue(nil, v); err != nil {
		t.Error(err)
	}
	dst := []byte("kept")
	out, err := new(Encoder).AppendValue(dst, []any{v})
	if !errors.Is(err, ErrBudget) || string(out) != "kept" {
		t.Errorf("one level deeper: %q, %v", out, err)
	}
	s := strings.Repeat("a", MaxEncoded-2)
	if _, err := new(Encoder).AppendValue(nil, s); err != nil {
		t.Error(err)
	}
	if _, err := new(Encoder).AppendValue(nil, s+"a"); !errors.Is(err, ErrBudget) {
		t.Errorf("one byte more: %v", err)
	}
}

func TestDecode(t *testing.T) {
	deep := strings.Repeat("[", record.MaxDepth) + strings.Repeat("]", record.MaxDepth)
	for _, c := range []struct {
		name, in, want string
	}{
		{"a repeated key", `{"a":1,"a":{"b":2}}`, `{"a":{"b":2}}`},
		{"escapes", `"\u0041\ud83d\ude00\ud800\n\/"`, `"A😀�\n/"`},
		{"an escaped key", ` { "\u0069d" : [ 1 , { } ] } `, `{"id":[1,{}]}`},
		{"no UTF-8", "\"a\xffb\"", `"a�b"`},
		{"numbers", `[-0,1E5,0.10]`, `[-0,1E5,0.10]`},
		{"words", `[true,false,null]`, `[true,false,null]`},
		{"as deep as may be", deep, deep},
		{"deeper", "[" + deep + "]", "error: reading JSON: malformed, or deeper than 64, at byte 64"},
		{"cut", `{"a":`, "error: reading JSON: malformed, or deeper than 64, at byte 5"},
		{"nothing", ``, "error: reading JSON: malformed, or deeper than 64, at byte 0"},
		{"two", `1 2`, "error: reading JSON: more than one document, at byte 2"},
		{"NaN", `NaN`, "error: reading JSON: malformed, or deeper than 64, at byte 0"},
		{"a BOM", "\ufeff1", "error: reading JSON: malformed, or deeper than 64, at byte 0"},
	} {
		got := ""
		if v, err := Decode([]byte(c.in)); err != nil {
			got = "error: " + err.Error()
		} else {
			got = encode(Encoder{}, v)
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

// FuzzEncode holds Decode and the Encoder to encoding/json: the same values in, the same bytes out.
func FuzzEncode(f *testing.F) {
	for _, s := range []string{`{"a":[1,-2.5e3,"x\u00e9",true,null]}`, `"\ud800\udc00\ud800"`, `"\u2028<>&"`, `[1e400,-0,1.10]`, `{"\u0061":1,"a":2}`, "\"\xff\xc3\"", ` [ ] `} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		v, err := Decode(in)
		if err != nil {
			return
		}
		d := json.NewDecoder(bytes.NewReader(in))
		d.UseNumber()
		var want any
		if err := d.Decode(&want); err != nil {
			t.Fatalf("Decode took %q, which encoding/json does not: %v", in, err)
		}
		if !reflect.DeepEqual(v, want) {
			t.Fatalf("%q: decoded as %#v, by encoding/json as %#v", in, v, want)
		}
		got, err := new(Encoder).AppendValue(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(want); err != nil {
			t.Fatal(err)
		}
		if s := strings.TrimSuffix(b.String(), "\n"); string(got) != s {
			t.Fatalf("%q: written as %s, by encoding/json as %s", in, got, s)
		}
	})
}

// FuzzFloat holds the numbers that programs make to encoding/json.
func FuzzFloat(f *testing.F) {
	for _, x := range []float64{0, 1e21, 1e-6, 1e-7, 123456789.125, -1e-300, math.MaxFloat64} {
		f.Add(x)
	}
	f.Fuzz(func(t *testing.T, x float64) {
		want, err := json.Marshal(x)
		got, err2 := AppendNumber(nil, x)
		if (err == nil) != (err2 == nil) || err == nil && !bytes.Equal(got, want) {
			t.Fatalf("%v: %s, %v; encoding/json %s, %v", x, got, err2, want, err)
		}
	})
}
