package simulate

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// month counts calendar months, so that shifting is addition.
type month int

func monthOf(t time.Time) month { return month(t.Year()*12 + int(t.Month()) - 1) }

func (m month) start() time.Time {
	return time.Date(int(m)/12, time.Month(int(m)%12+1), 1, 0, 0, 0, 0, time.UTC)
}

func (m month) days() int { return (m + 1).start().AddDate(0, 0, -1).Day() }

func (m month) String() string { return m.start().Format("2006-01") }

// span is what a request asks for: a half-open range, or a list of months, or neither. An empty list that is not nil
// is the cassette's own month.
type span struct {
	start, end time.Time
	months     []month
}

func (s span) any() bool { return !s.start.IsZero() || !s.end.IsZero() || s.months != nil }

// closed gives a range with one end its other one, a month away.
func (s span) closed() span {
	switch {
	case s.start.IsZero() && !s.end.IsZero():
		s.start = s.end.AddDate(0, -1, 0)
	case s.end.IsZero() && !s.start.IsZero():
		s.end = s.start.AddDate(0, 1, 0)
	}
	return s
}

func (s span) holds(t time.Time) bool {
	if s.months != nil && !slices.Contains(s.months, monthOf(t)) {
		return false
	}
	return s.start.IsZero() || !t.Before(s.start) && t.Before(s.end)
}

// kind is a form in which a provider takes a range's start or end. An inclusive kind names the last period inside.
type kind struct {
	layout string                    // "" for the Unix kinds
	unit   time.Duration             // of the Unix kinds
	past   func(time.Time) time.Time // of the inclusive kinds: a period on
}

var kinds = map[string]kind{
	"date":       {layout: time.DateOnly},
	"month":      {layout: "2006-01"},
	"hour":       {layout: "2006-01-02T15"},
	"time":       {layout: time.RFC3339},
	"unix":       {unit: time.Second},
	"unix_ms":    {unit: time.Millisecond},
	"last_date":  {layout: time.DateOnly, past: func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }},
	"last_month": {layout: "2006-01", past: func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }},
	"last_hour":  {layout: "2006-01-02T15", past: func(t time.Time) time.Time { return t.Add(time.Hour) }},
}

// parse reads a start or an exclusive end.
func (k kind) parse(s string) (time.Time, error) {
	if k.layout == "" {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return time.Time{}, fmt.Errorf("%q is not a Unix time", s)
		}
		if k.unit == time.Second {
			return time.Unix(n, 0).UTC(), nil
		}
		return time.UnixMilli(n).UTC(), nil
	}
	t, err := time.Parse(k.layout, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is not of the form %s", s, k.layout)
	}
	if k.past != nil {
		t = k.past(t)
	}
	return t.UTC(), nil
}

func (k kind) format(t time.Time) string {
	if k.layout == "" {
		return strconv.FormatInt(t.UnixMilli()/k.unit.Milliseconds(), 10)
	}
	if k.past != nil {
		t = t.Add(-1) // the period that holds the last instant
	}
	return t.Format(k.layout)
}

var monthText = regexp.MustCompile(`\b(20\d\d)-(0[1-9]|1[0-2])\b`)

// monthsIn finds the months that a filter expression names; nil for none.
func monthsIn(text string) []month {
	var ms []month
	for _, m := range monthText.FindAllString(text, -1) {
		t, err := time.Parse("2006-01", m)
		if err == nil && !slices.Contains(ms, monthOf(t)) {
			ms = append(ms, monthOf(t))
		}
	}
	return ms
}

var movedText = regexp.MustCompile(`^-(20\d\d)(0[1-9]|1[0-2])$`)

// movedTo is the month that an id's suffix names; none for no suffix, which is the cassette's own month.
func movedTo(suffix string) ([]month, error) {
	if suffix == "" {
		return []month{}, nil
	}
	m := movedText.FindStringSubmatch(suffix)
	if m == nil {
		return nil, fmt.Errorf("%q is not the suffix of an id that moved", suffix)
	}
	return monthsIn(m[1] + "-" + m[2]), nil
}
