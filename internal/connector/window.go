package connector

import (
	"cmp"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"
)

// WindowSpec is how a call slices its range.
type WindowSpec struct {
	Max         Span   `yaml:"max" doc:"the longest slice of one call, such as 1 month; without it a slice is as long as align lets it"`
	Align       string `yaml:"align" enum:"hour|day|week|month|year" doc:"no slice crosses a boundary of this period"`
	Oldest      Span   `yaml:"oldest" doc:"how far back the provider keeps data"`
	OldestAlign string `yaml:"oldest_align" enum:"hour|day|week|month|year" doc:"the oldest start is taken down to the start of this period"`
	Resolution  string `yaml:"resolution" enum:"hour|day|week|month" doc:"the range is widened to whole periods of this"`
}

func (w *WindowSpec) check(d *decoder, n *yaml.Node) {
	if w.Max.IsZero() && w.Align == "" && len(n.Content) == 0 {
		d.add(n, "missing", "a window without max and align slices nothing", "add max: 1 month, or remove window")
	}
}

// end is where the slice that starts at t ends. It depends on t and the range alone, so that a position finds the
// same slice again.
func (w *WindowSpec) end(t time.Time, r Range) time.Time {
	end := r.End
	if w == nil {
		return end
	}
	if !w.Max.IsZero() {
		// Aligned months are counted from the boundary: from the 15th, "2 months" end with the next month.
		from := t
		if w.Align != "" && w.Max.Unit == "month" {
			from = Floor(t, "month")
		}
		if e := w.Max.After(from); e.Before(end) {
			end = e
		}
	}
	if w.Align != "" {
		if e := next(t, w.Align); e.Before(end) {
			end = e
		}
	}
	return end
}

// oldest is the earliest start that the provider serves.
func (w *WindowSpec) oldest(now time.Time) (time.Time, bool) {
	if w == nil || w.Oldest.IsZero() {
		return time.Time{}, false
	}
	return Floor(w.Oldest.Before(now.UTC()), w.OldestAlign), true
}

// Oldest is the earliest start that any call serves at this granularity, false where the connector states none.
func (m *Method) Oldest(granularity string, now time.Time) (time.Time, bool) {
	var best time.Time
	for _, c := range m.applicable(granularity, now) {
		t, ok := c.Window.oldest(now)
		if !ok {
			return time.Time{}, false
		}
		if best.IsZero() || t.Before(best) {
			best = t
		}
	}
	return best, !best.IsZero()
}

// Resolution is the period to whose boundaries the range is widened at this granularity: the coarsest of the calls'
// own. It is "" where no call states one.
func (m *Method) Resolution(granularity string) string {
	best := -1
	for _, c := range m.applicable(granularity, time.Time{}) {
		if c.Window != nil {
			best = max(best, slices.Index(granularities, c.Window.Resolution))
		}
	}
	if best < 0 {
		return ""
	}
	return granularities[best]
}

// RestatesAt is for how long the figures that are served at a granularity still change: the longest that a call which
// could be made says, or else the resource.
func (r *Resource) RestatesAt(granularity string, now time.Time) time.Duration {
	var most time.Duration
	if r.List != nil {
		for _, c := range r.List.applicable(granularity, now) {
			most = max(most, cmp.Or(c.Restates, r.Restates))
		}
	}
	return most
}

// MaxWindow is the longest slice of one call at this granularity, the zero Span where nothing bounds it.
func (m *Method) MaxWindow(granularity string) Span {
	for _, c := range m.applicable(granularity, time.Time{}) {
		if c.Window != nil {
			return c.Window.Max
		}
	}
	return Span{}
}

// applicable is the calls that could be made at a granularity. A condition is tried on the window of its oldest start
// and on the current one; one that reads more than a plan's outline knows counts as possible.
func (m *Method) applicable(granularity string, now time.Time) []*CallSpec {
	var out []*CallSpec
	for _, c := range m.Calls {
		if c.possible(granularity, now) {
			out = append(out, c)
		}
	}
	return out
}

func (c *CallSpec) possible(granularity string, now time.Time) bool {
	if c.When == nil || c.When.reads("context", "") || c.When.reads("query", "") || c.When.reads("lookups", "") || c.When.reads("range", "") {
		return true
	}
	if now.IsZero() && (c.When.reads("window", "") || c.When.reads("now", "")) {
		now = time.Date(2026, 1, 15, 0, 0, 0, 0, time.UTC) // any moment: the condition compares the two
	}
	starts := []time.Time{Floor(now, "month"), Floor(now, "day")}
	if t, ok := c.Window.oldest(now); ok {
		starts = append(starts, t)
	}
	s := &Scope{Now: now, Granularity: granularity}
	return slices.ContainsFunc(starts, func(t time.Time) bool {
		ok, err := c.applies(s, Range{t, t.AddDate(0, 1, 0)})
		return err != nil || ok
	})
}
