package mapping

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/meterbridge/meterbridge/internal/house"
	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/mapping/native"
)

// The functions of this file append one value each, and report false where it counts as null.

func appendID(b []byte, v any) ([]byte, bool, error) {
	switch v := v.(type) {
	case string:
		if v == "" {
			return b, false, nil
		}
		return jq.AppendString(b, v), true, nil
	case bool, []any, map[string]any:
		return b, false, wrong("a string", v)
	}
	text, err := jq.AppendNumber(nil, v)
	if err != nil {
		return b, false, &fieldError{"", "can't be written: " + err.Error()}
	}
	return jq.AppendString(b, string(text)), true, nil
}

func appendDate(b []byte, v any) ([]byte, bool, error) {
	const want = "an RFC 3339 date (`rfc3339` makes one)"
	s, ok := v.(string)
	if !ok {
		return b, false, wrong(want, v)
	}
	if house.Canonical(s) { // nearly always
		return jq.AppendString(b, s), true, nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if t = t.UTC(); err != nil || t.Year() < 1 || t.Year() > 9999 {
		return b, false, wrong(want, v)
	}
	b = append(b, '"')
	b = t.AppendFormat(b, house.RFC3339)
	return append(b, '"'), true, nil
}

func appendCurrency(b []byte, v any) ([]byte, bool, error) {
	const want = "a currency in upper case, such as USD or CREDITS"
	s, ok := v.(string)
	if !ok || !native.IsCurrency(s) {
		return b, false, wrong(want, v)
	}
	return jq.AppendString(b, s), true, nil
}

// appendMap appends a flat object, keys by name. Nulls are left out; a value that is not flat becomes its JSON text,
// because a provider's tag of an unforeseen shape must neither be lost nor fail the record.
func appendMap(b []byte, v any) ([]byte, bool, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return b, false, wrong("an object", v)
	}
	keys := make([]string, 0, len(m))
	for k, v := range m {
		if v != nil {
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		return b, false, nil
	}
	slices.Sort(keys)
	for i, k := range keys {
		b = append(b, "{,"[min(i, 1)])
		b = append(jq.AppendString(b, k), ':')
		var err error
		if b, err = appendFlat(b, m[k]); err != nil {
			return b, false, in(k, &fieldError{"", "can't be written: " + err.Error()})
		}
	}
	return append(b, '}'), true, nil
}

func appendFlat(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case string:
		return jq.AppendString(b, v), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case json.Number:
		return append(b, v...), nil
	case []any, map[string]any:
		text, err := new(jq.Encoder).AppendValue(nil, v)
		if err != nil {
			return b, err
		}
		return jq.AppendString(b, string(text)), nil
	}
	return jq.AppendNumber(b, v)
}
