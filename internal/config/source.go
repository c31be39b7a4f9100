package config

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// braced is ${NAME} or ${NAME:-default}, and variable the same with the further dollar that makes it literal. braced
// starts with a literal, by which regexp finds it in a large file in a small part of the time.
var (
	braced   = regexp.MustCompile(`\$\{` + inBraces)
	variable = regexp.MustCompile(`\$?\$\{` + inBraces)
)

const inBraces = `[A-Za-z_][A-Za-z0-9_]*(:-[^}\n]*)?\}`

// To YAML, { api_key: ${KEY} } is a map within a map, and a default may hold any of its signs. So a variable's
// characters are moved to a private plane of Unicode before the text is parsed and back after, one for one, which
// keeps every column. ASCII alone needs to move; YAML gives no other character a meaning inside a scalar.
const veil = 0x10FF00

func hide(text []byte) []byte {
	return braced.ReplaceAllFunc(text, func(v []byte) []byte {
		out := make([]byte, 0, utf8.UTFMax*len(v))
		for _, r := range string(v) {
			if r < utf8.RuneSelf {
				r += veil
			}
			out = utf8.AppendRune(out, r)
		}
		return out
	})
}

func unhide(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= veil && r < veil+utf8.RuneSelf {
			return r - veil
		}
		return r
	}, text)
}

// document is the root of the file, nil where it is empty or has an error.
func (p *parser) document() *yaml.Node {
	if len(p.text) > MaxBytes {
		p.errs = append(p.errs, &Error{p.file, 1, 1, "the file is larger than " + strconv.Itoa(MaxBytes) + " bytes"})
		return nil
	}
	if i := bytes.IndexFunc(p.text, func(r rune) bool { return r >= veil && r < veil+utf8.RuneSelf }); i >= 0 {
		line := 1 + bytes.Count(p.text[:i], []byte("\n"))
		p.errs = append(p.errs, &Error{p.file, line, 1, "the file has a character of the private plane U+10FFxx, which has no meaning"})
		return nil
	}
	dec := yaml.NewDecoder(bytes.NewReader(hide(p.text)))
	var doc, more yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return nil
	} else if err != nil {
		p.syntax(err)
		return nil
	}
	if err := dec.Decode(&more); err == nil {
		p.fail(&more, "", "the file has a second document; everything belongs into one")
		return nil
	} else if !errors.Is(err, io.EOF) {
		p.syntax(err)
		return nil
	}
	return doc.Content[0]
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// syntax reports what the YAML parser says, which knows a line at most.
func (p *parser) syntax(err error) {
	text, line := err.Error(), 1
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		text = text[len(m[0]):]
		if n, err := strconv.Atoi(m[1]); err == nil {
			line = n
			if strings.HasPrefix(text, "did not find") { // this family counts lines from 0
				line++
			}
		}
	}
	if strings.HasPrefix(text, "unknown anchor") { // it quotes the value, which may be a secret
		text = "a value that starts with * must stand in quotes"
	}
	p.errs = append(p.errs, &Error{p.file, line, 1, "the YAML is malformed: " + unhide(text)})
}
