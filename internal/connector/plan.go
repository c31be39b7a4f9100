package connector

import (
	"errors"
	"net/http"
	"time"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// Facts is what a plan needs to know of a finished page.
type Facts struct {
	Envelope []byte // the page's document with the list of items emptied, JSON of checked depth; nil where it has none
	Header   http.Header
	Items    int64 // items of this page, as the provider counts them
	Links    int   // files of the job that gave the page
	Records  int64 // records of the whole window by this call so far, before the gateway's filters
	// Parent is the parent behind the position's, nil at the end. It is asked only where the children have no more pages;
	// nil where the call has no parents, or the window none.
	Parent func() ([]byte, error)
}

// maxWindows bounds the windows that are passed over in search of one that a call applies to.
const maxWindows = 10_000

var errNoRange = errors.New("planning: a method with windows needs a range")

// Call is the spec of the call that a position is in; nil where the position is none of this method's.
func (m *Method) Call(p record.Position) *CallSpec {
	if int(p.Call) >= len(m.Calls) {
		return nil
	}
	return m.Calls[p.Call]
}

// First is the start of a walk: the first window of the range and the first call that applies to it. It is false
// where the range holds no window, which means that all of it lies in the future or that no call covers it.
func (m *Method) First(s *Scope) (record.Position, bool, error) {
	p := record.Position{Now: s.Now.UnixNano(), Size: s.PageSize}
	if m.Windowed() && s.Range.IsZero() {
		return p, false, errNoRange
	}
	return m.from(s, p, s.Range.Start)
}

// Window is the slice of the range that a position is in; the zero Range where there is no range.
func (m *Method) Window(s *Scope, p record.Position) Range {
	if !s.Window.IsZero() || s.Range.IsZero() {
		return s.Window
	}
	t := time.Unix(p.Window, 0).UTC()
	w, _, _ := m.slice(s, t)
	return w
}

// Next is where a walk goes on after a page: its next page, or else the next parent's children, or else a fallback for a
// window without records, or else the next window. It is false at the end. Item, Out and Anchor of the position start anew,
// and Job but for a job's next page.
func (m *Method) Next(s *Scope, p record.Position, f Facts) (record.Position, bool, []problem.Warning, error) {
	c := m.Call(p)
	if c == nil {
		return p, false, nil, stale()
	}
	n := p
	n.Token, n.Job, n.Item, n.Out, n.Anchor = nil, nil, 0, 0, 0
	token, err := m.nextToken(s, p, f)
	if err != nil {
		return p, false, nil, err
	}
	if token == "" {
		token = c.nextLink(p, f)
	}
	if token != "" {
		if token == string(p.Token) {
			return p, false, nil, problem.New(problem.PaginationLoop, "the provider gave the page cursor %q again after the page that it leads to", clip(token)).AsRemote()
		}
		if n.Token = []byte(token); c.Job != nil {
			n.Job = p.Job // its other pages are the same job's
		}
		n.Carry, err = c.carried(p, f)
		return n, err == nil, nil, err
	}
	n.Carry, n.Parent = nil, nil
	if c.Parents != nil && f.Parent != nil {
		if n.Parent, err = f.Parent(); err != nil || n.Parent != nil {
			return n, err == nil, nil, err
		}
	}
	var warn []problem.Warning
	if w := m.Window(s, p); f.Records == 0 {
		i, ok, err := m.fallback(s, int(p.Call)+1, w)
		if err != nil {
			return p, false, nil, err
		}
		if ok {
			n.Call = uint8(i)
			return n, true, nil, nil
		}
		if c.NoData != "" {
			warn = append(warn, problem.Warning{Code: problem.WarnNoDataYet, Message: noData(w)})
		}
	}
	n, more, err := m.After(s, n)
	if !more {
		n = p
	}
	return n, more, warn, err
}

// After is the start of the window behind a position's, whatever that one gives; false where it is the last.
func (m *Method) After(s *Scope, p record.Position) (record.Position, bool, error) {
	w := m.Window(s, p)
	if !m.Windowed() || m.Unclipped(s) || !w.End.Before(s.Range.End) {
		return p, false, nil
	}
	p.Token, p.Job, p.Carry, p.Parent, p.Item, p.Out, p.Anchor = nil, nil, nil, nil, 0, 0, 0
	return m.from(s, p, w.End)
}

func noData(w Range) string {
	if w.IsZero() {
		return "the provider has no data yet"
	}
	return "the provider has no data yet for " + w.Start.Format(time.DateOnly) + " to " + w.End.Format(time.DateOnly)
}

// from moves a position to the first window at or after t that a call applies to.
func (m *Method) from(s *Scope, p record.Position, t time.Time) (record.Position, bool, error) {
	for range maxWindows + 1 {
		if m.Windowed() && (!t.Before(s.Range.End) || t.After(s.Now)) {
			return p, false, nil
		}
		w, i, err := m.slice(s, t)
		if err != nil {
			return p, false, err
		}
		if i >= 0 {
			p.Call, p.Window = uint8(i), 0
			if !s.Range.IsZero() {
				p.Window = w.Start.Unix()
			}
			return p, true, nil
		}
		if !m.Windowed() || m.Unclipped(s) || !w.End.After(t) {
			return p, false, nil
		}
		t = w.End
	}
	return p, false, problem.New(problem.InvalidParameter, "the range has more than %d slices that no call covers; ask for a smaller one", maxWindows)
}

// slice is the window that starts at t and the first call that applies to it, whose spec it is cut by. Where none
// applies the call is -1, and the window is the shortest that any call would have made of it.
func (m *Method) slice(s *Scope, t time.Time) (Range, int, error) {
	whole := m.Unclipped(s)
	shortest := Range{t, s.Range.End}
	for i, c := range m.Calls {
		w := Range{t, s.Range.End}
		if !whole {
			w.End = c.Window.end(t, s.Range)
		}
		ok, err := c.applies(s, w)
		if err != nil {
			return w, -1, err
		}
		if ok {
			return w, i, nil
		}
		if w.End.Before(shortest.End) {
			shortest = w
		}
	}
	return shortest, -1, nil
}

// applies says whether the call's condition holds for a window.
func (c *CallSpec) applies(s *Scope, w Range) (bool, error) {
	if c.When == nil {
		return true, nil
	}
	return c.When.holds(s.input(record.Position{}, w))
}

// fallback is the first fallback call from index i on that applies to a window.
func (m *Method) fallback(s *Scope, i int, w Range) (int, bool, error) {
	for ; i < len(m.Calls); i++ {
		if !m.Calls[i].Fallback {
			continue
		}
		ok, err := m.Calls[i].applies(s, w)
		if ok || err != nil {
			return i, ok, err
		}
	}
	return 0, false, nil
}

// isFirst says whether a position's call is the walk's very first.
func (m *Method) isFirst(s *Scope, p record.Position) bool {
	first, ok, err := m.First(s)
	return err == nil && ok && len(p.Token) == 0 && p.Window == first.Window && p.Call == first.Call
}

func stale() error {
	return problem.New(problem.CursorStale, "the cursor stands on a call that the connector no longer has; start again without it")
}
