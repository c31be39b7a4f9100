package simulate

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"

	"go.yaml.in/yaml/v3"
)

// exchange is a request pattern and its answer.
type exchange struct {
	name    string
	method  string
	target  string // as written, for messages
	path    []*pattern
	query   []param
	form    []param
	header  []param
	body    *bodyPattern
	text    *pattern // of a body that is neither JSON nor a form
	absent  []string // parameters that only other exchanges of this method and path name
	without []string // what must be in no place of the request
	strict  bool
	times   int
	job     string // only jobs that this exchange has started
	fill    bool
	ages    [2]int
	hasAges bool
	bounds  bounds
	auth    authRule
	answer  *answer
}

// param is a query parameter, form field or header that a request must carry.
type param struct {
	key      string
	optional bool
	is       *pattern
}

// directives are the YAML lines below the request line.
type directives struct {
	Items   string    `yaml:"items"`
	Date    string    `yaml:"date"`
	ID      string    `yaml:"id"`
	Counts  []string  `yaml:"counts"`
	Fill    string    `yaml:"fill"`
	Ages    string    `yaml:"ages"`
	MaxDays int       `yaml:"max_days"`
	Within  string    `yaml:"within"`
	Body    yaml.Node `yaml:"body"`
	Form    yaml.Node `yaml:"form"`
	Text    string    `yaml:"text"`
	Absent  []string  `yaml:"absent"`
	Headers yaml.Node `yaml:"headers"`
	Strict  bool      `yaml:"strict"`
	Times   int       `yaml:"times"`
	Job     string    `yaml:"job"`
	Auth    yaml.Node `yaml:"auth"`
}

// cutBlock takes the text up to the first blank line.
func cutBlock(data []byte) (block, rest []byte, lines int) {
	for at := 0; at < len(data); {
		n := bytes.IndexByte(data[at:], '\n') + 1
		if len(bytes.TrimSpace(data[at:at+n])) == 0 {
			return data[:at], data[at+n:], bytes.Count(data[:at+n], []byte("\n"))
		}
		at += n
	}
	return data, nil, bytes.Count(data, []byte("\n"))
}

// readExchange reads an exchange/NAME; nil where it has a defect.
func (c *Cassette) readExchange(p *parser, s section, name string) *exchange {
	before := len(p.errs)
	block, rest, lines := cutBlock(s.data)
	first, dirs, _ := bytes.Cut(block, []byte("\n"))
	e := &exchange{name: name, auth: c.auth}
	e.readTarget(p, s.line, strings.TrimSpace(string(first)))
	var d directives
	if !p.yaml(s.line+1, dirs, &d) {
		return nil
	}
	line := s.line + 1 // of the directives
	e.form = readParams(p, line, &d.Form)
	e.header = readParams(p, line, &d.Headers)
	if d.Body.Kind != 0 {
		var err error
		if e.body, err = newBodyPattern(&d.Body); err != nil {
			pe := err.(*posError)
			p.bad(line+pe.line-1, "body: %s", pe.text)
			return nil
		}
	}
	if d.Text != "" {
		e.text = mustPattern(p, line, d.Text)
	}
	e.strict, e.times, e.job, e.without = d.Strict, d.Times, d.Job, d.Absent
	if d.Auth.Kind != 0 {
		e.auth = readAuth(p, line, &d.Auth, c.Credentials)
		if e.auth.refused {
			e.auth.sets = c.auth.sets
		}
	}
	if d.Fill != "" && d.Fill != "day" {
		p.bad(line, "fill: %q is not day", d.Fill)
	}
	e.fill = d.Fill == "day"
	if d.Ages != "" {
		e.hasAges = true
		if n, err := fmt.Sscanf(d.Ages, "%d..%d", &e.ages[0], &e.ages[1]); n != 2 || err != nil || e.ages[0] > e.ages[1] {
			p.bad(line, "ages: %q is not a range such as 2..12", d.Ages)
		}
	}
	if (d.Times != 0 || d.Job != "") && !e.captures("job") {
		p.bad(line, "times and job look at a {job}, and the pattern has none")
	}
	if d.Items == "" && (d.Date != "" || d.ID != "" || d.Fill != "" || d.Ages != "" || d.Counts != nil) {
		p.bad(line, "date, id, counts, fill and ages belong to items, which is missing")
	}
	if d.Items != "" && d.Date == "" {
		p.bad(line, "items need date: the path of each item's date")
	}
	e.checkCaptures(p, s.line)
	e.bounds = e.readBounds(p, line, d.MaxDays, d.Within)
	if len(p.errs) > before {
		return nil
	}
	e.answer = readAnswer(p, s.line+lines, rest, shape{d.Items, d.Date, d.ID, d.Counts}, e.fills)
	if e.answer == nil {
		return nil
	}
	for i, it := range e.answer.body.list {
		if monthOf(it.date.at) != c.month {
			p.bad(s.line, "item %d of %s is dated %s, outside of the cassette's month %s", i, s.name, it.date.text, c.month)
		}
		if e.fill && !it.date.day {
			p.bad(s.line, "fill: day, but item %d is dated %s, a month", i, it.date.text)
		}
	}
	return e
}

func (e *exchange) readTarget(p *parser, line int, first string) {
	method, target, ok := strings.Cut(first, " ")
	if !ok || !strings.HasPrefix(target, "/") || method != strings.ToUpper(method) {
		p.bad(line, "%q is not a request line such as GET /v1/costs?month={start:month}", first)
		return
	}
	e.method, e.target = method, strings.TrimSpace(target)
	rawPath, rawQuery, _ := strings.Cut(e.target, "?")
	for _, seg := range strings.Split(rawPath[1:], "/") {
		e.path = append(e.path, mustPattern(p, line, seg))
	}
	for _, q := range strings.Split(rawQuery, "&") {
		if q == "" {
			continue
		}
		k, v, _ := strings.Cut(q, "=")
		key, optional := strings.CutSuffix(k, "?")
		e.query = append(e.query, param{key: unescape(key), optional: optional, is: mustPattern(p, line, unescape(v))})
	}
}

// unescape reads %XX in a pattern, which may also be written plainly.
func unescape(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}

func mustPattern(p *parser, line int, source string) *pattern {
	pat, err := newPattern(source)
	if err != nil {
		p.bad(line, "%v", err)
		pat, _ = newPattern("")
	}
	return pat
}

func readParams(p *parser, line int, n *yaml.Node) []param {
	if n.Kind != 0 && n.Kind != yaml.MappingNode {
		p.bad(line+n.Line-1, "a mapping of names to patterns is wanted here")
		return nil
	}
	var out []param
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, optional := strings.CutSuffix(n.Content[i].Value, "?")
		values := []*yaml.Node{n.Content[i+1]}
		if values[0].Kind == yaml.SequenceNode {
			values = values[0].Content
		}
		for _, v := range values {
			out = append(out, param{key: key, optional: optional, is: mustPattern(p, line+v.Line-1, v.Value)})
		}
	}
	return out
}
