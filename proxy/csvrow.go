package proxy

import (
	"bytes"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/money"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// csvRows writes records as rows of a table. It goes through a record once and keeps where its values stand.
type csvRows struct {
	places map[string]destination
	cells  [][]byte // by column
	fixed  int      // columns whose cells are the same in each row
	money  []amounts
	ids    []byte // of the record's resources
}

// destination is where a member's value goes.
type destination struct {
	column int            // -1: nowhere as it is
	within map[string]int // of an object's members, the columns
}

// amounts are a record's charges in one currency: as they stand, or summed where a type has several.
type amounts struct {
	currency []byte
	of       [][]byte // by type
}

// newCSVRows has a column for each path; those without one are filled otherwise. The cells of the first columns are given.
func newCSVRows(paths []string, fixed ...string) *csvRows {
	t := &csvRows{places: map[string]destination{}, cells: make([][]byte, len(paths)), fixed: len(fixed)}
	for i, cell := range fixed {
		t.cells[i] = []byte(cell)
	}
	for i, path := range paths {
		switch key, member, inner := strings.Cut(path, "."); {
		case path == "":
		case !inner:
			t.places[key] = destination{column: i}
		default:
			p, ok := t.places[key]
			if !ok {
				p = destination{-1, map[string]int{}}
				t.places[key] = p
			}
			p.within[member] = i
		}
	}
	return t
}

// take keeps the values of a record.
func (t *csvRows) take(rec []byte) error {
	clear(t.cells[t.fixed:])
	t.money, t.ids = t.money[:0], t.ids[:0]
	for key, value := range record.Members(rec) {
		switch p, ok := t.places[string(key)]; {
		case ok && p.within != nil:
			for member, v := range record.Members(value) {
				if column, ok := p.within[string(member)]; ok {
					t.cells[column] = textOf(v)
				}
			}
		case ok:
			t.cells[p.column] = textOf(value)
		case string(key) == "charges":
			for charge := range record.Elements(value) {
				if err := t.charge(charge); err != nil {
					return err
				}
			}
		case string(key) == "resources":
			for r := range record.Elements(value) {
				if id := textOf(member(r, "id")); len(id) > 0 {
					if len(t.ids) > 0 {
						t.ids = append(t.ids, ' ')
					}
					t.ids = append(t.ids, id...)
				}
			}
		}
	}
	return nil
}

func (t *csvRows) charge(charge []byte) error {
	currency, typ, amount := textOf(member(charge, "currency")), textOf(member(charge, "type")), textOf(member(charge, "amount"))
	i := slices.IndexFunc(t.money, func(a amounts) bool { return bytes.Equal(a.currency, currency) })
	if i < 0 {
		if i = len(t.money); i == cap(t.money) {
			t.money = append(t.money, amounts{of: make([][]byte, len(chargeTypes))})
		}
		t.money = t.money[:i+1]
		t.money[i].currency = currency
		clear(t.money[i].of)
	}
	column := slices.IndexFunc(chargeTypes, func(name string) bool { return name == string(typ) })
	if column < 0 {
		column = len(chargeTypes) - 1
	}
	if was := t.money[i].of[column]; len(was) > 0 && len(amount) > 0 {
		a, errA := money.Parse(string(was))
		b, errB := money.Parse(string(amount))
		if errA != nil || errB != nil {
			return problem.New(problem.MappingFailed, "a record has charges that can't be added: %s and %s", clip(string(was), 40), clip(string(amount), 40))
		}
		amount = []byte(a.Add(b).String())
	}
	if len(amount) > 0 {
		t.money[i].of[column] = amount
	}
	return nil
}

// member is an object's, nil where it has none of the name.
func member(object []byte, name string) []byte {
	for key, value := range record.Members(object) {
		if string(key) == name {
			return value
		}
	}
	return nil
}

// textOf is a value as a cell has it: texts without their quotes, the rest as it stands, and nothing of null.
func textOf(v []byte) []byte {
	switch {
	case len(v) == 0 || v[0] == 'n':
		return nil
	case v[0] != '"':
		return v
	case bytes.IndexByte(v, '\\') < 0:
		return v[1 : len(v)-1]
	}
	return []byte(gjson.ParseBytes(v).Str)
}

// appendCell appends a cell and what stands behind it, quoted as encoding/csv does it.
func appendCell(b, cell []byte, end byte) []byte {
	first, _ := utf8.DecodeRune(cell)
	if len(cell) == 0 || !bytes.ContainsAny(cell, ",\"\r\n") && !unicode.IsSpace(first) && string(cell) != `\.` {
		return append(append(b, cell...), end)
	}
	b = append(b, '"')
	for {
		part, rest, more := bytes.Cut(cell, quoteMark)
		b = append(b, part...)
		if !more {
			return append(b, '"', end)
		}
		b, cell = append(b, `""`...), rest
	}
}
