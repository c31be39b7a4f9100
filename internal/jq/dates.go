package jq

import (
	"errors"

	"github.com/meterbridge/meterbridge/internal/house"
)

// dated is the date that a value is; nil, and no error, for null.
func dated(v any) (*house.Date, error) {
	s, ok := v.(string)
	if !ok {
		if v == nil {
			return nil, nil
		}
		return nil, wrong(v, "a date")
	}
	d, ok := house.ParseDate(s)
	if !ok {
		return nil, wrong(v, "a date such as 2026-01-31 or 2026-01-31T10:00:00Z")
	}
	return &d, nil
}

// ofDate is what f makes of a date; null of null.
func ofDate(v any, f func(house.Date) any) any {
	d, err := dated(v)
	switch {
	case err != nil:
		return err
	case d == nil:
		return nil
	}
	return f(*d)
}

func onDate(v any, form house.Form) any {
	if s, ok := v.(string); ok {
		if n := form.Within(s); n > 0 {
			return s[:n] // as nearly every date of a slot is written already
		}
	}
	return ofDate(v, func(d house.Date) any { return string(form.Append(nil, d)) })
}

func partOfDate(v any, part func(house.Date) int) any {
	return ofDate(v, func(d house.Date) any { return part(d) })
}

func unix(v any) any { return ofDate(v, func(d house.Date) any { return int(d.Unix()) }) }

func unixMilli(v any) any { return ofDate(v, func(d house.Date) any { return int(d.UnixMilli()) }) }

func stepDate(v, n any, step house.Step) any {
	by, ok := integer(n)
	if !ok || by < -house.MaxStep || by > house.MaxStep {
		return wrong(n, "a whole number within ±1000000")
	}
	return ofDate(v, func(d house.Date) any { return moved(v, d, by, step.From) })
}

func moved(v any, d house.Date, n int, to func(house.Date, int) (house.Date, bool)) any {
	d, ok := to(d, n)
	if !ok {
		return wrong(v, "a date that can be moved so far")
	}
	return string(d.Append(nil))
}

var errDayOfMonth = errors.New("the day of a month is a whole number from 1 to 31")

func cycleStart(v, day any) any {
	n, ok := integer(day)
	if !ok || n < 1 || n > 31 {
		return errDayOfMonth
	}
	return ofDate(v, func(d house.Date) any { return moved(v, d, n, house.CycleStart) })
}

// fromEpoch makes a date of a number, or of a text that holds one.
func fromEpoch(v any, epoch house.Epoch) any {
	const want = "a number of seconds, milliseconds or days since 1970"
	a, err := amount(v)
	if err != nil {
		return wrong(v, want)
	}
	if !a.Known {
		return nil
	}
	d, ok := epoch.At(a.Dec)
	if !ok {
		return wrong(v, want)
	}
	return string(d.Append(nil))
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
	d, ok := house.ParseEight(s)
	if !ok {
		return wrong(v, "a date such as 20260131")
	}
	return string(d.Append(nil))
}

// months lists the months that {start,end} touches, half open.
func months(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return wrong(v, "an object with start and end")
	}
	start, err := dated(m["start"])
	if err != nil {
		return err
	}
	end, err := dated(m["end"])
	if err != nil {
		return err
	}
	if start == nil || end == nil {
		return wrong(v, "an object with start and end")
	}
	first, n, ok := house.Months(*start, *end)
	if !ok {
		return wrong(v, "a range of at most 100 years")
	}
	out := make([]any, n)
	for i := range out {
		out[i] = string(house.AppendMonth(nil, first, i))
	}
	return out
}

// mdy reads MM/DD/YY and MM/DD/YYYY.
func mdy(v any) any {
	if v == nil {
		return nil
	}
	s, _ := v.(string)
	d, ok := house.ParseMDY(s)
	if !ok {
		return wrong(v, "a date of the form MM/DD/YY")
	}
	return string(d.Append(nil))
}
