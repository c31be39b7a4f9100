package jq

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/meterbridge/meterbridge/internal/record"
)

// Decode reads one JSON document into values that programs take, with numbers as their text. Documents that nest
// deeper than record.MaxDepth are refused before any of it is decoded. Of a repeated key the last value counts, and
// what is no UTF-8 becomes U+FFFD, as in encoding/json.
func Decode(b []byte) (any, error) {
	end, st := record.Scan(b, 0, true)
	if st != record.Done {
		return nil, fmt.Errorf("reading JSON: malformed, or deeper than %d, at byte %d", record.MaxDepth, end)
	}
	if rest := record.SkipSpace(b, end); rest != len(b) {
		return nil, fmt.Errorf("reading JSON: more than one document, at byte %d", rest)
	}
	return DecodeScanned(b), nil
}

// DecodeScanned is Decode for bytes that record.Scan has found to be one document, which spares the second look. It
// must not be given anything else. Strings and numbers are slices of one copy of the document.
func DecodeScanned(b []byte) any {
	d := decoder{text: string(b)}
	return d.value()
}

type decoder struct {
	text string
	i    int
}

// next skips white space and is the byte that follows.
func (d *decoder) next() byte {
	for d.text[d.i] <= ' ' {
		d.i++
	}
	return d.text[d.i]
}

func (d *decoder) value() any {
	switch d.next() {
	case '{':
		return d.object()
	case '[':
		return d.array()
	case '"':
		return d.str()
	case 't':
		d.i += len("true")
		return true
	case 'f':
		d.i += len("false")
		return false
	case 'n':
		d.i += len("null")
		return nil
	}
	start := d.i
	for d.i < len(d.text) && strings.IndexByte("+-.0123456789Ee", d.text[d.i]) >= 0 {
		d.i++
	}
	return json.Number(d.text[start:d.i])
}

func (d *decoder) object() any {
	m := make(map[string]any)
	d.i++
	for d.next() != '}' {
		if d.text[d.i] == ',' {
			d.i++
			d.next()
		}
		k := d.str()
		d.next()
		d.i++ // the colon
		m[k] = d.value()
	}
	d.i++
	return m
}

func (d *decoder) array() any {
	vs := []any{}
	d.i++
	for d.next() != ']' {
		if d.text[d.i] == ',' {
			d.i++
		}
		vs = append(vs, d.value())
	}
	d.i++
	return vs
}

func (d *decoder) str() string {
	start, plain := d.i, true
	for d.i++; ; d.i++ {
		switch c := d.text[d.i]; {
		case c == '"':
			d.i++
			if s := d.text[start+1 : d.i-1]; plain || utf8.ValidString(s) && strings.IndexByte(s, '\\') < 0 {
				return s
			}
			var s string
			if json.Unmarshal([]byte(d.text[start:d.i]), &s) != nil { // what the scan let pass, this reads
				return ""
			}
			return s
		case c == '\\':
			d.i++
			plain = false
		case c >= utf8.RuneSelf:
			plain = false
		}
	}
}
