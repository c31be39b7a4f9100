package jq

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// parts are the parts of a date as numbers.
var parts = map[string]func(time.Time) int{
	"year":         time.Time.Year,
	"month_number": func(t time.Time) int { return int(t.Month()) },
	"day_number":   time.Time.Day,
}

// epochs are the numbers that stand for a date.
var epochs = map[string]func(int64) time.Time{
	"from_unix":    func(n int64) time.Time { return time.Unix(n, 0).UTC() },
	"from_unix_ms": func(n int64) time.Time { return time.UnixMilli(n).UTC() },
	"from_days":    func(n int64) time.Time { return time.Unix(min(max(n, -daysReach), daysReach)*24*60*60, 0).UTC() },
}

func partOfDate(v any, part func(time.Time) int) any {
	t, null, err := parse1(v)
	if err != nil {
		return err
	}
	if null {
		return nil
	}
	return part(t)
}

// What these let pass is held to a year of four digits; they keep the arithmetic of dates away from its own limits.
const (
	epochReach = 1 << 48
	daysReach  = 10000 * 366
)

// fromEpoch makes a date of a number, or of a text that holds one. A fraction is cut off, as it is of every date.
func fromEpoch(v any, at func(int64) time.Time) any {
	const want = "a number of seconds, milliseconds or days since 1970"
	d, ok, err := decimal(v)
	if err != nil {
		return wrong(v, want)
	}
	if !ok {
		return nil
	}
	whole, fraction, _ := strings.Cut(d.String(), ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n < -epochReach || n > epochReach {
		return wrong(v, want)
	}
	if whole[0] == '-' && strings.Trim(fraction, "0") != "" {
		n-- // towards the past, before 1970 too
	}
	t := at(n)
	if t.Year() < 1 || t.Year() > 9999 {
		return wrong(v, want)
	}
	return t.Format(RFC3339)
}

// yyyymmdd reads a date of eight digits, as a number or as text.
func yyyymmdd(v any) any {
	if v == nil {
		return nil
	}
	s, ok := v.(string)
	if !ok && IsNumber(v) {
		if b, err := AppendNumber(nil, v); err == nil {
			s = string(b)
		}
	}
	t, err := time.Parse(eightDigits, s)
	if err != nil || t.Year() < 1 {
		return wrong(v, "a date such as 20260131")
	}
	return t.Format(RFC3339)
}

var errDayOfMonth = errors.New("the day of a month is a whole number from 1 to 31")

// cycleStart is the start of the billing cycle that a date lies in: the last midnight at or before it on that day of the
// month, which in a shorter month is its last day.
func cycleStart(v, day any) any {
	n, ok := integer(day)
	if !ok || n < 1 || n > 31 {
		return errDayOfMonth
	}
	t, null, err := parse1(v)
	if err != nil {
		return err
	}
	if null {
		return nil
	}
	start := inMonth(t, n)
	if start.After(t) {
		start = inMonth(time.Date(t.Year(), t.Month(), 0, 0, 0, 0, 0, time.UTC), n)
	}
	if start.Year() < 1 {
		return wrong(v, "a date that can be moved so far")
	}
	return start.Format(RFC3339)
}

// inMonth is a day of the month that t lies in.
func inMonth(t time.Time, day int) time.Time {
	last := time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return time.Date(t.Year(), t.Month(), min(day, last), 0, 0, 0, 0, time.UTC)
}
