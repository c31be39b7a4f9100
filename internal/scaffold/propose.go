package scaffold

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/openapi"
)

// proposal is everything that the three files say.
type proposal struct {
	Options
	title, docs string
	operation   *candidate
	others      []*candidate
	servers     []string
	baseGuess   string
	signing     signing
	context     []entry
	path        string // of the operation, with slots
	recorded    string // with what the context's demo values give
	arguments   []argument
	idle        []string // parameters that are not used
	list        *list
	paging      paging
	window      window
	check       *candidate
	item, outer []leaf
	start, end  *leaf // of the period, in the item or the outer one
	startOuter  bool
	unread      []string // what was looked for and not found
}

// argument is a parameter of the query, or a member of the body.
type argument struct {
	key, value, note string
	pattern          string // in the cassette; "" where it may be anything
	inBody           bool
	number           bool // as JSON the value is no text
}

// window is how the range is sliced.
type window struct{ value, note, granularity string }

func propose(doc *openapi.Document, o Options) (*proposal, error) {
	chosen, others, err := choose(doc, o.Operation)
	if err != nil {
		return nil, err
	}
	p := &proposal{Options: o, operation: chosen, others: others, list: chosen.items, paging: findPaging(chosen.Operation),
		title: cmp.Or(oneLine(doc.Title(), 60), titleOf(o.Name)), docs: cmp.Or(chosen.Docs, doc.Docs()), signing: sign(chosen.Operation, o.Name)}
	if !isAddressText(p.docs) {
		p.docs = ""
	}
	p.base(doc)
	p.item = leaves(p.list.item)
	if p.list.each != "" {
		p.outer = leaves(p.list.outer)
	}
	p.period()
	p.request()
	p.check = findCheck(doc, chosen)
	if chosen.startsJob() {
		p.miss("the answer seems to start a job; its status and result are for `job:` in connectors/README.md")
	} else if p.paging.style == "" {
		p.miss("no way to page: the answer is taken to be whole")
	}
	if findAmount(p.item) == nil {
		p.miss("no property that says what an item costs")
	}
	return p, nil
}

func (p *proposal) miss(what string) { p.unread = append(p.unread, what) }

func isAddressText(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && !strings.ContainsAny(s, "\n\r")
}

// base is where the calls go.
func (p *proposal) base(doc *openapi.Document) {
	for _, s := range doc.Servers() {
		if u, err := url.Parse(s); err == nil && u.Host != "" && u.Scheme != "" && u.RawQuery == "" && !strings.ContainsAny(s, "{} ") {
			p.servers = append(p.servers, s)
		} else if err == nil && strings.HasPrefix(s, "/") && len(p.servers) == 0 && !strings.ContainsAny(s, "{} ") {
			p.servers = []string{"https://api." + p.Name + ".example" + s}
			p.baseGuess = "the description gives only " + s + ": put the host in"
		}
	}
	if len(p.servers) == 0 {
		p.servers = []string{"https://api." + p.Name + ".example"}
		p.baseGuess = "the description names no server: put its address here"
	}
}

// period finds when an item's period starts and ends, in it or in the outer one.
func (p *proposal) period() {
	p.start, p.end = findStart(p.item), findEnd(p.item)
	if p.start == nil && p.outer != nil {
		p.start, p.end, p.startOuter = findStart(p.outer), findEnd(p.outer), true
	}
}

var breaks = regexp.MustCompile(`\s+`)

// oneLine is the first sentence of a text, for a comment or a title.
func oneLine(s string, most int) string {
	s = strings.TrimSpace(breaks.ReplaceAllString(s, " "))
	if sentence, _, cut := strings.Cut(s, ". "); cut {
		s = sentence
	}
	letters := []rune(strings.TrimRight(s, "."))
	if len(letters) > most {
		return strings.TrimSpace(string(letters[:most])) + "…"
	}
	return string(letters)
}

func exampleText(s *openapi.Schema) string {
	if s == nil || s.Example == nil || len(s.Example.Content) > 0 {
		return ""
	}
	return s.Example.Value
}

// findCheck is a cheap call that proves the credentials: a GET that demands nothing.
func findCheck(doc *openapi.Document, chosen *candidate) *candidate {
	var out *candidate
	for _, op := range doc.Operations() {
		demands := slices.ContainsFunc(op.Params, func(p openapi.Param) bool { return p.Required })
		if op.Method != "GET" || demands || strings.Contains(op.Path, "{") || op.Path == chosen.Path || op.Answer == nil {
			continue
		}
		c := &candidate{Operation: op}
		for i, w := range []string{"me", "self", "whoami", "organization", "organizations", "orgs", "account", "accounts", "user", "users", "projects", "status"} {
			if has(words(op.Path), w) {
				c.score = max(c.score, 20-i)
			}
		}
		if c.score > 0 && (out == nil || c.score > out.score) {
			out = c
		}
	}
	return out
}

// describe is an operation as a comment names it.
func (c *candidate) describe() string {
	if c.Summary == "" {
		return c.title()
	}
	return fmt.Sprintf("%s: %s", c.title(), oneLine(c.Summary, 80))
}
