package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/meterbridge/meterbridge/internal/mapping"
)

// differences are what overrides change of a connector's recorded records.
type differences struct {
	Connector string         `json:"connector"`
	Records   int            `json:"records"`
	Changed   int            `json:"changed"`
	Fields    map[string]int `json:"fields"` // how many records each is changed in
	Changes   []recordChange `json:"changes"`
	Errors    []recordError  `json:"errors"`

	resource string // the only one that counts; "" for all
	mu       sync.Mutex
	seen     map[string]bool
}

// recordChange is a record that is another one with the overrides.
type recordChange struct {
	Resource string        `json:"resource"`
	ID       string        `json:"id"`
	Fields   []fieldChange `json:"fields"`
}

// fieldChange is a value before and after; nil where there is none.
type fieldChange struct {
	Field string          `json:"field"`
	Old   json.RawMessage `json:"old,omitempty"`
	New   json.RawMessage `json:"new,omitempty"`
}

// recordError is a record that an override fails on.
type recordError struct {
	Resource string `json:"resource"`
	ID       string `json:"id"`
	File     string `json:"file"`
	Line     int    `json:"line"`
	Col      int    `json:"col"`
	Message  string `json:"message"`
}

func newDifferences(connector, resource string) *differences {
	return &differences{Connector: connector, Fields: map[string]int{}, Changes: []recordChange{}, Errors: []recordError{}, resource: resource, seen: map[string]bool{}}
}

func (d *differences) failed(t mapping.Tried) {
	e := recordError{Resource: t.Resource, ID: t.ID, Message: t.Err.Error()}
	if at := (*mapping.Error)(nil); errors.As(t.Err, &at) {
		e.File, e.Line, e.Col, e.Message = at.File, at.Line, at.Col, at.Msg
	}
	d.Errors = append(d.Errors, e)
}

// listIndex is what tells one element of a list from another.
var listIndex = regexp.MustCompile(`\[\d+\]`)

func (d *differences) compare(t mapping.Tried) {
	fields := diffJSON(nil, "", bytes.Clone(t.Before), bytes.Clone(t.After))
	if len(fields) == 0 {
		return
	}
	d.Changed++
	d.Changes = append(d.Changes, recordChange{t.Resource, t.ID, fields})
	counted := map[string]bool{}
	for _, f := range fields {
		counted[listIndex.ReplaceAllString(f.Field, "[]")] = true
	}
	for f := range counted {
		d.Fields[f]++
	}
}

// diffJSON adds what differs between two values: of objects and lists their members, of others the whole. The values are compact, with their keys in the model's order.
func diffJSON(out []fieldChange, path string, before, after json.RawMessage) []fieldChange {
	if bytes.Equal(before, after) {
		return out
	}
	keysB, valuesB := membersOf(before)
	keysA, valuesA := membersOf(after)
	if len(valuesB)+len(valuesA) > 0 && (valuesB != nil || before == nil) && (valuesA != nil || after == nil) {
		for _, k := range keysA {
			if _, ok := valuesB[k]; !ok {
				keysB = append(keysB, k)
			}
		}
		for _, k := range keysB {
			out = diffJSON(out, strings.TrimPrefix(path+"."+k, "."), valuesB[k], valuesA[k])
		}
		return out
	}
	var listB, listA []json.RawMessage
	if listed(before, &listB) && listed(after, &listA) {
		for i := range max(len(listB), len(listA)) {
			out = diffJSON(out, fmt.Sprintf("%s[%d]", path, i), at(listB, i), at(listA, i))
		}
		return out
	}
	return append(out, fieldChange{path, before, after})
}

func listed(raw json.RawMessage, list *[]json.RawMessage) bool {
	return bytes.HasPrefix(raw, []byte("[")) && json.Unmarshal(raw, list) == nil
}

// at is an element of a list, nil where it has none there.
func at(list []json.RawMessage, i int) json.RawMessage {
	if i < len(list) {
		return list[i]
	}
	return nil
}

// membersOf are the keys of an object in their order, and its values; nil where it is none.
func membersOf(raw json.RawMessage) (keys []string, values map[string]json.RawMessage) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, nil
	}
	values = map[string]json.RawMessage{}
	for dec.More() {
		k, err := dec.Token()
		if err != nil {
			return nil, nil
		}
		var v json.RawMessage
		if err := dec.Decode(&v); err != nil {
			return nil, nil
		}
		key := fmt.Sprint(k)
		keys, values[key] = append(keys, key), v
	}
	return keys, values
}

// maxValue bounds a value as it is shown, in characters; --json has all of it.
const maxValue = 100

func (d *differences) print(w io.Writer) {
	for _, c := range d.Changes {
		fmt.Fprintf(w, "%s %s\n", c.Resource, printable(c.ID))
		wide := 0
		for _, f := range c.Fields {
			wide = max(wide, len(f.Field))
		}
		for _, f := range c.Fields {
			fmt.Fprintf(w, "  %-*s  %s → %s\n", wide, printable(f.Field), value(f.Old), value(f.New))
		}
	}
	if len(d.Changes) > 0 {
		fmt.Fprintln(w)
	}
	for _, e := range d.Errors {
		fmt.Fprintf(w, "%s:%d:%d: %s: record %s: %s\n", e.File, e.Line, e.Col, e.Resource, printable(e.ID), printable(e.Message))
	}
	fmt.Fprintln(w, d.summary())
}

func (d *differences) summary() string {
	s := join(count(d.Records, "record"), fmt.Sprintf("%d changed", d.Changed), some(len(d.Errors), "error"))
	names := slices.SortedFunc(maps.Keys(d.Fields), func(a, b string) int {
		return cmp.Or(cmp.Compare(d.Fields[b], d.Fields[a]), cmp.Compare(a, b))
	})
	for i, f := range names {
		names[i] = fmt.Sprintf("%s (%d)", f, d.Fields[f])
	}
	if len(names) > 0 {
		s += ": " + strings.Join(names, ", ")
	}
	return s
}

// value is a value as it is shown, what is not there too.
func value(raw json.RawMessage) string {
	if raw == nil {
		return "absent"
	}
	text := []rune(printable(string(raw)))
	if len(text) > maxValue {
		return string(text[:maxValue]) + "…"
	}
	return string(text)
}
