package recorder

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/upstream"
)

// composer writes the exchanges of one walk.
type composer struct {
	*Walk
	form      Form
	scrub     *scrubber
	month     time.Time
	start     time.Time // of the first window
	end1      time.Time // its end
	until     time.Time // of the last window
	several   bool      // windows
	exchanges []*exchange
	job       string // the id of the job that was started last
	composed  bool   // the last page is not the provider's
	downloads int
	said      []string // the context, as it is written
}

// exchange is one pattern and its answer.
type exchange struct {
	purpose    string
	method     string
	target     string
	directives []string
	keys       []string // of a body or header: another exchange that lacks one says absent
	absent     []string
	times      int
	status     int
	headers    []string
	body       []byte
	spec       *connector.CallSpec // of a page
	raw        []byte              // the body before it was scrubbed
}

// pattern is what makes an exchange another one.
func (e *exchange) pattern() string {
	return e.method + " " + e.target + "\n" + strings.Join(e.directives, "\n")
}

// add writes one round trip. Of the same request asked twice the first good answer counts, but the polls of a job follow
// each other.
func (c *composer) add(i int, t *upstream.Taken) error {
	if t.Cut {
		return fmt.Errorf("its body is longer than %d bytes, or broke off; record a smaller range", upstream.MaxRecorded)
	}
	if !utf8.Valid(t.Body) || bytes.ContainsRune(t.Body, 0) {
		return errNoText
	}
	if t.Status == 401 || t.Status == 407 {
		return nil // the simulator says so itself
	}
	if t.Call.Purpose == "token" {
		return c.token(t)
	}
	e, err := c.exchange(i, t)
	if err != nil {
		return err
	}
	for n, old := range c.exchanges {
		switch {
		case old.pattern() != e.pattern():
		case e.purpose == "poll" && c.polled(e):
			e.directives = slices.Clone(e.directives)
			last := c.exchanges[len(c.exchanges)-1]
			if last.purpose == "poll" && last.pattern() == e.pattern() && bytes.Equal(last.body, e.body) && last.status == e.status {
				last.times++
				return nil
			}
			c.exchanges = append(c.exchanges, e)
			return nil
		case old.status >= 300 && e.status < 300 || e.purpose == "poll":
			c.exchanges[n] = e
			return nil
		default:
			return nil
		}
	}
	c.exchanges = append(c.exchanges, e)
	return nil
}

// polled says that the exchange names the job, so that the simulator can count its polls.
func (c *composer) polled(e *exchange) bool { return strings.Contains(e.pattern(), "{job}") }

func (c *composer) exchange(i int, t *upstream.Taken) (*exchange, error) {
	e := &exchange{purpose: t.Call.Purpose, method: t.Call.Method, status: t.Status, times: 1, spec: c.spec(t.Call), raw: t.Body}
	if err := c.request(e, t); err != nil {
		return nil, err
	}
	if t.Call.Purpose == "submit" && t.Status < 300 {
		c.job = jobID(e.spec, t.Body)
	}
	c.answer(e, i, t)
	if e.purpose == "list" || e.purpose == "fetch" || e.purpose == "download" || e.purpose == "poll" && e.spec != nil && e.spec.Job != nil && e.spec.Job.Result == "inline" {
		if c.form == Moving && t.Status < 300 && !c.several {
			e.directives = append(e.directives, c.dated(e)...)
		}
	}
	return e, nil
}

// spec is the call of the connector that a call was planned by; nil for those that carry no items of the resource.
func (c *composer) spec(call connector.Call) *connector.CallSpec {
	resource := c.Connector.Resources[c.Resource]
	if resource != nil && resource.Derived != "" {
		resource = c.Connector.Resources["usage"]
	}
	if resource == nil || resource.List == nil || slices.Contains([]string{"lookup", "parents", "check", "token"}, call.Purpose) {
		return nil
	}
	for _, spec := range resource.List.Calls {
		if spec.Name == call.Name || len(resource.List.Calls) == 1 {
			return spec
		}
	}
	return nil
}
