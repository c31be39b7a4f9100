package mappingtest

import (
	"regexp"

	"github.com/meterbridge/meterbridge/internal/record"
)

// doc is a JSON document as it is written: keys and scalars keep their bytes, so that a document can be changed in one
// place, or be made as no encoder would make it.
type doc struct {
	kind kind     // array, object, or anything else
	raw  string   // of a scalar
	keys []string // with their quotes
	kids []*doc
}

var (
	dated   = regexp.MustCompile(`^"\d{4}-\d\d(-\d\d)?([T ][0-9:.]+(Z|[+-]\d\d:\d\d)?)?"$`)
	numeric = regexp.MustCompile(`^"-?(0|[1-9]\d*)(\.\d+)?"$`)
)

// parse reads a document; nil where it is none.
func parse(b []byte) *doc {
	i := record.SkipSpace(b, 0)
	end, st := record.Scan(b, i, true)
	if st != record.Done || record.SkipSpace(b, end) != len(b) {
		return nil
	}
	d, _ := read(b, i)
	return d
}

// read reads the value at i of bytes that were scanned.
func read(b []byte, i int) (*doc, int) {
	i = record.SkipSpace(b, i)
	if b[i] != '{' && b[i] != '[' {
		end, _ := record.Scan(b, i, true)
		return &doc{raw: string(b[i:end])}, end
	}
	d := &doc{kind: array}
	if b[i] == '{' {
		d.kind = object
	}
	for i++; ; {
		i = record.SkipSpace(b, i)
		if b[i] == ',' {
			i++
			continue
		}
		if b[i] == ']' || b[i] == '}' {
			return d, i + 1
		}
		if d.kind == object {
			var key *doc
			key, i = read(b, i)
			d.keys = append(d.keys, key.raw)
			i = record.SkipSpace(b, i) + 1 // the colon
		}
		var kid *doc
		kid, i = read(b, i)
		d.kids = append(d.kids, kid)
	}
}

// append writes the document; space is called between any two tokens.
func (d *doc) append(b []byte, space func([]byte) []byte) []byte {
	if d.kind != array && d.kind != object {
		return append(b, d.raw...)
	}
	b = append(b, "[{"[d.kind-array])
	for i, kid := range d.kids {
		if i > 0 {
			b = append(space(b), ',')
		}
		b = space(b)
		if d.kind == object {
			b = space(append(space(append(b, d.keys[i]...)), ':'))
		}
		b = kid.append(b, space)
	}
	return append(space(b), "]}"[d.kind-array])
}

func (d *doc) String() string {
	return string(d.append(nil, func(b []byte) []byte { return b }))
}

func (d *doc) clone() *doc {
	c := &doc{d.kind, d.raw, append([]string(nil), d.keys...), make([]*doc, len(d.kids))}
	for i, k := range d.kids {
		c.kids[i] = k.clone()
	}
	return c
}

// all lists the document and what is in it.
func (d *doc) all(into []*doc) []*doc {
	into = append(into, d)
	for _, k := range d.kids {
		into = k.all(into)
	}
	return into
}

// drop leaves out the i-th member or element.
func (d *doc) drop(i int) {
	d.kids = append(d.kids[:i:i], d.kids[i+1:]...)
	if d.kind == object {
		d.keys = append(d.keys[:i:i], d.keys[i+1:]...)
	}
}
