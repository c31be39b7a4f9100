package connector

import (
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Span is a length of the calendar: N hours, days or months. Days and hours are exact, since all times are UTC.
type Span struct {
	N    int
	Unit string // "hour", "day", "month"; "" for no span
}

// maxSpan bounds the number of a span, far beyond what any provider keeps.
const maxSpan = 10_000

// IsZero says that there is no span.
func (s Span) IsZero() bool { return s.N == 0 }

// String is the span as it is written.
func (s Span) String() string {
	if s.N == 1 {
		return "1 " + s.Unit
	}
	return strconv.Itoa(s.N) + " " + s.Unit + "s"
}

// After is the time one span after t. A day that the month does not have becomes its last.
func (s Span) After(t time.Time) time.Time { return s.add(t, s.N) }

// Before is the time one span before t.
func (s Span) Before(t time.Time) time.Time { return s.add(t, -s.N) }

func (s Span) add(t time.Time, n int) time.Time {
	switch s.Unit {
	case "hour":
		return t.Add(time.Duration(n) * time.Hour)
	case "day":
		return t.AddDate(0, 0, n)
	}
	first := t.AddDate(0, 0, 1-t.Day()).AddDate(0, n, 0)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1)
}

func (s *Span) decode(d *decoder, n *yaml.Node, f field) {
	num, unit, _ := strings.Cut(n.Value, " ")
	i, err := strconv.Atoi(num)
	unit = strings.TrimSuffix(unit, "s")
	switch {
	case n.Kind != yaml.ScalarNode || err != nil || i < 1:
		d.wrongType(n, "a span such as 24 hours, 7 days or 1 month")
	case i > maxSpan:
		d.add(n, "limit", "a span of more than "+strconv.Itoa(maxSpan), "")
	case unit == "year":
		*s = Span{N: 12 * i, Unit: "month"}
	case unit == "week":
		*s = Span{N: 7 * i, Unit: "day"}
	case unit == "hour" || unit == "day" || unit == "month":
		*s = Span{N: i, Unit: unit}
	default:
		d.add(n, "value", "`"+clip(n.Value)+"` has no unit of a span", didYouMean(unit, []string{"hour", "day", "week", "month", "year"}, "use hours, days, weeks, months or years"))
	}
}

// Floor is the start of the period of unit (hour, day, week from Monday, month, year) that holds t.
func Floor(t time.Time, unit string) time.Time {
	t = t.UTC()
	y, m, day := t.Date()
	switch unit {
	case "hour":
		return t.Truncate(time.Hour)
	case "day":
		return time.Date(y, m, day, 0, 0, 0, 0, time.UTC)
	case "week":
		return time.Date(y, m, day-(int(t.Weekday())+6)%7, 0, 0, 0, 0, time.UTC)
	case "month":
		return time.Date(y, m, 1, 0, 0, 0, 0, time.UTC)
	case "year":
		return time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return t
}

// Ceil is the first start of a period of unit at or after t.
func Ceil(t time.Time, unit string) time.Time {
	if Floor(t, unit).Equal(t) {
		return t
	}
	return next(t, unit)
}

// next is the start of the period of unit after the one that holds t.
func next(t time.Time, unit string) time.Time {
	t = Floor(t, unit)
	switch unit {
	case "hour":
		return t.Add(time.Hour)
	case "day":
		return t.AddDate(0, 0, 1)
	case "week":
		return t.AddDate(0, 0, 7)
	case "month":
		return t.AddDate(0, 1, 0)
	case "year":
		return t.AddDate(1, 0, 0)
	}
	return t
}
