package jq

import (
	"errors"
	"strconv"
	"strings"
)

// StableID is the house's `stable_id` of texts, "" among them for null.
func StableID(parts ...string) string {
	list := make([]any, len(parts))
	for i, p := range parts {
		if p != "" {
			list[i] = p
		}
	}
	id, _ := stableID(list).(string) // texts always make an id
	return id
}

// stableID joins the parts of an id with ":". Other bytes than A-Za-z0-9._- are written as ~XX and null as ~, so that
// different lists of texts never meet in one id.
func stableID(v any) any {
	parts, ok := v.([]any)
	if !ok || len(parts) == 0 {
		return wrong(v, "an array of parts")
	}
	var b []byte
	for i, p := range parts {
		if i > 0 {
			b = append(b, ':')
		}
		switch p := p.(type) {
		case nil:
			b = append(b, '~')
		case string:
			b = appendIDPart(b, p)
		case bool:
			b = strconv.AppendBool(b, p)
		default:
			n, err := AppendNumber(nil, p)
			if err != nil {
				return wrong(p, "a part of an id: a string, a number or null")
			}
			b = appendIDPart(b, string(n))
		}
	}
	return string(b)
}

func appendIDPart(b []byte, s string) []byte {
	const upper = "0123456789ABCDEF"
	for i := range len(s) {
		if c := s[i]; c == '.' || c == '-' || word(c, true) {
			b = append(b, c)
		} else {
			b = append(b, '~', upper[c>>4], upper[c&15])
		}
	}
	return b
}

// slug is lower case, with everything but a-z and 0-9 as single underscores between words.
func slug(v any) any {
	s, ok := v.(string)
	if !ok {
		if v == nil {
			return nil
		}
		return wrong(v, "a string")
	}
	b := make([]byte, 0, len(s))
	gap := false
	for i := range len(s) {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c >= 'a' && c <= 'z' || digit(c) {
			if gap && len(b) > 0 {
				b = append(b, '_')
			}
			gap = false
			b = append(b, c)
		} else {
			gap = true
		}
	}
	return string(b)
}

// MaxText bounds the string that replace_all makes.
const MaxText = 1 << 20

var errText = errors.New("the result is longer than 1 MiB")

// replaceAll replaces literal text, in linear time and within MaxText.
func replaceAll(v, a, b any) any {
	s, ok := v.(string)
	if !ok {
		if v == nil {
			return nil
		}
		return wrong(v, "a string")
	}
	from, ok1 := a.(string)
	to, ok2 := b.(string)
	if !ok1 || !ok2 || from == "" {
		return errors.New("takes two strings, of which the first is not empty")
	}
	if n := strings.Count(s, from); len(s)+n*(len(to)-len(from)) > MaxText {
		return errText
	}
	return strings.ReplaceAll(s, from, to)
}
