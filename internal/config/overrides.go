package config

import (
	"encoding/json"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/jq"
)

func (p *parser) overrides(a *account.Account, n *yaml.Node, key string) {
	o := &account.Overrides{Mappings: map[string]jq.Source{}}
	p.object(n, key,
		field{"mappings", func(n *yaml.Node, key string) {
			p.pairs(n, key, func(k, v *yaml.Node, path string) {
				if s, ok := p.program(v, path); ok {
					o.Mappings[k.Value] = s
				}
			})
		}},
		field{"requests", func(n *yaml.Node, key string) {
			d := document{parser: p}
			d.value(n, key)
			o.Requests = jq.Source{File: p.file, Text: d.text.String(), At: d.at}
			o.Requests.Line, o.Requests.Col = n.Line, n.Column
		}},
		field{"untrusted", p.boolean(&o.Untrusted)},
	)
	a.Overrides = o
}

// program is a value that is jq, with the place of each of its bytes.
func (p *parser) program(n *yaml.Node, key string) (jq.Source, bool) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" {
		p.wrong(n, key, "text: a jq expression, in several lines after a |")
		return jq.Source{}, false
	}
	if !p.noVariable(n, key) {
		return jq.Source{}, false
	}
	return jq.Source{File: p.file, Line: n.Line, Col: n.Column, Text: n.Value, At: p.locate(n)}, true
}

// noVariable refuses ${NAME} in an override: its value would be a part of a program.
func (p *parser) noVariable(n *yaml.Node, key string) bool {
	if variable.MatchString(unhide(n.Value)) {
		p.failAt(p.find(n, "${"), key, "takes no variable of the environment; put it into context, which overrides can read")
		return false
	}
	return true
}

func (p *parser) locate(n *yaml.Node) jq.Locator {
	p.split()
	s := jq.Scalar{Line: n.Line, Col: n.Column, Value: n.Value}
	switch {
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		s.Style = jq.Block
	case n.Style&yaml.SingleQuotedStyle != 0:
		s.Style = jq.SingleQuoted
	case n.Style&yaml.DoubleQuotedStyle != 0:
		s.Style = jq.DoubleQuoted
	}
	return jq.Locate(p.lines, s)
}

// document writes a part of the file as a document of its own, in one line, and knows where each byte came from.
type document struct {
	*parser
	text   strings.Builder
	pieces []piece
}

// piece is a key or a scalar of the document.
type piece struct {
	from   int // in the document
	quoted bool
	at     jq.Locator
}

func (d *document) value(n *yaml.Node, key string) {
	switch n.Kind {
	case yaml.MappingNode:
		d.text.WriteByte('{')
		first := true
		d.pairs(n, key, func(k, v *yaml.Node, path string) {
			if !first {
				d.text.WriteByte(',')
			}
			first = false
			d.scalar(k, path, true)
			d.text.WriteByte(':')
			d.value(v, path)
		})
		d.text.WriteByte('}')
	case yaml.SequenceNode:
		d.text.WriteByte('[')
		i := 0
		d.list(n, key, func(v *yaml.Node, path string) {
			if i++; i > 1 {
				d.text.WriteByte(',')
			}
			d.value(v, path)
		})
		d.text.WriteByte(']')
	case yaml.ScalarNode:
		d.scalar(n, key, n.ShortTag() == "!!str")
	default:
		d.wrong(n, key, "a value")
	}
}

func (d *document) scalar(n *yaml.Node, key string, text bool) {
	if !d.noVariable(n, key) {
		return
	}
	d.pieces = append(d.pieces, piece{d.text.Len(), text, d.locate(n)})
	switch {
	case text:
		d.text.Write(jq.AppendString(nil, n.Value))
	case isNull(n):
		d.text.WriteString("null")
	default:
		d.text.WriteString(n.Value)
	}
	d.text.WriteByte(' ') // what follows is no part of a number
}

// at is the place in the file of a byte of the document: that of the piece that it belongs to, or of the one before it.
func (d *document) at(offset int) (line, col int) {
	var of piece
	for _, p := range d.pieces {
		if p.from > offset {
			break
		}
		of = p
	}
	if of.at == nil { // nothing was written yet
		return 1, 1
	}
	if !of.quoted || offset == of.from {
		return of.at(offset - of.from)
	}
	var before string // the value up to there
	if json.Unmarshal([]byte(d.text.String()[of.from:min(offset, d.text.Len())]+`"`), &before) != nil {
		return of.at(0)
	}
	return of.at(len(before))
}
