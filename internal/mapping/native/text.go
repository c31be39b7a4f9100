package native

import (
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"
	"unsafe"

	"github.com/meterbridge/meterbridge/internal/house"
	"github.com/meterbridge/meterbridge/internal/record"
)

// Functions of texts. A part of a text shares its bytes.

// part is a text from one byte of another to a second.
func (v value) part(i, j int) value {
	if i == j {
		return plainText("")
	}
	p := v
	p.p, p.x = unsafe.Add(v.p, i), uint64(j-i)
	if p.form = asPlain; !v.plain() {
		p.form = plainness(isPlain(unsafe.Slice((*byte)(p.p), j-i)))
	}
	return p
}

// within is a part that a function of Go's cut out of a text.
func (v value) within(s string) value {
	if s == "" {
		return v.part(0, 0)
	}
	at := int(uintptr(unsafe.Pointer(unsafe.StringData(s))) - uintptr(v.p))
	return v.part(at, at+len(s))
}

// valid reports that all bytes of a text are characters. What is decoded from something else may have others.
func (v value) valid() bool { return v.plain() || utf8.ValidString(v.str()) }

// runes is the number of a text's characters.
func (v value) runes() int {
	if v.plain() {
		return int(v.x)
	}
	return utf8.RuneCountInString(v.str())
}

func trimmed(f func(string) string) func(*memory, value) value {
	return func(_ *memory, v value) value {
		if v.kind != isText {
			return failed
		}
		return v.within(f(v.str()))
	}
}

func ltrim(s string) string { return strings.TrimLeftFunc(s, unicode.IsSpace) }

func rtrim(s string) string { return strings.TrimRightFunc(s, unicode.IsSpace) }

func cut(f func(s, by string) string) func(*memory, value, value) value {
	return func(_ *memory, v, by value) value {
		if v.kind != isText || by.kind != isText {
			return failed
		}
		return v.within(f(v.str(), by.str()))
	}
}

func trimBoth(s, by string) string { return strings.TrimSuffix(strings.TrimPrefix(s, by), by) }

func tested(f func(s, by string) bool) func(*memory, value, value) value {
	return func(_ *memory, v, by value) value {
		if v.kind != isText || by.kind != isText {
			return failed
		}
		return boolean(f(v.str(), by.str()))
	}
}

// cased changes the case of ASCII letters from low to high.
func cased(low, high byte) func(*memory, value) value {
	return func(m *memory, v value) value {
		if v.kind != isText {
			return failed
		}
		s := v.str()
		first := 0
		for first < len(s) && (s[first] < low || s[first] > high) {
			first++
		}
		switch {
		case !v.valid():
			return unknown
		case first == len(s):
			return v
		}
		b := append(m.begin(), s...)
		for i := first; i < len(b); i++ {
			if c := b[i]; low <= c && c <= high {
				b[i] = c ^ 0x20
			}
		}
		return m.end(b)
	}
}

func explode(m *memory, v value) value {
	if v.kind != isText {
		return failed
	}
	out, i := m.values(v.runes()), 0
	for _, r := range v.str() {
		out[i] = integer(int(r))
		i++
	}
	return arrayOf(out)
}

func implode(m *memory, v value) value {
	if v.kind != isArray {
		return failed
	}
	b := m.begin()
	for _, e := range v.elems() {
		if e.kind != isNumber {
			m.end(b[:0])
			return failed
		}
		r := toInt(e)
		if r < 0 || r > utf8.MaxRune {
			r = utf8.RuneError
		}
		b = utf8.AppendRune(b, rune(r))
	}
	return m.end(b)
}

func split(m *memory, v, by value) value {
	if v.kind != isText || by.kind != isText {
		return failed
	}
	s, sep := v.str(), by.str()
	switch {
	case s == "":
		return arrayOf(nil)
	case sep == "":
		return characters(m, v)
	}
	out := m.values(strings.Count(s, sep) + 1)
	at := 0
	for i := range len(out) - 1 {
		n := strings.Index(s[at:], sep)
		out[i] = v.part(at, at+n)
		at += n + len(sep)
	}
	out[len(out)-1] = v.part(at, len(s))
	return arrayOf(out)
}

func characters(m *memory, v value) value {
	s := v.str()
	out, at := m.values(v.runes()), 0
	for i := range out {
		_, size := utf8.DecodeRuneInString(s[at:])
		out[i] = v.part(at, at+size)
		at += size
	}
	return arrayOf(out)
}

// tonumber reads the numbers of JSON. jq takes a few more.
func tonumber(_ *memory, v value) value {
	switch v.kind {
	case isNumber:
		return v
	case isText:
		s := v.str()
		if house.IsNumber(s) {
			return literal(s).number()
		}
		if s == "" || strings.Trim(s, "0123456789+-.eE") != "" {
			return failed
		}
		return unknown
	}
	return failed
}

func toboolean(_ *memory, v value) value {
	switch {
	case v.kind == isTrue || v.kind == isFalse:
		return v
	case v.kind != isText:
		return failed
	}
	switch v.str() {
	case "true":
		return yes
	case "false":
		return no
	}
	return failed
}

// fromjson reads one document.
func fromjson(m *memory, v value) value {
	if v.kind != isText {
		return failed
	}
	doc := unsafe.Slice((*byte)(v.p), int(v.x))
	out, end, st := m.scan(doc, 0, true)
	switch {
	case st == record.Done && record.SkipSpace(doc, end) == len(doc):
		return out
	case json.Valid(doc):
		return unknown // it nests too deep for us
	}
	return failed
}
