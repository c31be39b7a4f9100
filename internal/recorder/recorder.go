// Package recorder makes a cassette of a walk that was really made, and lets no secret into it.
//
// A request is written from its plan and from where it went before it was signed, so that no credential can be in it but
// one that somebody put into a parameter. An answer is written as it came, byte for byte but for what is replaced:
// credentials, tokens and signatures in any encoding, what reads like one, e-mail addresses, and the provider's address.
// The same text is replaced by the same everywhere, so that links still lead to their pages. Last, the finished text is
// swept for what must not be in it; a recording that fails there is an error which names the exchange, and no cassette.
//
// Where the dates of the items are found, the recording moves with the months that are asked for (Moving); else the
// range alone is captured (Captured); else all is literal and answers this one range (Literal). Whoever records takes
// the first of these that replays to the same records.
package recorder

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/simulate"
	"github.com/meterbridge/meterbridge/internal/upstream"
)

// Form is how much of a recording is left open.
type Form uint8

const (
	Moving   Form = iota // items have dates, and move with the months asked for
	Captured             // the range is captured, the items stay
	Literal              // this one range
)

// Forms are all of them, in the order in which they are to be tried.
var Forms = []Form{Moving, Captured, Literal}

// Walk is what was recorded.
type Walk struct {
	Connector   *connector.Connector
	Resource    string
	Credentials map[string]string // of the account, in clear
	Context     map[string]any    // of the account, with defaults
	Given       map[string]any    // of the account, without them
	Query       string            // of the gateway's request, without account, range and page
	Now         time.Time
	Taken       []*upstream.Taken
	Next        *upstream.Taken // the page that was not asked for any more

	scrubs *scrubber // one for all, so that the same is replaced by the same
}

var (
	errNothing = errors.New("nothing was called, so there is nothing to record")
	errNoText  = errors.New("its body is no text, and a cassette can't hold it")
)

// Cassette is the text of a cassette without goldens.
func (w *Walk) Cassette(form Form) ([]byte, error) {
	if len(w.Taken) == 0 {
		return nil, errNothing
	}
	c := &composer{Walk: w, form: form, scrub: w.scrubber()}
	c.span()
	for i, t := range w.Taken {
		if err := c.add(i, t); err != nil {
			return nil, fmt.Errorf("recording %s %s: %w", t.Call.Purpose, c.scrub.text(t.Target.Path), err)
		}
	}
	if err := c.end(); err != nil {
		return nil, err
	}
	meta, err := c.meta()
	if err != nil {
		return nil, err
	}
	exchanges := c.files()
	// Of cassette.yaml only what the account and the caller said can hold a secret; the rest is names.
	said := simulate.File{Name: "cassette.yaml", Data: []byte(strings.Join(append(c.said, c.query()), "\n"))}
	if err := c.scrub.sweep(append(exchanges[:len(exchanges):len(exchanges)], said)); err != nil {
		return nil, err
	}
	return simulate.Format(c.prose(), append([]simulate.File{{Name: "cassette.yaml", Data: meta}}, exchanges...)), nil
}

// Scrub is a text as the cassette would have it, to compare answers with.
func (w *Walk) Scrub(text []byte) []byte { return w.scrubber().json(text) }

func (w *Walk) scrubber() *scrubber {
	if w.scrubs == nil {
		w.scrubs = newScrubber(w)
	}
	return w.scrubs
}

// span is the range that the recorded windows cover, and whether they are one.
func (c *composer) span() {
	for _, t := range c.Taken {
		win := t.Call.Window
		if win.IsZero() || t.Call.Purpose != "list" && t.Call.Purpose != "submit" {
			continue
		}
		if c.start.IsZero() {
			c.start, c.end1 = win.Start, win.End
		}
		if win.Start != c.start {
			c.several = true
		}
		c.until = win.End
	}
	c.month = c.Now
	if !c.start.IsZero() {
		c.month = c.start
	}
	c.month = time.Date(c.month.Year(), c.month.Month(), 1, 0, 0, 0, 0, time.UTC)
}

// query is the request that `test` makes for the recorded range.
func (c *composer) query() string {
	var parts []string
	if !c.start.IsZero() {
		parts = append(parts, "start_date="+instant(c.start), "end_date="+lastInstant(c.until))
	}
	if c.Query != "" {
		parts = append(parts, c.scrub.text(c.Query))
	}
	return strings.Join(parts, "&")
}

func instant(t time.Time) string {
	if midnight(t) {
		return t.Format(time.DateOnly)
	}
	return t.UTC().Format(time.RFC3339)
}

// lastInstant is an exclusive end as a request says it: a date includes its day.
func lastInstant(t time.Time) string {
	if midnight(t) {
		return t.AddDate(0, 0, -1).Format(time.DateOnly)
	}
	return t.UTC().Format(time.RFC3339)
}

func midnight(t time.Time) bool { return t.Equal(t.Truncate(24 * time.Hour)) }

// below is a target's escaped path below the base URL; a link may also stay on the host beside it.
func below(t *upstream.Taken) string {
	base, err := url.Parse(t.Base)
	if err != nil {
		return t.Target.EscapedPath()
	}
	prefix := strings.TrimSuffix(base.EscapedPath(), "/")
	if rest, ok := strings.CutPrefix(t.Target.EscapedPath()+"/", prefix+"/"); ok && rest == "" {
		return "/"
	}
	if rest, ok := strings.CutPrefix(t.Target.EscapedPath(), prefix+"/"); ok {
		return "/" + rest
	}
	return "/" + strings.TrimPrefix(t.Target.EscapedPath(), "/")
}
