package simulate

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// nearby is the distance in days up to which a date belongs to its item's own date, so that an exclusive end of the
// 28th stays the day after. Farther dates (a month's end, a creation date) move by whole months.
const nearby = 7

var (
	isoDate = regexp.MustCompile(`^20\d\d-\d\d(?:(-\d\d)(?:[T ](\d\d)(?::(\d\d)(?::(\d\d)(?:\.\d+)?)?)?(?:Z|[+-]\d\d:?\d\d)?)?)?$`)
	mdyDate = regexp.MustCompile(`^\d\d/\d\d/\d\d$`)
)

// date is a text of an item that tells a time: its day moves, the rest of its text stays.
type date struct {
	at     time.Time // UTC; an offset other than zero is not taken into account
	text   string
	day    bool   // names a day, not a month alone
	layout string // "" for a count, whose form says what of
	form   count
}

// count is a form of a date that is a number: how many digits it has, what it counts.
type count struct {
	digits int
	unit   time.Duration // since 1970; 0: the digits are a calendar day
}

var counts = []count{{5, 24 * time.Hour}, {8, 0}, {10, time.Second}, {13, time.Millisecond}}

const calendarDay = "20060102"

// readCount reads a date that is a number, which only its place in the item can tell: days, seconds or milliseconds
// since 1970, or YYYYMMDD, by the number of digits. What follows a point stays as it is.
func readCount(s string) (date, bool) {
	whole, _, _ := strings.Cut(s, ".")
	i := slices.IndexFunc(counts, func(c count) bool { return c.digits == len(whole) })
	n, err := strconv.ParseInt(whole, 10, 64)
	if i < 0 || err != nil || n < 0 {
		return date{}, false
	}
	d := date{text: s, day: true, form: counts[i]}
	if d.form.unit == 0 {
		d.at, err = time.Parse(calendarDay, whole)
		return d, err == nil
	}
	d.at = time.UnixMilli(n * d.form.unit.Milliseconds()).UTC()
	return d, true
}

// append writes the count of a time in the place of what the date's own text begins with.
func (c count) append(dst []byte, t time.Time, text string) []byte {
	if c.unit == 0 {
		dst = t.AppendFormat(dst, calendarDay)
	} else {
		dst = strconv.AppendInt(dst, t.UnixMilli()/c.unit.Milliseconds(), 10)
	}
	return append(dst, text[c.digits:]...)
}

// readDate reads the forms that providers write. The digits of an ordinary number or id are none of them.
func readDate(s string) (date, bool) {
	d := date{text: s, day: true, layout: time.DateOnly}
	var err error
	switch {
	case mdyDate.MatchString(s):
		d.layout = "01/02/06"
		d.at, err = time.Parse(d.layout, s)
	case isoDate.MatchString(s):
		if len(s) == len("2006-01") {
			d.day, d.layout = false, "2006-01"
		}
		d.at, err = time.Parse(d.layout, s[:len(d.layout)])
		if m := isoDate.FindStringSubmatch(s); err == nil && m[2] != "" {
			var h, mi, sec int
			fmt.Sscan(m[2], &h)
			fmt.Sscan(m[3], &mi)
			fmt.Sscan(m[4], &sec)
			d.at = d.at.Add(time.Duration(h)*time.Hour + time.Duration(mi)*time.Minute + time.Duration(sec)*time.Second)
		}
	default:
		return date{}, false
	}
	return d, err == nil
}

func midnight(t time.Time) time.Time { return t.Truncate(24 * time.Hour) }

// move is how one item is told again for another time.
type move struct {
	from, to time.Time // days of the item's date, before and after
	months   int
	suffix   string // of its id
}

func (m move) none() bool { return m.months == 0 && m.from.Equal(m.to) }

// append writes a date of the item as it is after the move.
func (m move) append(dst []byte, d date) []byte {
	if m.none() {
		return append(dst, d.text...)
	}
	day := midnight(d.at)
	to := clamp(day, monthOf(day)+month(m.months))
	if dist := day.Sub(m.from).Hours() / 24; d.day && dist >= -nearby && dist <= nearby {
		to = m.to.Add(day.Sub(m.from))
	}
	if d.layout == "" {
		return d.form.append(dst, to.Add(d.at.Sub(day)), d.text)
	}
	dst = to.AppendFormat(dst, d.layout)
	return append(dst, d.text[len(d.layout):]...)
}

// clamp is the same day of another month; a month's last day stays a month's last day.
func clamp(day time.Time, m month) time.Time {
	n := day.Day()
	if n > m.days() || n == monthOf(day).days() {
		n = m.days()
	}
	return m.start().AddDate(0, 0, n-1)
}
