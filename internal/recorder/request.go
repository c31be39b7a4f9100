package recorder

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/record"
	"github.com/meterbridge/meterbridge/internal/simulate"
	"github.com/meterbridge/meterbridge/internal/upstream"
)

// captures turns texts of one request into captures, each of which may be taken once.
type captures struct {
	c     *composer
	on    bool
	taken []string
}

// What tells a text that names months from one that names days.
var (
	monthIn = regexp.MustCompile(`\b20\d\d-(?:0[1-9]|1[0-2])\b`)
	dayIn   = regexp.MustCompile(`\b20\d\d-\d\d-\d\d`)
)

// text is a scrubbed value, or the capture that takes it.
func (p *captures) text(key, value string) string {
	if at := p.capture(key, value); at != "" {
		return at
	}
	if p.c.job != "" && value == p.c.job {
		return "{job}"
	}
	return p.c.scrub.text(value)
}

func (p *captures) capture(key, value string) string {
	if !p.on {
		return ""
	}
	for _, at := range simulate.Captures(value, p.c.start, p.c.end1) {
		if p.take(at) {
			return at
		}
	}
	at := ""
	if monthIn.MatchString(value) && !dayIn.MatchString(value) {
		at = "{months}"
	}
	if at == "" {
		switch strings.ToLower(key) {
		case "year":
			at = capturedNumber("{year}", value, p.c.start.Year())
		case "month":
			at = capturedNumber("{month}", value, int(p.c.start.Month()))
		case "day":
			at = capturedNumber("{day}", value, p.c.start.Day())
		}
	}
	if !p.take(at) {
		return ""
	}
	return at
}

// take says that a capture is free, and takes it.
func (p *captures) take(at string) bool {
	side, _, _ := strings.Cut(at, ":")
	if at == "" || slices.Contains(p.taken, side) {
		return false
	}
	p.taken = append(p.taken, side)
	return true
}

func capturedNumber(at, value string, n int) string {
	if m, err := strconv.Atoi(value); err != nil || m != n {
		return ""
	}
	return at
}

// request writes the pattern of a round trip.
func (c *composer) request(e *exchange, t *upstream.Taken) error {
	call := t.Call
	if call.Purpose == "download" || call.NoAuth && call.URL != "" {
		c.downloads++
		e.target = c.downloadPath(c.downloads)
		e.directives = append(e.directives, "auth: refused")
		return nil
	}
	// A call of the first window is captured; others would match it too, and are literal.
	dated := !call.Window.IsZero() && !call.Window.Start.Before(c.start) && (call.Purpose == "list" || call.Purpose == "submit")
	p := &captures{c: c, on: c.form != Literal && dated && !c.several}
	path := below(t)
	var segments []string
	for seg := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		plain, err := url.PathUnescape(seg)
		if err != nil {
			plain = seg
		}
		text := p.text("", plain)
		if strings.ContainsAny(text, "/?&#% \n") {
			text = "{*}" // a pattern has no way to write it
		}
		segments = append(segments, text)
	}
	e.target = "/" + strings.Join(segments, "/")
	if q := c.queryOf(call, t, p); len(q) > 0 {
		e.target += "?" + strings.Join(q, "&")
	}
	if err := c.bodyOf(e, call, p); err != nil {
		return err
	}
	for _, h := range call.Header {
		if h.Owner == connector.OwnerPage {
			e.directives = append(e.directives, "headers: "+flow([]pair{{h.Key, c.scrub.text(h.Value)}}))
			e.keys = append(e.keys, h.Key)
		}
	}
	switch {
	case call.Auth == nil:
	case call.Auth.IsZero():
		e.directives = append(e.directives, "auth: none")
	default:
		auth, err := c.recordedAuth(call.Auth)
		if err != nil {
			return err
		}
		e.directives = append(e.directives, "auth: "+flow(auth))
	}
	return nil
}

// queryOf are the parameters but for the page's size, which may be any.
func (c *composer) queryOf(call connector.Call, t *upstream.Taken, p *captures) []string {
	var out []string
	for pair := range strings.SplitSeq(t.Target.RawQuery, "&") {
		k, v, _ := strings.Cut(pair, "=")
		key, err1 := url.QueryUnescape(k)
		value, err2 := url.QueryUnescape(v)
		if k == "" || err1 != nil || err2 != nil || c.isSize(call, key) || c.signs(key) {
			continue
		}
		out = append(out, escaped(c.scrub.text(key))+"="+escaped(p.text(key, value)))
	}
	return out
}

// isSize says that a parameter, or a key of the body, takes the size of pages.
func (c *composer) isSize(call connector.Call, key string) bool {
	var pages []*connector.Page
	if spec := c.spec(call); spec != nil {
		pages = append(pages, spec.Page)
		if spec.Parents != nil && spec.Parents.Method != nil {
			pages = append(pages, spec.Parents.Method.Calls[0].Page)
		}
	}
	for _, l := range c.Connector.Lookups {
		pages = append(pages, l.Page)
	}
	return slices.ContainsFunc(pages, func(p *connector.Page) bool {
		return p != nil && p.Size != nil && (p.Size.Param == key || p.Size.Key != "" && strings.Join(connector.SplitPath(p.Size.Key), ".") == key)
	})
}

// signs says that auth sets a parameter, which a link of the provider's may repeat.
func (c *composer) signs(key string) bool {
	for _, s := range append([]connector.Signing{c.Connector.Auth.Signing}, c.Connector.Auth.Any...) {
		if slices.ContainsFunc(s.Query, func(f connector.SecretField) bool { return f.Key == key }) {
			return true
		}
	}
	return false
}

// bodyOf writes the body as a pattern.
func (c *composer) bodyOf(e *exchange, call connector.Call, p *captures) error {
	switch kind, _, _ := strings.Cut(call.ContentType, ";"); {
	case len(call.Body) == 0:
	case strings.HasPrefix(kind, "application/x-www-form-urlencoded"):
		form, err := url.ParseQuery(string(call.Body))
		if err != nil {
			return fmt.Errorf("reading its form: %w", err)
		}
		var fields []string
		for _, key := range sortedKeys(form) {
			e.keys = append(e.keys, key)
			var values []string
			for _, v := range form[key] {
				text := p.text(key, v)
				if c.isSize(call, key) {
					text = "{*}"
				}
				values = append(values, string(quoted(text)))
			}
			value := values[0]
			if len(values) > 1 {
				value = "[" + strings.Join(values, ", ") + "]"
			}
			fields = append(fields, string(quoted(c.scrub.text(key)))+": "+value)
		}
		e.directives = append(e.directives, "form: { "+strings.Join(fields, ", ")+" }")
	case record.IsDocument(call.Body):
		var top map[string]json.RawMessage
		if json.Unmarshal(call.Body, &top) == nil {
			e.keys = append(e.keys, sortedKeys(top)...)
		}
		var flat bytes.Buffer
		if err := json.Compact(&flat, editor{value: func(path []string, raw []byte) []byte {
			key := ""
			if len(path) > 0 {
				key = path[len(path)-1]
			}
			switch {
			case c.isSize(call, strings.Join(path, ".")) && len(path) > 0:
				return []byte(`"{*}"`)
			case raw[0] == '"':
				return quoted(p.text(key, unquoted(raw)))
			case raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9':
				if at := p.capture(key, string(raw)); strings.Contains(at, "unix") {
					return quoted(at)
				}
			}
			return nil
		}, key: c.scrub.text}.edit(call.Body)); err != nil {
			return fmt.Errorf("reading its body: %w", err)
		}
		e.directives = append(e.directives, "body: "+flat.String())
	default:
		e.directives = append(e.directives, "text: "+string(quoted(c.scrub.text(string(call.Body)))))
	}
	return nil
}

func (c *composer) downloadPath(n int) string {
	if c.job != "" {
		return fmt.Sprintf("/recorded/%d/{job}", n)
	}
	return fmt.Sprintf("/recorded/%d", n)
}
