package native

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// formats are the functions behind @name.
var formats = map[string]func(m *memory, v value) value{
	"@text": tostring, "@json": tojson, "@html": html, "@uri": uri, "@urid": urid,
	"@csv": row("csv", ','), "@tsv": row("tsv", '\t'), "@sh": shell, "@base64": base64Of, "@base64d": base64From,
}

func formatKnown(name string) bool { return formats[name] != nil }

// format applies a format to a value; one that is not known is jq's error.
func format(m *memory, name string, v value) value {
	f := formats[name]
	if f == nil {
		return failed
	}
	return f(m, v)
}

func formatNamed(m *memory, v, name value) value {
	if name.kind != isText {
		return failed
	}
	for known, f := range formats {
		if known[1:] == name.str() {
			return f(m, v)
		}
	}
	return failed
}

// escaped writes the text of a value with another text for some bytes.
func escaped(m *memory, v value, escape func(b []byte, c byte) []byte) value {
	text := tostring(m, v)
	if text.bad() {
		return text
	}
	b := m.begin()
	s := text.str()
	for i := range len(s) {
		b = escape(b, s[i])
	}
	return m.end(b)
}

func html(m *memory, v value) value {
	return escaped(m, v, func(b []byte, c byte) []byte {
		switch c {
		case '<':
			return append(b, "&lt;"...)
		case '>':
			return append(b, "&gt;"...)
		case '&':
			return append(b, "&amp;"...)
		case '\'':
			return append(b, "&apos;"...)
		case '"':
			return append(b, "&quot;"...)
		}
		return append(b, c)
	})
}

func uri(m *memory, v value) value {
	const hex = "0123456789ABCDEF"
	return escaped(m, v, func(b []byte, c byte) []byte {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-_.~", c) >= 0 {
			return append(b, c)
		}
		return append(b, '%', hex[c>>4], hex[c&15])
	})
}

func urid(m *memory, v value) value {
	text := tostring(m, v)
	if text.bad() {
		return text
	}
	b, s := m.begin(), text.str()
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b = append(b, s[i])
			continue
		}
		if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
			m.end(b[:0])
			return failed
		}
		b = append(b, unhex(s[i+1])<<4|unhex(s[i+2]))
		i += 2
	}
	return m.characters(b)
}

// characters ends a text of decoded bytes. Where they are no characters, gojq has it.
func (m *memory) characters(b []byte) value {
	if !utf8.Valid(b) {
		m.end(b[:0])
		return unknown
	}
	return m.end(b)
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

func base64Of(m *memory, v value) value {
	text := tostring(m, v)
	if text.bad() {
		return text
	}
	return m.end(base64.StdEncoding.AppendEncode(m.begin(), []byte(text.str())))
}

func base64From(m *memory, v value) value {
	text := tostring(m, v)
	if text.bad() {
		return text
	}
	s, _, _ := strings.Cut(text.str(), "=")
	b, err := base64.RawStdEncoding.AppendDecode(m.begin(), []byte(s))
	if err != nil {
		m.end(b[:0])
		return failed
	}
	return m.characters(b)
}

func shell(m *memory, v value) value {
	if v.kind != isArray {
		one := m.values(1)
		one[0] = v
		v = arrayOf(one)
	}
	return row("sh", ' ')(m, v)
}

// row writes an array of scalars, with texts escaped.
func row(kind string, separator byte) func(*memory, value) value {
	return func(m *memory, v value) value {
		if v.kind != isArray {
			return failed
		}
		b := m.begin()
		for i, e := range v.elems() {
			if i > 0 {
				b = append(b, separator)
			}
			switch e.kind {
			case isArray, isObject:
				m.end(b[:0])
				return failed
			case isText:
				b = appendCell(b, kind, e.str())
			default:
				from := len(b)
				if b, _ = appendJQ(b, e, 0); string(b[from:]) == "null" && kind != "sh" {
					b = b[:from]
				}
			}
		}
		return m.end(b)
	}
}

func appendCell(b []byte, kind, s string) []byte {
	quote := map[string]byte{"csv": '"', "sh": '\''}[kind]
	if quote != 0 {
		b = append(b, quote)
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c == 0:
			b = append(b, '\\', '0')
		case c == '"' && kind == "csv":
			b = append(b, '"', '"')
		case c == '\'' && kind == "sh":
			b = append(b, `'\''`...)
		case kind == "tsv" && c == '\t':
			b = append(b, '\\', 't')
		case kind == "tsv" && c == '\r':
			b = append(b, '\\', 'r')
		case kind == "tsv" && c == '\n':
			b = append(b, '\\', 'n')
		case kind == "tsv" && c == '\\':
			b = append(b, '\\', '\\')
		default:
			b = append(b, c)
		}
	}
	if quote != 0 {
		b = append(b, quote)
	}
	return b
}
