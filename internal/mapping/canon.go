package mapping

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/meterbridge/meterbridge/internal/jq"
)

// fieldError is a value that the model does not take, with its path from the record.
type fieldError struct {
	path string
	msg  string
}

func (e *fieldError) Error() string { return e.path + " " + e.msg }

func in(name string, err error) error {
	var fe *fieldError
	if !errors.As(err, &fe) {
		return err
	}
	switch {
	case fe.path == "":
		fe.path = name
	case fe.path[0] == '[':
		fe.path = name + fe.path
	default:
		fe.path = name + "." + fe.path
	}
	return fe
}

func wrong(want string, v any) error {
	return &fieldError{"", "is " + shown(v) + ", and must be " + want}
}

// maxShown bounds a value in an error.
const maxShown = 60

// shown is a value as it stands in an error, cut short.
func shown(v any) string {
	b, err := (&jq.Encoder{MaxBytes: 1000}).AppendValue(nil, v)
	if err != nil {
		return "a value too large to show"
	}
	if len(b) <= maxShown {
		return string(b)
	}
	return strings.ToValidUTF8(string(b[:maxShown]), "") + "…"
}

// beside are the members of an output that are no fields of the record.
var beside = []string{RemoteData, WarningField}

// appendRecord appends the canonical form of an output: the model's fields in the model's order.
func appendRecord(b []byte, fields []*Field, m map[string]any) ([]byte, error) {
	known := len(m)
	for _, name := range beside {
		if _, ok := m[name]; ok {
			known--
		}
	}
	out, full, err := appendObject(b, fields, "", m, known)
	if err != nil {
		return b, err
	}
	if !full {
		return b, &fieldError{fields[0].Name, "is missing, and is required"}
	}
	return out, nil
}

// appendObject appends an object of n members that the model must know. It reports false, and appends nothing, where
// all members are null or the one that it needs is.
func appendObject(b []byte, fields []*Field, needs string, m map[string]any, n int) ([]byte, bool, error) {
	start, some, missing := len(b), false, ""
	b = append(b, '{')
	for _, f := range fields {
		v, ok := m[f.Name]
		if ok {
			n--
		}
		mark := len(b)
		if mark > start+1 {
			b = append(b, ',')
		}
		b = append(b, f.key...)
		out, full, err := appendField(b, f, v)
		switch {
		case err != nil:
			return b[:start], false, in(f.Name, err)
		case full:
			b, some = out, true
		case f.Name == needs:
			return b[:start], false, nil
		case f.Required:
			missing = f.Name
		case f.Always && f.Type == List:
			b = append(b, "[]"...)
		case f.Always:
			b = append(b, "null"...)
		default:
			b = b[:mark]
		}
	}
	switch {
	case n > 0:
		return b[:start], false, unknown(fields, m)
	case !some:
		return b[:start], false, nil
	case missing != "":
		return b[:start], false, &fieldError{missing, "is null, and is required where the other members are not"}
	}
	return append(b, '}'), true, nil
}

func unknown(fields []*Field, m map[string]any) error {
	names := make([]string, 0, len(m))
	for k := range m {
		if !slices.Contains(beside, k) && !slices.ContainsFunc(fields, func(f *Field) bool { return f.Name == k }) {
			names = append(names, k)
		}
	}
	slices.Sort(names)
	if len(names) == 0 {
		for _, k := range beside {
			if _, ok := m[k]; ok {
				return &fieldError{k, "is no field here"}
			}
		}
	}
	return &fieldError{names[0], "is no field of the model"}
}

// appendField appends a value, and reports false where it counts as null.
func appendField(b []byte, f *Field, v any) ([]byte, bool, error) {
	if v == nil {
		return b, false, nil
	}
	switch f.Type {
	case ID:
		return appendID(b, v)
	case String:
		s, ok := v.(string)
		if !ok {
			return b, false, wrong("a string", v)
		}
		return jq.AppendString(b, s), true, nil
	case Number:
		if !jq.IsNumber(v) {
			return b, false, wrong("a number (`dec` reads one from a string)", v)
		}
		out, err := jq.AppendNumber(b, v)
		if err != nil {
			return b, false, &fieldError{"", "can't be written: " + err.Error()}
		}
		return out, true, nil
	case Boolean:
		t, ok := v.(bool)
		if !ok {
			return b, false, wrong("true or false", v)
		}
		return strconv.AppendBool(b, t), true, nil
	case Date:
		return appendDate(b, v)
	case Currency:
		return appendCurrency(b, v)
	case Object:
		m, ok := v.(map[string]any)
		if !ok {
			return b, false, wrong("an object", v)
		}
		return appendObject(b, f.Fields, f.Needs, m, len(m))
	case List:
		return appendList(b, f, v)
	case Map:
		return appendMap(b, v)
	}
	return b, false, fmt.Errorf("the type %q of a field is not known", f.Type)
}

// appendList appends an array of objects, without those that count as null.
func appendList(b []byte, f *Field, v any) ([]byte, bool, error) {
	vs, ok := v.([]any)
	if !ok {
		return b, false, wrong("an array", v)
	}
	start := len(b)
	b = append(b, '[')
	for i, v := range vs {
		if v == nil {
			continue
		}
		m, ok := v.(map[string]any)
		if !ok {
			return b[:start], false, in("["+strconv.Itoa(i)+"]", wrong("an object", v))
		}
		mark := len(b)
		if mark > start+1 {
			b = append(b, ',')
		}
		out, full, err := appendObject(b, f.Fields, f.Needs, m, len(m))
		if err != nil {
			return b[:start], false, in("["+strconv.Itoa(i)+"]", err)
		}
		if b = out; !full {
			b = b[:mark]
		}
	}
	if len(b) == start+1 {
		return b[:start], false, nil
	}
	return append(b, ']'), true, nil
}
