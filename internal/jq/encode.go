package jq

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/meterbridge/meterbridge/internal/record"
)

// MaxEncoded bounds the bytes of one encoded value.
const MaxEncoded = 32 << 20

// Encoder writes values as JSON: numbers with the digits they have, keys in a given order, within a depth and a size.
// The zero value writes keys by name and uses MaxEncoded and record.MaxDepth. encoding/json is not used on the outputs
// of programs, because a value that nests millions deep would end the process.
type Encoder struct {
	// Order names the keys that come first in the object at a path, in their order; the rest follows by name. May be nil.
	Order    func(path []string) []string
	MaxBytes int
	MaxDepth int
}

// AppendValue appends v. On an error dst comes back as it was.
func (e *Encoder) AppendValue(dst []byte, v any) ([]byte, error) {
	w := writer{Encoder: *e, limit: len(dst) + MaxEncoded}
	if e.MaxBytes > 0 {
		w.limit = len(dst) + e.MaxBytes
	}
	if w.MaxDepth <= 0 {
		w.MaxDepth = record.MaxDepth
	}
	out, err := w.value(dst, v, 0)
	if err != nil {
		return dst, err
	}
	return out, nil
}

type writer struct {
	Encoder
	limit int
	path  []string
}

func (w *writer) value(b []byte, v any, depth int) ([]byte, error) {
	if len(b) > w.limit {
		return nil, fmt.Errorf("%w: more than %d bytes of output", ErrBudget, w.limit)
	}
	switch v := v.(type) {
	case nil:
		b = append(b, "null"...)
	case bool:
		b = strconv.AppendBool(b, v)
	case string:
		b = AppendString(b, v)
	case []any:
		return w.array(b, v, depth)
	case map[string]any:
		return w.object(b, v, depth)
	default:
		n, err := AppendNumber(b, v)
		if err != nil {
			return nil, err
		}
		b = n
	}
	if len(b) > w.limit {
		return nil, fmt.Errorf("%w: more than %d bytes of output", ErrBudget, w.limit)
	}
	return b, nil
}

func (w *writer) array(b []byte, vs []any, depth int) ([]byte, error) {
	if depth >= w.MaxDepth {
		return nil, fmt.Errorf("%w: output deeper than %d", ErrBudget, w.MaxDepth)
	}
	b = append(b, '[')
	var err error
	for i, v := range vs {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = w.value(b, v, depth+1); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

func (w *writer) object(b []byte, m map[string]any, depth int) ([]byte, error) {
	if depth >= w.MaxDepth {
		return nil, fmt.Errorf("%w: output deeper than %d", ErrBudget, w.MaxDepth)
	}
	b = append(b, '{')
	first := true
	for _, k := range w.keys(m) {
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(AppendString(b, k), ':')
		w.path = append(w.path, k)
		out, err := w.value(b, m[k], depth+1)
		if err != nil {
			return nil, err
		}
		b, w.path = out, w.path[:len(w.path)-1]
	}
	return append(b, '}'), nil
}

func (w *writer) keys(m map[string]any) []string {
	keys := slices.Sorted(maps.Keys(m))
	if w.Order == nil {
		return keys
	}
	order := w.Order(w.path)
	out := make([]string, 0, len(keys))
	for _, k := range order {
		if _, ok := m[k]; ok && !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	n := len(out)
	for _, k := range keys {
		if !slices.Contains(out[:n], k) {
			out = append(out, k)
		}
	}
	return out
}

// IsNumber reports whether v is one of the types that hold numbers.
func IsNumber(v any) bool {
	switch v.(type) {
	case int, float64, json.Number, *big.Int:
		return true
	}
	return false
}

// AppendNumber appends a number with the digits it has. What is not finite, or not a number, is an error.
func AppendNumber(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case json.Number:
		return append(b, v...), nil
	case int:
		return strconv.AppendInt(b, int64(v), 10), nil
	case *big.Int:
		return v.Append(b, 10), nil
	case float64:
		return AppendFloat(b, v)
	}
	return nil, fmt.Errorf("a value of the type %T is no JSON", v)
}

// AppendFloat appends a double as AppendNumber does.
func AppendFloat(b []byte, f float64) ([]byte, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, errors.New("a number is not finite")
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	b = strconv.AppendFloat(b, f, format, -1, 64)
	if n := len(b); format == 'e' && n >= 4 && b[n-4] == 'e' && b[n-3] == '-' && b[n-2] == '0' { // e-09 is e-9
		b[n-2] = b[n-1]
		b = b[:n-1]
	}
	return b, nil
}

const hex = "0123456789abcdef"

// unescaped are the bytes that stand for themselves in a JSON string, whatever stands beside them.
var unescaped = func() (is [256]bool) {
	for c := range utf8.RuneSelf {
		is[c] = c >= ' ' && c != '"' && c != '\\'
	}
	return is
}()

// AppendEscape appends what a JSON string has for a byte of ASCII that does not stand for itself.
func AppendEscape(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\b':
		return append(b, '\\', 'b')
	case '\f':
		return append(b, '\\', 'f')
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	}
	return append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}

// AppendString appends a JSON string as encoding/json writes it without HTML escaping: invalid UTF-8 becomes U+FFFD.
func AppendString[Text string | []byte](b []byte, s Text) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if unescaped[c] {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			b = append(b, s[start:i]...)
			b = AppendEscape(b, c)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
		if r == utf8.RuneError && size == 1 {
			b = append(append(b, s[start:i]...), `\ufffd`...)
			i++
			start = i
			continue
		}
		if r == '\u2028' || r == '\u2029' { // legal in JSON, line ends in old JavaScript
			b = append(append(b, s[start:i]...), `\u202`...)
			b = append(b, hex[r&15])
			i += size
			start = i
			continue
		}
		i += size
	}
	return append(append(b, s[start:]...), '"')
}
