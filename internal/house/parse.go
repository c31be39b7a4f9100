package house

import (
	"strings"
	"time"
)

// ParseDate reads the forms of dates that providers send, in UTC where they name no offset: YYYY-MM-DD, YYYY-MM,
// RFC 3339 with fractions and offsets, the same with a space or without an offset, an hour, YYYY-MM-DDTHH, and YYYYMMDD.
func ParseDate(s string) (Date, bool) {
	if len(s) == len("20260131") {
		return ParseEight(s)
	}
	if n := len(s); n == dayEnds || n == written {
		if d, ok := plainDay(s); ok && n == dayEnds {
			return d.midnight(), true
		} else if ok {
			if clock, ok := plainClock(s); ok {
				d := d.midnight()
				d.sec += int64(clock)
				return d, true
			}
		}
	}
	r := reader{text: s}
	y := r.number(4, 1, 9999)
	r.byte('-')
	m := r.number(2, 1, 12)
	if r.bad {
		return Date{}, false
	}
	if r.text == "" {
		return midnight(y, m, 1), true
	}
	r.byte('-')
	d := r.number(2, 1, lastOfMonth(y, m))
	if r.bad {
		return Date{}, false
	}
	at := midnight(y, m, d)
	if r.text == "" {
		return at, true
	}
	if c := r.text[0]; c != 'T' && c != ' ' {
		return Date{}, false
	}
	rest := r.text
	if !r.clock(&at) {
		return oddClock(s, rest)
	}
	return at, at.sec < yearsEnd // an offset may leave the first year, but not the last
}

// ParseEight reads YYYYMMDD.
func ParseEight(s string) (Date, bool) {
	r := reader{text: s}
	y, m := r.number(4, 1, 9999), r.number(2, 1, 12)
	d := r.number(2, 1, lastOfMonth(y, m))
	if r.bad || r.text != "" {
		return Date{}, false
	}
	return midnight(y, m, d), true
}

// ParseMDY reads MM/DD/YY, of this century, and MM/DD/YYYY.
func ParseMDY(s string) (Date, bool) {
	month, rest, _ := strings.Cut(s, "/")
	day, year, _ := strings.Cut(rest, "/")
	if len(month) > 2 || len(day) > 2 || len(year) != 2 && len(year) != 4 {
		return Date{}, false
	}
	y, m, d := reader{text: year}, reader{text: month}, reader{text: day}
	yy, mm := y.number(len(year), 0, 9999), m.number(len(month), 1, 12)
	if len(year) == 2 {
		yy += 2000
	}
	dd := d.number(len(day), 1, lastOfMonth(yy, mm))
	if y.bad || m.bad || d.bad || yy == 0 {
		return Date{}, false
	}
	return midnight(yy, mm, dd), true
}

// reader takes a text from its front.
type reader struct {
	text string
	bad  bool
}

// number takes n digits whose number is within the bounds.
func (r *reader) number(n, low, high int) (v int) {
	if r.bad || n == 0 || len(r.text) < n {
		r.bad = true
		return 0
	}
	for i := range n {
		c := r.text[i] - '0'
		if c > 9 {
			r.bad = true
			return 0
		}
		v = v*10 + int(c)
	}
	r.text = r.text[n:]
	r.bad = v < low || v > high
	return v
}

func (r *reader) byte(c byte) {
	if r.bad = r.bad || r.text == "" || r.text[0] != c; !r.bad {
		r.text = r.text[1:]
	}
}

func (r *reader) next(c byte) bool { return r.text != "" && r.text[0] == c }

// clock takes the time of a day, from the T or the space on, and an offset.
func (r *reader) clock(at *Date) bool {
	space := r.text[0] == ' '
	r.text = r.text[1:]
	at.sec += int64(r.number(2, 0, 23)) * 3600
	minutes, seconds := r.next(':'), false
	if minutes {
		r.byte(':')
		at.sec += int64(r.number(2, 0, 59)) * 60
		if seconds = r.next(':'); seconds {
			r.byte(':')
			at.sec += int64(r.number(2, 0, 59))
			at.nano = r.fraction()
		}
	}
	if r.bad || space && !seconds {
		return false
	}
	if r.text == "" {
		return true
	}
	return (seconds || !minutes) && r.offset(at)
}

// fraction takes that of a second, of which nine digits count.
func (r *reader) fraction() (nano int32) {
	if len(r.text) < 2 || r.text[0] != '.' || !digit(r.text[1]) {
		return 0
	}
	i, unit := 1, int32(1e8)
	for ; i < len(r.text) && digit(r.text[i]); i++ {
		nano += int32(r.text[i]-'0') * unit
		unit /= 10
	}
	r.text = r.text[i:]
	return nano
}

// offset takes Z or that of a zone, to the end.
func (r *reader) offset(at *Date) bool {
	if r.text == "Z" {
		return true
	}
	sign := int64(-1)
	if r.next('-') {
		sign = 1
	} else if !r.next('+') {
		return false
	}
	r.text = r.text[1:]
	h := r.number(2, 0, 23)
	r.byte(':')
	m := r.number(2, 0, 59)
	at.sec += sign * int64(h*3600+m*60)
	return !r.bad && r.text == ""
}

// oddForms are what Go reads and few write: an hour of one digit, more than one space, a comma before the fraction, an offset of a
// whole day.
var oddForms = []string{
	time.RFC3339Nano, "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999", "2006-01-02T15", "2006-01-02T15:04",
	"2006-01-02T15Z07:00", "2006-01-02 15:04:05Z07:00",
}

// oddClock reads such a date, whose clock starts with what is given. It is the one way to read a date that allocates,
// and the bytes that no form has are kept from it.
func oddClock(s, clock string) (Date, bool) {
	for i := 1; i < len(clock); i++ {
		if !digit(clock[i]) && strings.IndexByte(":.,+-Z ", clock[i]) < 0 {
			return Date{}, false
		}
	}
	for _, f := range oddForms {
		if t, err := time.Parse(f, s); err == nil && t.Year() > 0 && t.UTC().Year() < 10000 {
			return Date{t.Unix(), int32(t.Nanosecond())}, true
		}
	}
	return Date{}, false
}
