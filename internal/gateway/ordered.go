package gateway

import (
	"bytes"
	"encoding/json"
	"slices"
)

// object is a JSON object whose members keep their order: the OpenAPI document reads in the order in which it is written
// here, and is the same bytes each time.
type object []member

type member struct {
	name  string
	value any
}

// with is the object and one more member.
func (o object) with(name string, value any) object {
	return append(o[:len(o):len(o)], member{name, value})
}

// of is the value of a member, nil where there is none.
func (o object) of(name string) any {
	for _, m := range o {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// set is with, in the place of a member of that name.
func (o object) set(name string, value any) object {
	for i, m := range o {
		if m.name == name {
			out := slices.Clone(o)
			out[i].value = value
			return out
		}
	}
	return o.with(name, value)
}

// MarshalJSON writes the members in order.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(m.name)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		value, err := plainJSON(m.value)
		if err != nil {
			return nil, err
		}
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// plainJSON is json.Marshal without the escapes for HTML, which nothing here is put into.
func plainJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
