package simulate

import (
	"bytes"
	"errors"
	"net/http"
	"strconv"
	"strings"
)

// answer is a recorded response.
type answer struct {
	status int
	header []headerLine
	body   *dated // never nil: without items, all of it is head
	json   bool
}

type headerLine struct {
	name string
	tpl  template
}

// readAnswer reads status, headers and body, which start at line; nil where there is a defect.
func readAnswer(p *parser, line int, data []byte, sh shape, known func(name, arg string) bool) *answer {
	block, body, lines := cutBlock(data)
	head := strings.Split(strings.TrimSuffix(string(block), "\n"), "\n")
	a := &answer{body: &dated{}}
	words := strings.Fields(head[0])
	if len(words) > 1 && strings.HasPrefix(words[0], "HTTP/") {
		words = words[1:]
	}
	if len(words) > 0 {
		a.status, _ = strconv.Atoi(words[0])
	}
	if a.status < 200 || a.status > 599 {
		p.bad(line, "%q is not a status line such as 200 or 200 OK", head[0])
		return nil
	}
	for i, l := range head[1:] {
		name, value, ok := strings.Cut(l, ":")
		if !ok || strings.ContainsAny(name, " \t") {
			p.bad(line+1+i, "%q is not a header", l)
			return nil
		}
		a.header = append(a.header, headerLine{http.CanonicalHeaderKey(name), newTemplate([]byte(strings.TrimSpace(value)), nil, known)})
	}
	trimmed := bytes.TrimSpace(body)
	a.json = len(trimmed) > 0 && strings.IndexByte(`{["`, trimmed[0]) >= 0
	if sh.items == "" {
		a.body.head = newTemplate(body, nil, known)
		return a
	}
	if sh.date == "" {
		return nil // already reported
	}
	d, err := newDated(body, sh, known)
	if pe := (*posError)(nil); errors.As(err, &pe) {
		p.bad(line+lines+pe.line, "items %s: %s", sh.items, pe.text)
		return nil
	}
	a.body = d
	return a
}

// names says that a placeholder occurs in the answer.
func (a *answer) names(name string) bool {
	for _, h := range a.header {
		if h.tpl.names(name) {
			return true
		}
	}
	for _, it := range a.body.list {
		if it.tpl.names(name) {
			return true
		}
	}
	return a.body.head.names(name) || a.body.tail.names(name)
}
