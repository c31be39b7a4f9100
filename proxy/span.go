package proxy

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// granularities from fine to coarse.
var granularities = []string{"hour", "day", "week", "month"}

type unit uint8

const (
	unitInstant unit = iota
	unitDay
	unitMonth
)

// moment is a date parameter: an instant, or a whole day or month that starts there.
type moment struct {
	at   time.Time
	unit unit
}

var errMoment = errors.New("not a date")

// Years of a date parameter: what lies outside is a mistake, and far outside of it the arithmetic of dates is one too.
const (
	minYear = 1970
	maxYear = 2200
)

// layouts of instants; time.Parse takes a fraction of any length after the seconds.
var layouts = []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04"}

// parseMoment reads the forms of the contract. A `+` of an offset that arrived as a space is taken for what it was.
func parseMoment(s string) (moment, error) {
	if t, err := time.Parse("2006-01-02", s); err == nil {
		return moment{t, unitDay}.bounded()
	}
	if t, err := time.Parse("2006-01", s); err == nil {
		return moment{t, unitMonth}.bounded()
	}
	if day := len("2006-01-02"); len(s) > day && s[day] == ' ' {
		s = s[:day] + "T" + s[day+1:]
	}
	if i := strings.LastIndexByte(s, ' '); i >= 0 {
		s = s[:i] + "+" + s[i+1:]
	}
	for _, l := range layouts {
		if t, err := time.Parse(l, s); err == nil {
			return moment{t.UTC(), unitInstant}.bounded()
		}
	}
	return moment{}, errMoment
}

func (m moment) bounded() (moment, error) {
	if y := m.at.Year(); y < minYear || y > maxYear {
		return moment{}, errMoment
	}
	return m, nil
}

// end is the exclusive end of what the moment names.
func (m moment) end() time.Time {
	switch m.unit {
	case unitDay:
		return m.at.AddDate(0, 0, 1)
	case unitMonth:
		return m.at.AddDate(0, 1, 0)
	}
	return m.at
}

// span is the resolved range of a request: which records it holds and in which periods.
type span struct {
	connector.Range
	granularity     string
	preliminaryFrom time.Time // zero where nothing in the range is preliminary
	partial         bool
	warnings        []problem.Warning
}

func (s *span) warn(code, text string) {
	s.warnings = append(s.warnings, problem.Warning{Code: code, Message: text})
}

// resolveSpan turns the parameters into the range that is served. It depends on the parameters, the method and the
// frozen clock alone, so that every page of a walk resolves to the same one.
func resolveSpan(p *params, r *connector.Resource, m *connector.Method, defaultGranularity string, now time.Time) (*span, error) {
	s := &span{}
	now = now.UTC()
	switch {
	case p.start != nil:
		s.Start = p.start.at
	case p.end != nil:
		s.Start = connector.Floor(p.end.end().Add(-1), "month")
	default:
		s.Start = connector.Floor(now, "month")
	}
	if p.end != nil {
		s.End = p.end.end()
	} else {
		s.End = connector.Floor(s.Start, "month").AddDate(0, 1, 0)
	}
	if s.End.Before(s.Start) {
		return nil, problem.Param(problem.InvalidParameter, "end_date", "end_date %s lies before start_date %s", stamp(s.End), stamp(s.Start))
	}
	s.granularity = defaultGranularity
	if p.granularity != "" {
		s.granularity = serve(p.granularity, r.Granularities)
		if s.granularity != p.granularity {
			s.warn(problem.WarnGranularity, "this connector has no "+p.granularity+"s; "+s.granularity+"s are served")
		}
	}
	if s.granularity == "" {
		return s, nil
	}
	s.widen()
	if oldest, ok := m.Oldest(s.granularity, now); ok && s.Start.Before(oldest) {
		s.Start = connector.Ceil(oldest, s.granularity)
		s.End = later(s.End, s.Start)
		s.partial = true
		s.warn(problem.WarnRangeCut, "the provider keeps nothing older; the range starts at "+stamp(s.Start))
	}
	if from := connector.Floor(now.Add(-r.RestatesAt(s.granularity, now)), s.granularity); from.Before(s.End) {
		s.preliminaryFrom = later(from, s.Start)
	}
	return s, nil
}

// widen moves the ends to whole periods. A last second before a period's end is how many clients write that end.
func (s *span) widen() {
	start, end := connector.Floor(s.Start, s.granularity), connector.Ceil(s.End, s.granularity)
	if start.Before(s.Start) || end.Sub(s.End) > time.Second {
		s.warn(problem.WarnRangeWidened, "the range was widened to whole "+s.granularity+"s: "+stamp(start)+" to "+stamp(end))
	}
	s.Start, s.End = start, end
}

// serve picks the granularity nearest to the one asked for: itself, else the next finer, else the next coarser.
func serve(asked string, has []string) string {
	at := slices.Index(granularities, asked)
	for i := at; i >= 0; i-- {
		if slices.Contains(has, granularities[i]) {
			return granularities[i]
		}
	}
	for i := at + 1; i < len(granularities); i++ {
		if slices.Contains(has, granularities[i]) {
			return granularities[i]
		}
	}
	return ""
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// stamp writes an instant as every date on the wire is written.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// stampLen is the length of a stamp.
const stampLen = len("2006-01-02T15:04:05Z")

// appendStamp writes a stamp as JSON.
func appendStamp(b []byte, t time.Time) []byte {
	return append(t.UTC().AppendFormat(append(b, '"'), time.RFC3339), '"')
}
