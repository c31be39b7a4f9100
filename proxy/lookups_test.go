package proxy

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/record"
)

func TestNamesByKey(t *testing.T) {
	for _, c := range []struct {
		name, key string
		items     []string
		want      string
	}{
		{"by key", "id", []string{`{"id":"a","n":1}`, `{"id":"b \"q\" <é>","n":2}`}, `{"a":{"id":"a","n":1},"b \"q\" <é>":{"id":"b \"q\" <é>","n":2}}`},
		{"the first of a key counts", "id", []string{`{"id":"a","n":1}`, `{"id":"a","n":2}`}, `{"a":{"id":"a","n":1}}`},
		{"without a key", "id", []string{`{"n":1}`, `{"id":null}`, `{"id":""}`, `7`}, `{}`},
		{"a number for a key", "id", []string{`{"id":7}`}, `{"7":{"id":7}}`},
		{"as a list", "", []string{`{"id":"a"}`, `{"id":"a"}`}, `[{"id":"a"},{"id":"a"}]`},
		{"none", "", nil, `[]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			table := newNameTable(c.key)
			for _, raw := range c.items {
				if !table.add(record.Item{Raw: []byte(raw)}) {
					t.Fatal("no more are wanted")
				}
			}
			if got := string(table.done()); got != c.want || !json.Valid([]byte(got)) {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestLimitsOfALookup(t *testing.T) {
	table := newNameTable("id")
	for i := range maxLookupEntries {
		if !table.add(record.Item{Raw: fmt.Appendf(nil, `{"id":%d}`, i)}) {
			t.Fatalf("no more wanted after %d", i)
		}
	}
	if table.cut || table.add(record.Item{Raw: []byte(`{"id":"more"}`)}) || !table.cut || table.entries != maxLookupEntries {
		t.Errorf("one entry more: %d, cut %v", table.entries, table.cut)
	}
	table = newNameTable("")
	fits := record.Item{Raw: []byte(`"` + strings.Repeat("x", maxLookupBytes-3) + `"`)}
	if !table.add(fits) || table.add(record.Item{Raw: []byte(`1`)}) || !table.cut {
		t.Errorf("at the bound of bytes: %d, cut %v", len(table.json), table.cut)
	}
}

func TestLookupCache(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	entry := func(bytes int, minutes int) *lookupEntry {
		return &lookupEntry{json: make([]byte, bytes), expires: now.Add(time.Duration(minutes) * time.Minute)}
	}
	var c lookupCache
	if _, ok := c.get(lookupKey{name: "a"}, now); ok {
		t.Error("an empty cache has an entry")
	}
	c.put(lookupKey{name: "a"}, entry(1, 1), now)
	if _, ok := c.get(lookupKey{name: "a"}, now.Add(time.Minute-1)); !ok {
		t.Error("the entry is gone before its time")
	}
	if _, ok := c.get(lookupKey{name: "a"}, now.Add(time.Minute)); ok {
		t.Error("the entry has outlived its time")
	}
	c.put(lookupKey{name: "b"}, entry(1, 9), now.Add(time.Minute))
	if len(c.entries) != 1 || c.bytes != 1 {
		t.Errorf("what has expired stays: %d entries of %d bytes", len(c.entries), c.bytes)
	}
	c.put(lookupKey{name: "c"}, entry(maxLookupCache-1, 5), now)
	if len(c.entries) != 2 || c.bytes != maxLookupCache {
		t.Errorf("at the bound: %d entries of %d bytes", len(c.entries), c.bytes)
	}
	c.put(lookupKey{name: "d"}, entry(1, 3), now)
	if _, ok := c.get(lookupKey{name: "c"}, now); ok || c.bytes != 2 {
		t.Errorf("past the bound what expires first has to go: %d bytes", c.bytes)
	}
	c.put(lookupKey{name: "d"}, entry(2, 3), now)
	if c.bytes != 3 {
		t.Errorf("an entry in the place of another: %d bytes", c.bytes)
	}
}
