package mappingtest

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf16"
)

// mutations change a document in place. The first ones leave its meaning alone.
var mutations = []func(d *Dice, root *doc){
	(*Dice).escapeKey, (*Dice).escapeText, (*Dice).reorder, (*Dice).repeatEqual,
	(*Dice).oddNumber, (*Dice).oddText, (*Dice).otherDate,
	(*Dice).remove, (*Dice).retype, (*Dice).repeatKey, (*Dice).grow, (*Dice).widen, (*Dice).deepen, (*Dice).rename,
}

// harmless is how many of the mutations change no value.
const harmless = 4

// Mutated is an item with a few changes; often it means the same as before.
func (d *Dice) Mutated(item []byte) []byte {
	if v := parse(item); v != nil {
		return d.mutated(v)
	}
	return d.damage(append([]byte(" "), item...))
}

func (d *Dice) mutated(base *doc) []byte {
	v := base.clone()
	of := harmless
	if d.once(3) {
		of = len(mutations)
	}
	for range d.below(4) {
		mutations[d.below(of)](d, v)
	}
	b := v.append(nil, d.spaces())
	if d.once(60) && len(b) > 0 {
		b = d.damage(b)
	}
	return b
}

// spaces decides how much white space a document has.
func (d *Dice) spaces() func([]byte) []byte {
	seldom := pick(d, []int{0, 0, 3, 40})
	return func(b []byte) []byte {
		if seldom > 0 && d.once(seldom) {
			b = append(b, pick(d, []string{" ", "\n", "\t", "\r\n", "  "})...)
		}
		return b
	}
}

// any is a part of the document that test takes, nil where there is none.
func (d *Dice) any(root *doc, test func(*doc) bool) *doc {
	var fit []*doc
	for _, v := range root.all(nil) {
		if test(v) {
			fit = append(fit, v)
		}
	}
	if len(fit) == 0 {
		return nil
	}
	return pick(d, fit)
}

func (d *Dice) anyObject(root *doc) *doc {
	return d.any(root, func(v *doc) bool { return v.kind == object && len(v.kids) > 0 })
}

func (d *Dice) anyScalar(root *doc, kinds ...kind) *doc {
	return d.any(root, func(v *doc) bool {
		if v.kind == array || v.kind == object {
			return false
		}
		for _, k := range kinds {
			if kindOf(v).fits(k) {
				return true
			}
		}
		return false
	})
}

// escaped writes one or all characters of a text by their number.
func (d *Dice) escaped(raw string) string {
	var s string
	if json.Unmarshal([]byte(raw), &s) != nil || s == "" {
		return raw
	}
	runes, one := []rune(s), d.below(len([]rune(s))+1)
	var b strings.Builder
	b.WriteByte('"')
	for i, r := range runes {
		if one < len(runes) && i != one {
			q := quoted(string(r))
			b.WriteString(q[1 : len(q)-1])
			continue
		}
		if hi, lo := utf16.EncodeRune(r); hi != '\uFFFD' {
			fmt.Fprintf(&b, `\u%04x\u%04X`, hi, lo)
		} else {
			fmt.Fprintf(&b, pick(d, []string{`\u%04x`, `\u%04X`}), r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func (d *Dice) escapeKey(root *doc) {
	if v := d.anyObject(root); v != nil {
		i := d.below(len(v.keys))
		v.keys[i] = d.escaped(v.keys[i])
	}
}

func (d *Dice) escapeText(root *doc) {
	if v := d.anyScalar(root, text); v != nil {
		v.raw = d.escaped(v.raw)
	}
}

func (d *Dice) reorder(root *doc) {
	if v := d.anyObject(root); v != nil {
		i, j := d.below(len(v.keys)), d.below(len(v.keys))
		v.keys[i], v.keys[j] = v.keys[j], v.keys[i]
		v.kids[i], v.kids[j] = v.kids[j], v.kids[i]
	}
}

// repeatEqual has a member twice, escaped perhaps.
func (d *Dice) repeatEqual(root *doc) {
	if v := d.anyObject(root); v != nil {
		i := d.below(len(v.keys))
		v.keys = append(v.keys, pick(d, []string{v.keys[i], d.escaped(v.keys[i])}))
		v.kids = append(v.kids, v.kids[i].clone())
	}
}

// repeatKey has a member twice, with another value before it or behind.
func (d *Dice) repeatKey(root *doc) {
	if v := d.anyObject(root); v != nil {
		i := d.below(len(v.keys))
		v.keys = append([]string{v.keys[i]}, v.keys...)
		v.kids = append([]*doc{d.whatever(2)}, v.kids...)
	}
}

func (d *Dice) oddNumber(root *doc) {
	if v := d.anyScalar(root, number); v != nil {
		v.raw = d.scalar(number, true)
	}
}

func (d *Dice) oddText(root *doc) {
	if v := d.anyScalar(root, text); v != nil {
		v.raw = d.scalar(text, true)
	}
}

func (d *Dice) otherDate(root *doc) {
	if v := d.anyScalar(root, date); v != nil {
		v.raw = d.scalar(date, d.once(3))
	}
}

func (d *Dice) remove(root *doc) {
	if v := d.any(root, func(v *doc) bool { return len(v.kids) > 0 }); v != nil {
		v.drop(d.below(len(v.kids)))
	}
}

func (d *Dice) retype(root *doc) { *d.any(root, func(*doc) bool { return true }) = *d.whatever(2) }

func (d *Dice) rename(root *doc) {
	if v := d.anyObject(root); v != nil {
		v.keys[d.below(len(v.keys))] = pick(d, []string{quoted(pick(d, names)), pick(d, odd)})
	}
}

// grow repeats an element, now and then very often.
func (d *Dice) grow(root *doc) {
	v := d.any(root, func(v *doc) bool { return v.kind == array && len(v.kids) > 0 })
	if v == nil {
		return
	}
	e := pick(d, v.kids)
	for range pick(d, []int{1, 3, 20, 300}) {
		v.kids = append(v.kids, e.clone())
	}
}

// widen gives an object more members, now and then very many.
func (d *Dice) widen(root *doc) {
	v := d.any(root, func(v *doc) bool { return v.kind == object })
	if v == nil {
		return
	}
	for i := range pick(d, []int{1, 2, 9, 30, 255, 257, 600}) {
		v.keys = append(v.keys, quoted(fmt.Sprintf("%s%d", pick(d, names), i)))
		v.kids = append(v.kids, &doc{raw: d.scalar(anything, d.once(9))})
	}
}

// deepen puts a value into many arrays and objects, perhaps more than there may be.
func (d *Dice) deepen(root *doc) {
	v := d.any(root, func(*doc) bool { return true })
	inner := v.clone()
	for range pick(d, []int{1, 5, 55, 70}) {
		if d.once(2) {
			inner = &doc{kind: array, kids: []*doc{inner}}
		} else {
			inner = &doc{kind: object, keys: []string{`"deep"`}, kids: []*doc{inner}}
		}
	}
	*v = *inner
}

// whatever is any value at all.
func (d *Dice) whatever(depth int) *doc {
	if depth == 0 || !d.once(3) {
		return &doc{raw: d.scalar(anything, d.once(2))}
	}
	return d.value(d.randomMember(depth-1), 4)
}

// damage makes bytes that are no JSON, mostly.
func (d *Dice) damage(b []byte) []byte {
	i := d.below(len(b))
	switch d.below(4) {
	case 0:
		return b[:i]
	case 1:
		b[i] = byte(d.below(256))
		return b
	case 2:
		return append(b[:i:i], b[i+1:]...)
	}
	return append(append(b[:i:i], pick(d, []string{",", "]", "}", "\"", "\\", "NaN", "01", "\x00", "+1", "'", "\n", "\xef\xbb\xbf"})...), b[i:]...)
}
