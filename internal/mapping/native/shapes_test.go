package native

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/record"
)

// pages are items of one kind after another, of the shapes that providers send.
func pages() map[string][]byte {
	r := rand.New(rand.NewPCG(5, 6))
	page := func(item func(i int) string) []byte {
		var b bytes.Buffer
		for i := range 200 {
			b.WriteString(item(i) + "\n")
		}
		return b.Bytes()
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, []byte(costLine), "", "  "); err != nil {
		panic(err)
	}
	return map[string][]byte{
		"same keys": page(func(int) string { return costLine }),
		"indented":  page(func(int) string { return indented.String() }),
		"some keys": page(func(int) string {
			var members []string
			for k := range 20 {
				if r.IntN(4) > 0 {
					members = append(members, fmt.Sprintf(`"a_field_%d":"value %d"`, k, r.IntN(1000)))
				}
			}
			return "{" + strings.Join(members, ",") + "}"
		}),
		"kinds of lines": page(func(int) string {
			switch r.IntN(4) {
			case 0:
				return `{"id":"a","kind":"tax","amount":"1.50","currency":"USD"}`
			case 1:
				return `{"id":"a","kind":"usage","quantity":17,"unit":"hour","amount":"12.25","currency":"USD","resource":{"id":"r","name":"n"}}`
			case 2:
				return `{"id":"a","kind":"usage","quantity":null,"amount":"12.25","currency":"USD","tags":[{"key":"env","value":"prod"},{"key":"team","value":"a"}]}`
			}
			return `{"id":"a","credit":true,"kind":"credit","amount":"-1.50","currency":"USD","reason":"a longer text, of several words, that says why"}`
		}),
		"tags": page(func(int) string {
			var members []string
			for _, k := range r.Perm(8)[:r.IntN(6)] {
				members = append(members, fmt.Sprintf(`"tag%d":"v%d"`, k, r.IntN(100)))
			}
			return `{"id":"a","tags":{` + strings.Join(members, ",") + `}}`
		}),
		"keys that are data": page(func(i int) string {
			return fmt.Sprintf(`{"date":"2026-01-01","users":{"user-%d":{"cost":1.5,"model":"m"},"user-%d":{"cost":2.5,"model":"m"}}}`, r.IntN(1_000_000), r.IntN(1_000_000))
		}),
		"texts of the world": page(func(i int) string {
			return fmt.Sprintf(`{"id":%d,"name":"Müller & Söhne GmbH","city":"東京","quoted":"a \"quoted\" text\n","escaped":"caf\u00e9","path":"C:\\temp"}`, i)
		}),
		"rows": page(func(i int) string { return fmt.Sprintf(`["2026-01-01",%d,"a product",%d.25,null,[1,2,3]]`, i, i*i) }),
	}
}

// BenchmarkShapes scans pages to values; "valid" is record.Scan, which makes none.
func BenchmarkShapes(b *testing.B) {
	for name, page := range pages() {
		m := newMemory()
		walk := func(b *testing.B, scan func(window []byte, i int, eof bool) (int, record.Status)) {
			b.SetBytes(int64(len(page)))
			b.ReportAllocs()
			for b.Loop() {
				for i := 0; i < len(page); {
					m.reset()
					end, st := scan(page, i, false)
					if st != record.Done {
						b.Fatal(st)
					}
					i = end + 1
				}
			}
		}
		b.Run(name+"/values", func(b *testing.B) {
			walk(b, func(window []byte, i int, eof bool) (int, record.Status) {
				_, end, st := m.scan(window, i, eof)
				return end, st
			})
		})
		b.Run(name+"/valid", func(b *testing.B) { walk(b, record.Scan) })
	}
}
