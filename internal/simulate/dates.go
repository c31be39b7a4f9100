package simulate

import (
	"fmt"
	"regexp"
	"time"
)

// near is the distance in days up to which a date belongs to its item's own date, so that an exclusive end of the
// 28th stays the day after. Farther dates (a month's end, a creation date) move by whole months.
const near = 7

var (
	isoDate = regexp.MustCompile(`^20\d\d-\d\d(?:(-\d\d)(?:[T ](\d\d)(?::(\d\d)(?::(\d\d)(?:\.\d+)?)?)?(?:Z|[+-]\d\d:?\d\d)?)?)?$`)
	mdyDate = regexp.MustCompile(`^\d\d/\d\d/\d\d$`)
)

// date is a string of an item that tells a time: its day moves, the rest of its text stays.
type date struct {
	at     time.Time // UTC; an offset other than zero is not taken into account
	text   string
	day    bool // names a day, not a month alone
	layout string
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
	if dist := day.Sub(m.from).Hours() / 24; d.day && dist >= -near && dist <= near {
		to = m.to.Add(day.Sub(m.from))
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
