package recorder

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/meterbridge/meterbridge/internal/record"
)

// editor changes values of a JSON document and leaves every other byte as it is.
type editor struct {
	value func(path []string, raw []byte) []byte // the new text of a value; nil to look into it, or to leave it
	key   func(name string) string
}

// edit is a document as an editor wants it; it must be one whose grammar and depth are known.
func (e editor) edit(doc []byte) []byte {
	out, at := e.walk(nil, doc, record.SkipSpace(doc, 0), nil)
	return append(append(bytes.Clone(doc[:record.SkipSpace(doc, 0)]), out...), doc[at:]...)
}

// walk appends the value at i, and says where it ends.
func (e editor) walk(out, doc []byte, i int, path []string) ([]byte, int) {
	end, _ := record.Scan(doc, i, true)
	raw := doc[i:end]
	if e.value != nil {
		if text := e.value(path, raw); text != nil {
			return append(out, text...), end
		}
	}
	if raw[0] != '{' && raw[0] != '[' {
		return append(out, raw...), end
	}
	out, at := append(out, raw[0]), i+1
	for n := 0; ; n++ {
		next := record.SkipSpace(doc, at)
		if doc[next] == ',' {
			out, at = append(append(out, doc[at:next]...), ','), next+1
			next = record.SkipSpace(doc, at)
		}
		out = append(out, doc[at:next]...)
		if doc[next] == '}' || doc[next] == ']' {
			return append(out, doc[next]), next + 1
		}
		name := strconv.Itoa(n)
		if raw[0] == '{' {
			stop, _ := record.Scan(doc, next, true)
			name = unquoted(doc[next:stop])
			key := doc[next:stop]
			if e.key != nil {
				if as := e.key(name); as != name {
					key = quoted(as)
				}
			}
			value := record.SkipSpace(doc, record.SkipSpace(doc, stop)+1) // behind the colon
			out = append(append(out, key...), doc[stop:value]...)
			next = value
		}
		out, at = e.walk(out, doc, next, append(path[:len(path):len(path)], name))
	}
}

func unquoted(raw []byte) (s string) {
	if json.Unmarshal(raw, &s) != nil {
		return string(raw)
	}
	return s
}

// quoted is a text as JSON, with nothing escaped that need not be.
func quoted(s string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(s) != nil {
		return []byte(`""`) // a string always encodes
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// json is a body without secrets: of JSON, one document or one a line, each text by itself, so that no escape hides one.
func (s *scrubber) json(body []byte) []byte {
	return eachDocument(body, func(doc []byte) []byte {
		return editor{
			value: func(path []string, raw []byte) []byte {
				if raw[0] != '"' {
					return nil
				}
				key, text := "", unquoted(raw)
				if len(path) > 0 {
					key = path[len(path)-1]
				}
				if clean := s.value(key, text); clean != text {
					return quoted(clean)
				}
				return raw
			},
			key: s.text,
		}.edit(doc)
	}, func(text []byte) []byte { return []byte(s.text(string(text))) })
}

// eachDocument calls one function for a body of JSON, or for each line of one that has a document a line, and another for
// any other text.
func eachDocument(body []byte, document, other func([]byte) []byte) []byte {
	if record.IsDocument(body) {
		return document(body)
	}
	lines := strings.SplitAfter(string(body), "\n")
	for _, line := range lines {
		if line = strings.TrimSpace(line); line != "" && !record.IsDocument([]byte(line)) {
			return other(body)
		}
	}
	var out []byte
	for _, line := range lines {
		if strings.TrimSpace(line) == "" {
			out = append(out, line...)
			continue
		}
		out = append(out, document([]byte(line))...)
	}
	return out
}
