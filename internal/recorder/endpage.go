package recorder

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/record"
)

// end closes a walk that was stopped. Before a window it simply ends there; within one the page that was not asked for any
// more is composed, of the last one's answer: without items, and without what leads on.
func (c *composer) end() error {
	if c.Next == nil {
		return nil
	}
	last := c.lastPage()
	if last == nil {
		return fmt.Errorf("the recording has no page; record more of them with --pages")
	}
	if at := c.Next.Call.Window; !at.IsZero() && at.Start.Equal(c.until) {
		return nil // all windows so far are whole
	}
	if last.spec != nil && (last.spec.Parents != nil || last.spec.Job != nil) {
		return fmt.Errorf("the recording stops among the parts of one window, which can't be left out; record all of them with --pages, or a smaller range")
	}
	e := &exchange{purpose: "list", method: c.Next.Call.Method, status: last.status, times: 1, spec: last.spec}
	if err := c.request(e, c.Next); err != nil {
		return err
	}
	for _, h := range last.headers {
		if name, _, _ := strings.Cut(h, ":"); !slices.Contains([]string{"Link", "Retry-After"}, name) && !slices.Contains(c.pageHeaders(), name) {
			e.headers = append(e.headers, h)
		}
	}
	e.body = c.scrubbed(c.withoutItems(last))
	c.exchanges, c.composed = append(c.exchanges, e), true
	return nil
}

func (c *composer) lastPage() *exchange {
	for _, e := range slices.Backward(c.exchanges) {
		if e.purpose == "list" || e.purpose == "submit" {
			return e
		}
	}
	return nil
}

// withoutItems is a page's answer as its end would be.
func (c *composer) withoutItems(last *exchange) []byte {
	spec := last.spec
	if spec == nil || !record.IsDocument(last.raw) {
		return firstLine(last)
	}
	items := strings.Join(connector.SplitPath(spec.Items), ".")
	leads := c.leads()
	return editor{value: func(path []string, raw []byte) []byte {
		at := strings.Join(path, ".")
		text := string(raw)
		if raw[0] == '"' {
			text = unquoted(raw)
		}
		switch {
		case at == items && raw[0] == '[':
			return []byte("[]")
		case raw[0] != '{' && raw[0] != '[' && slices.Contains(leads, text):
			return []byte("null")
		case text == "true" && raw[0] == 't' && c.saysMore(spec.Page, at):
			return []byte("false")
		}
		return nil
	}}.edit(last.raw)
}

// leads are the texts that lead to the page that was not asked for.
func (c *composer) leads() []string {
	call := c.Next.Call
	out := []string{call.URL}
	for _, p := range slices.Concat(call.Query, call.Header) {
		if p.Owner == connector.OwnerPage {
			out = append(out, p.Value)
		}
	}
	spec := c.spec(call)
	if spec != nil && spec.Page != nil {
		for pair := range strings.SplitSeq(c.Next.Target.RawQuery, "&") {
			if key, _, _ := strings.Cut(pair, "="); key == spec.Page.TokenParam && key != "" {
				out = append(out, c.Next.Target.Query().Get(key))
			}
		}
		if spec.Page.TokenKey != "" && record.IsDocument(call.Body) {
			editor{value: func(path []string, raw []byte) []byte {
				if slices.Equal(path, connector.SplitPath(spec.Page.TokenKey)) && raw[0] == '"' {
					out = append(out, unquoted(raw))
				}
				return nil
			}}.edit(call.Body)
		}
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == "" })
}

func (c *composer) saysMore(p *connector.Page, at string) bool {
	if p == nil {
		return false
	}
	for _, path := range []string{p.More, number(p)} {
		if path != "" && strings.Join(connector.SplitPath(path), ".") == at {
			return true
		}
	}
	return false
}

func number(p *connector.Page) string {
	if p.Number == nil {
		return ""
	}
	return p.Number.More
}

// firstLine is a table without rows; of lines of JSON nothing is left.
func firstLine(e *exchange) []byte {
	if e.spec != nil && e.spec.Format == "csv" {
		line, _, _ := bytes.Cut(e.raw, []byte("\n"))
		return append(bytes.Clone(line), '\n')
	}
	return nil
}
