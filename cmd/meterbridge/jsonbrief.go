package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// brief is JSON for reading: an object or list that fits into the width stays on its line, every number keeps its digits.
func brief(raw []byte, indent string, width int) (string, error) {
	var flat bytes.Buffer
	if err := json.Compact(&flat, raw); err != nil {
		return "", fmt.Errorf("showing a record: %w", err)
	}
	spaced := spread(flat.Bytes())
	if utf8.RuneCountInString(indent)+utf8.RuneCountInString(spaced) <= width || flat.Len() < 3 {
		return spaced, nil
	}
	opening, closing := flat.Bytes()[0], flat.Bytes()[flat.Len()-1]
	if opening != '{' && opening != '[' {
		return spaced, nil
	}
	dec := json.NewDecoder(&flat)
	if _, err := dec.Token(); err != nil {
		return "", fmt.Errorf("showing a record: %w", err)
	}
	var parts []string
	for dec.More() {
		key := ""
		if opening == '{' {
			k, err := dec.Token()
			if err != nil {
				return "", fmt.Errorf("showing a record: %w", err)
			}
			quoted, _ := json.Marshal(k)
			key = string(quoted) + ": "
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return "", fmt.Errorf("showing a record: %w", err)
		}
		text, err := brief(value, indent+"  ", width-len(key))
		if err != nil {
			return "", err
		}
		parts = append(parts, indent+"  "+key+text)
	}
	return string(opening) + "\n" + strings.Join(parts, ",\n") + "\n" + indent + string(closing), nil
}

// spread puts a blank behind each comma and colon of compact JSON.
func spread(flat []byte) string {
	var b strings.Builder
	inText, escaped := false, false
	for _, c := range flat {
		b.WriteByte(c)
		switch {
		case escaped:
			escaped = false
		case inText && c == '\\':
			escaped = true
		case c == '"':
			inText = !inText
		case !inText && (c == ',' || c == ':'):
			b.WriteByte(' ')
		}
	}
	return b.String()
}
