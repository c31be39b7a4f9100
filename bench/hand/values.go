package hand

import (
	"bytes"
	"encoding/json"

	"github.com/meterbridge/meterbridge/internal/money"
)

// orNull appends a value, null where there is none.
func orNull(dst, v []byte) []byte {
	if v == nil {
		return append(dst, "null"...)
	}
	return append(dst, v...)
}

// day appends the day of a date as a moment.
func day(dst, date []byte) []byte {
	if len(date) < 12 {
		panic(errMalformed)
	}
	return append(append(dst, date[:11]...), `T00:00:00Z"`...)
}

// negated appends a number with the other sign.
func negated(dst, number []byte) []byte {
	if number[0] == '-' {
		return append(dst, number[1:]...)
	}
	return append(append(dst, '-'), number...)
}

func decimal(number []byte) money.Dec {
	d, err := money.Parse(string(number))
	if err != nil {
		panic(errMalformed)
	}
	return d
}

// part appends one part of an id that is made of several: other bytes than A-Za-z0-9._- as ~XX, and ~ for null.
func part(dst, v []byte) []byte {
	if v == nil {
		return append(dst, '~')
	}
	if v[0] == '"' {
		v = text(v)
	}
	const upper = "0123456789ABCDEF"
	for _, c := range v {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_' {
			dst = append(dst, c)
		} else {
			dst = append(dst, '~', upper[c>>4], upper[c&15])
		}
	}
	return dst
}

// text is what a string says.
func text(v []byte) []byte {
	if bytes.IndexByte(v, '\\') < 0 {
		return plain(v)
	}
	var s string
	if json.Unmarshal(v, &s) != nil {
		panic(errMalformed)
	}
	return []byte(s)
}

// plain is a string's bytes without its quotes.
func plain(v []byte) []byte {
	if len(v) < 2 {
		return nil
	}
	return v[1 : len(v)-1]
}
