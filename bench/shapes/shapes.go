// Package shapes makes providers' answers of any size from a seed: the shapes are those that connectors read, the values
// are made up. One seed gives the same bytes on every machine.
//
// A shape writes one item after another; a page is as many of them as fill it. Nearly all items are plain, as they are at
// a provider's; about one in twenty is one of those that a mapping has its branches for.
package shapes

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Shape is the form of one provider's items, and what stands beside them when they are mapped.
type Shape struct {
	Name   string // of the connector
	Vars   Vars
	Nested bool // the items of a page stand in buckets: the list is the bucket's, not the page's
	open   string
	close  string
	item   func(g *Gen, dst []byte) []byte
}

// Vars are the roots of a mapping, as JSON.
type Vars struct {
	Query, Account, Call, Lookups, Parent string
}

// Gen is the state of a generator: the same seed and month, the same items.
type Gen struct {
	*rand.Rand
	Month time.Time // the first of the month that items are of
	N     int       // items so far
}

// New is a generator of a seed.
func New(seed uint64, month time.Time) *Gen {
	return &Gen{Rand: rand.New(rand.NewPCG(seed, 1)), Month: month}
}

// Month is the month before the last one of a day: providers no longer restate it.
func Month(now time.Time) time.Time {
	return time.Date(now.UTC().Year(), now.UTC().Month()-2, 1, 0, 0, 0, 0, time.UTC)
}

// All are the shapes, those of the founding connectors first.
func All(month time.Time) []Shape {
	return []Shape{Confluent(month), Datadog(month), SumoLogic(month), Talkdesk(month), OpenAI(month), Vercel(month)}
}

// Of is the shape of a connector.
func Of(name string, month time.Time) (Shape, error) {
	for _, s := range All(month) {
		if s.Name == name {
			return s, nil
		}
	}
	return Shape{}, fmt.Errorf("no shape is named %s", name)
}

// Item appends one item.
func (s Shape) Item(g *Gen, dst []byte) []byte {
	g.N++
	return s.item(g, dst)
}

// Items appends items, separated by sep, until dst has grown by size bytes, and says how many there are.
func (s Shape) Items(g *Gen, dst []byte, size int, sep string) ([]byte, int) {
	from, n := len(dst), 0
	for n == 0 || len(dst)-from < size {
		if n > 0 {
			dst = append(dst, sep...)
		}
		dst = s.Item(g, dst)
		n++
	}
	return dst, n
}

// Page is an answer of about size bytes, and how many items it has. next stands where the provider has its next page.
func (s Shape) Page(g *Gen, size int, next string) ([]byte, int) {
	b, n := s.Items(g, append([]byte(nil), s.open...), size-len(s.open)-len(s.close), ",\n")
	return fmt.Appendf(b, s.close, next), n
}

// Open is what stands before the items of a page.
func (s Shape) Open() string { return s.open }

// pick is one of several.
func pick[T any](g *Gen, of ...T) T { return of[g.IntN(len(of))] }

// rare is true for one in twenty.
func (g *Gen) rare() bool { return g.IntN(20) == 0 }

// money is an amount with as many digits as one wants.
func (g *Gen) money(digits int) string {
	return fmt.Sprintf("%d.%0*d", g.IntN(500), digits, g.Int64N(pow10(digits)))
}

func pow10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}

// hex is an id.
func (g *Gen) hex(digits int) string {
	const set = "0123456789abcdef"
	b := make([]byte, digits)
	for i := range b {
		b[i] = set[g.IntN(len(set))]
	}
	return string(b)
}

func (g *Gen) day() time.Time { return g.Month.AddDate(0, 0, g.IntN(28)) }
