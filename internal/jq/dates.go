package jq

import (
	"strconv"
	"strings"
	"time"
)

// RFC3339 is the one form of dates that leaves the house: UTC, whole seconds.
const RFC3339 = "2006-01-02T15:04:05Z"

// maxMonths bounds the list that `months` makes.
const maxMonths = 1200

// layout is a form of a date: a format, after an optional cut to the start of its period.
type layout struct {
	format string
	cut    func(time.Time) time.Time
}

var layouts = map[string]layout{
	"rfc3339":     {RFC3339, nil},
	"date":        {"2006-01-02", nil},
	"month":       {"2006-01", nil},
	"hour":        {"2006-01-02T15", nil},
	"hour_start":  {RFC3339, func(t time.Time) time.Time { return t.Truncate(time.Hour) }},
	"day_start":   {RFC3339, dayStart},
	"week_start":  {RFC3339, func(t time.Time) time.Time { return dayStart(t).AddDate(0, 0, -(int(t.Weekday())+6)%7) }},
	"month_start": {RFC3339, func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC) }},
}

var steps = map[string]func(time.Time, int) time.Time{
	"add_hours":  func(t time.Time, n int) time.Time { return t.Add(time.Duration(n) * time.Hour) },
	"add_days":   func(t time.Time, n int) time.Time { return t.AddDate(0, 0, n) },
	"add_months": addMonths,
}

func dayStart(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

// addMonths keeps the day where the month has it, and is the month's last day where it has not.
func addMonths(t time.Time, n int) time.Time {
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1)
}

// eightDigits is a date without its hyphens.
const eightDigits = "20060102"

var dateForms = []string{
	eightDigits, time.RFC3339Nano, "2006-01-02", "2006-01", "2006-01-02 15:04:05", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999",
	"2006-01-02T15", "2006-01-02T15:04", "2006-01-02T15Z07:00", "2006-01-02 15:04:05Z07:00",
}

// ParseDate reads the forms of dates that providers send, in UTC where they name no offset: YYYY-MM-DD, YYYY-MM,
// RFC 3339 with fractions and offsets, the same with a space or without an offset, an hour, YYYY-MM-DDTHH, and YYYYMMDD.
func ParseDate(s string) (time.Time, bool) {
	if t, ok := parsePlain(s); ok {
		return t, true
	}
	for _, f := range dateForms {
		if t, err := time.Parse(f, s); err == nil && t.Year() > 0 && t.UTC().Year() < 10000 {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// parsePlain reads the two forms that nearly every record has, without time.Parse.
func parsePlain(s string) (time.Time, bool) {
	if len(s) != 10 && (len(s) != 20 || s[10] != 'T' || s[13] != ':' || s[16] != ':' || s[19] != 'Z') || s[4] != '-' || s[7] != '-' {
		return time.Time{}, false
	}
	var bad bool
	n := func(i, j int) (v int) {
		for _, c := range []byte(s[i:j]) {
			if !digit(c) {
				bad = true
			}
			v = v*10 + int(c-'0')
		}
		return v
	}
	y, m, d := n(0, 4), n(5, 7), n(8, 10)
	var hh, mm, ss int
	if len(s) == 20 {
		hh, mm, ss = n(11, 13), n(14, 16), n(17, 19)
	}
	if bad || y == 0 || m < 1 || m > 12 || d < 1 || hh > 23 || mm > 59 || ss > 59 {
		return time.Time{}, false
	}
	t := time.Date(y, time.Month(m), d, hh, mm, ss, 0, time.UTC)
	return t, t.Day() == d
}

func parse1(v any) (t time.Time, null bool, err error) {
	s, ok := v.(string)
	if !ok {
		if v == nil {
			return t, true, nil
		}
		return t, false, wrong(v, "a date")
	}
	if t, ok = ParseDate(s); !ok {
		return t, false, wrong(v, "a date such as 2026-01-31 or 2026-01-31T10:00:00Z")
	}
	return t, false, nil
}

func onDate(v any, l layout) any {
	t, null, err := parse1(v)
	if err != nil {
		return err
	}
	if null {
		return nil
	}
	if l.cut != nil {
		t = l.cut(t)
	}
	return t.Format(l.format)
}

// maxStep bounds the hours, days or months of one step.
const maxStep = 1_000_000

func stepDate(v, n any, add func(time.Time, int) time.Time) any {
	by, ok := integer(n)
	if !ok || by < -maxStep || by > maxStep {
		return wrong(n, "a whole number within ±1000000")
	}
	t, null, err := parse1(v)
	if err != nil {
		return err
	}
	if null {
		return nil
	}
	if t = add(t, by); t.Year() < 1 || t.Year() > 9999 {
		return wrong(v, "a date that can be moved so far")
	}
	return t.Format(RFC3339)
}

func unix(v any) any {
	t, null, err := parse1(v)
	if err != nil {
		return err
	}
	if null {
		return nil
	}
	return int(t.Unix())
}

func unixMilli(v any) any {
	t, null, err := parse1(v)
	if err != nil {
		return err
	}
	if null {
		return nil
	}
	return int(t.UnixMilli())
}

// months lists the months that {start,end} touches, half open.
func months(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return wrong(v, "an object with start and end")
	}
	start, null1, err := parse1(m["start"])
	if err != nil {
		return err
	}
	end, null2, err := parse1(m["end"])
	if err != nil {
		return err
	}
	if null1 || null2 {
		return wrong(v, "an object with start and end")
	}
	out := []any{}
	for t := layouts["month_start"].cut(start); t.Before(end) && start.Before(end); t = addMonths(t, 1) {
		if len(out) == maxMonths {
			return wrong(v, "a range of at most 100 years")
		}
		out = append(out, t.Format("2006-01"))
	}
	return out
}

// mdy reads MM/DD/YY and MM/DD/YYYY.
func mdy(v any) any {
	s, ok := v.(string)
	if !ok {
		if v == nil {
			return nil
		}
		return wrong(v, "a date of the form MM/DD/YY")
	}
	parts := strings.Split(s, "/")
	if len(parts) == 3 && (len(parts[2]) == 2 || len(parts[2]) == 4) && len(parts[0]) <= 2 && len(parts[1]) <= 2 {
		m, err1 := strconv.ParseUint(parts[0], 10, 8)
		d, err2 := strconv.ParseUint(parts[1], 10, 8)
		y, err3 := strconv.ParseUint(parts[2], 10, 16)
		if len(parts[2]) == 2 {
			y += 2000
		}
		t := time.Date(int(y), time.Month(m), int(d), 0, 0, 0, 0, time.UTC)
		if err1 == nil && err2 == nil && err3 == nil && m >= 1 && m <= 12 && t.Day() == int(d) && y > 0 {
			return t.Format(RFC3339)
		}
	}
	return wrong(v, "a date of the form MM/DD/YY")
}
