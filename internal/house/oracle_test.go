package house

import (
	"strconv"
	"strings"
	"time"

	"github.com/meterbridge/meterbridge/internal/money"
)

// The dates of the house as package time would have them, which takes longer and allocates.

var oracleForms = []string{
	"20060102", time.RFC3339Nano, "2006-01-02", "2006-01", "2006-01-02 15:04:05", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999",
	"2006-01-02T15", "2006-01-02T15:04", "2006-01-02T15Z07:00", "2006-01-02 15:04:05Z07:00",
}

func oracleParse(s string) (time.Time, bool) {
	for _, f := range oracleForms {
		if t, err := time.Parse(f, s); err == nil && t.Year() > 0 && t.UTC().Year() < 10000 {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

func oracleDay(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

func oracleMonth(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
}

var oracleWays = map[string]func(time.Time) string{
	"rfc3339":     func(t time.Time) string { return t.Format(RFC3339) },
	"date":        func(t time.Time) string { return t.Format("2006-01-02") },
	"month":       func(t time.Time) string { return t.Format("2006-01") },
	"hour":        func(t time.Time) string { return t.Format("2006-01-02T15") },
	"hour_start":  func(t time.Time) string { return t.Truncate(time.Hour).Format(RFC3339) },
	"day_start":   func(t time.Time) string { return oracleDay(t).Format(RFC3339) },
	"week_start":  func(t time.Time) string { return oracleDay(t).AddDate(0, 0, -(int(t.Weekday())+6)%7).Format(RFC3339) },
	"month_start": func(t time.Time) string { return oracleMonth(t).Format(RFC3339) },
}

var oracleSteps = map[string]func(time.Time, int) time.Time{
	"add_hours":  func(t time.Time, n int) time.Time { return t.Add(time.Duration(n) * time.Hour) },
	"add_days":   func(t time.Time, n int) time.Time { return t.AddDate(0, 0, n) },
	"add_months": oracleAddMonths,
}

func oracleAddMonths(t time.Time, n int) time.Time {
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1)
}

func oracleCycle(t time.Time, day int) time.Time {
	in := func(t time.Time) time.Time {
		last := time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
		return time.Date(t.Year(), t.Month(), min(day, last), 0, 0, 0, 0, time.UTC)
	}
	start := in(t)
	if start.After(t) {
		start = in(time.Date(t.Year(), t.Month(), 0, 0, 0, 0, 0, time.UTC))
	}
	return start
}

func oracleMonths(start, end time.Time) (list []string, ok bool) {
	for t := oracleMonth(start); t.Before(end) && start.Before(end); t = oracleAddMonths(t, 1) {
		if len(list) == MaxMonths {
			return nil, false
		}
		list = append(list, t.Format("2006-01"))
	}
	return list, true
}

func oracleMDY(s string) (time.Time, bool) {
	parts := strings.Split(s, "/")
	if len(parts) != 3 || len(parts[2]) != 2 && len(parts[2]) != 4 || len(parts[0]) > 2 || len(parts[1]) > 2 {
		return time.Time{}, false
	}
	m, err1 := strconv.ParseUint(parts[0], 10, 8)
	d, err2 := strconv.ParseUint(parts[1], 10, 8)
	y, err3 := strconv.ParseUint(parts[2], 10, 16)
	if len(parts[2]) == 2 {
		y += 2000
	}
	t := time.Date(int(y), time.Month(m), int(d), 0, 0, 0, 0, time.UTC)
	return t, err1 == nil && err2 == nil && err3 == nil && m >= 1 && m <= 12 && t.Day() == int(d) && y > 0
}

var oracleEpochs = map[string]func(int64) time.Time{
	"from_unix":    func(n int64) time.Time { return time.Unix(n, 0).UTC() },
	"from_unix_ms": func(n int64) time.Time { return time.UnixMilli(n).UTC() },
	"from_days":    func(n int64) time.Time { return time.Unix(min(max(n, -daysReach), daysReach)*24*60*60, 0).UTC() },
}

func oracleEpoch(d money.Dec, at func(int64) time.Time) (time.Time, bool) {
	whole, fraction, _ := strings.Cut(d.String(), ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n < -epochReach || n > epochReach {
		return time.Time{}, false
	}
	if whole[0] == '-' && strings.Trim(fraction, "0") != "" {
		n--
	}
	t := at(n)
	return t, t.Year() >= 1 && t.Year() <= 9999
}
