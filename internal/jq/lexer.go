package jq

import "strings"

type tokenKind uint8

const (
	tokWord   tokenKind = iota // identifiers and keywords
	tokVar                     // $name
	tokIndex                   // .name, without its dot in text
	tokNumber                  //
	tokFormat                  // @name
	tokString                  // a string literal without interpolation
	tokOpen                    // the quote that opens a string with interpolation
	tokPart                    // a literal part of such a string
	tokOp                      // everything else
)

// token is a word of a program. Only the kinds that the syntax tree keeps need their text.
type token struct {
	kind tokenKind
	text string
	pos  int
}

var operators = []string{"//=", "..", "|=", "+=", "-=", "*=", "/=", "//", "%=", "==", "!=", ">=", "<="}

// lexer follows gojq's, for texts that gojq has already parsed. On any other it ends early and does no harm.
type lexer struct {
	text   string
	tokens []token
	opened int // start of the string that the text ends in, -1 if none
}

func lex(text string) []token {
	l := lexer{text: text, opened: -1}
	l.run(0, false)
	return l.tokens
}

// openString is where the string starts that is never closed.
func openString(text string) int {
	l := lexer{text: text, opened: -1}
	if l.run(0, false); l.opened >= 0 {
		return l.opened
	}
	return len(text)
}

func (l *lexer) add(kind tokenKind, text string, pos int) {
	l.tokens = append(l.tokens, token{kind, text, pos})
}

// run reads tokens from i; nested, it ends after the parenthesis that closes an interpolation.
func (l *lexer) run(i int, nested bool) int {
	depth := 0
	for i < len(l.text) {
		c := l.text[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '#':
			i = l.comment(i)
		case word(c, false):
			j := l.word(i)
			l.add(tokWord, l.text[i:j], i)
			i = j
		case c == '$' && word(l.peek(i+1), false):
			j := l.word(i + 1)
			l.add(tokVar, l.text[i:j], i)
			i = j
		case c == '@' && word(l.peek(i+1), true):
			j := l.word(i + 1)
			l.add(tokFormat, l.text[i:j], i)
			i = j
		case c == '.' && word(l.peek(i+1), false):
			j := l.word(i + 1)
			l.add(tokIndex, l.text[i+1:j], i)
			i = j
		case digit(c) || c == '.' && digit(l.peek(i+1)):
			j := l.number(i)
			l.add(tokNumber, l.text[i:j], i)
			i = j
		case c == '"':
			i = l.str(i)
		default:
			op := l.text[i : i+1]
			for _, o := range operators {
				if strings.HasPrefix(l.text[i:], o) {
					op = o
					break
				}
			}
			l.add(tokOp, op, i)
			i += len(op)
			switch op {
			case "(":
				depth++
			case ")":
				if depth--; nested && depth < 0 {
					return i
				}
			}
		}
	}
	return i
}

// str reads a string literal whose quote is at i, with everything interpolated in it.
func (l *lexer) str(i int) int {
	start, first, from := i, len(l.tokens), i+1
	l.add(tokString, "", start)
	for i++; i < len(l.text); i++ {
		switch l.text[i] {
		case '"':
			if from > start+1 && i > from {
				l.add(tokPart, "", from)
			}
			return i + 1
		case '\\':
			if l.peek(i+1) != '(' {
				i++
				continue
			}
			l.tokens[first].kind = tokOpen
			if i > from {
				l.add(tokPart, "", from)
			}
			from = l.run(i+2, true)
			i = from - 1
		}
	}
	l.opened = start
	return len(l.text)
}

// comment reads to the end of the line; a backslash before it carries the comment on, as in gojq.
func (l *lexer) comment(i int) int {
	for i < len(l.text) && l.text[i] != '\n' && l.text[i] != '\r' {
		if l.text[i] == '\\' && i+1 < len(l.text) {
			switch l.text[i+1] {
			case '\\', '\n':
				i++
			case '\r':
				if i++; l.peek(i+1) == '\n' {
					i++
				}
			}
		}
		i++
	}
	return i
}

func (l *lexer) word(i int) int {
	for word(l.peek(i), true) || l.peek(i) == ':' && l.peek(i+1) == ':' && word(l.peek(i+2), false) {
		if l.peek(i) == ':' {
			i++
		}
		i++
	}
	return i
}

func (l *lexer) number(i int) int {
	for digit(l.peek(i)) || l.peek(i) == '.' {
		i++
	}
	if c := l.peek(i); c == 'e' || c == 'E' {
		if i++; l.peek(i) == '+' || l.peek(i) == '-' {
			i++
		}
		for digit(l.peek(i)) {
			i++
		}
	}
	return i
}

func (l *lexer) peek(i int) byte {
	if i < len(l.text) {
		return l.text[i]
	}
	return 0
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func word(c byte, tail bool) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || tail && digit(c)
}
