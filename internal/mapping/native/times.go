package native

import (
	"math"
	"strings"
	"time"
)

// Times as jq has them: seconds since 1970, or an array of year, month from 0, day, hour, minute, second, day of the week
// and day of the year. Formats are read and written where they are the common ones.

// atSeconds is the time of a number.
func atSeconds(f float64) (time.Time, bool) {
	whole := math.Floor(f)
	if !(math.MinInt64 <= whole && whole < math.MaxInt64) {
		return time.Time{}, false
	}
	t := time.Unix(int64(whole), int64((f-whole)*1e9)).UTC()
	return t, whole >= 0 || t.Year() <= 1970
}

func (m *memory) broken(t time.Time) value {
	out := m.values(8)
	for i, n := range [...]int{t.Year(), int(t.Month()) - 1, t.Day(), t.Hour(), t.Minute(), 0, int(t.Weekday()), t.YearDay() - 1} {
		out[i] = integer(n)
	}
	out[5] = float(float64(t.Second()) + float64(t.Nanosecond())/1e9)
	return arrayOf(out)
}

func gmtime(m *memory, v value) value {
	if v.kind != isNumber {
		return failed
	}
	t, ok := atSeconds(v.double())
	if !ok {
		return failed
	}
	return m.broken(t)
}

// joined is the time of such an array, of which the end may be missing.
func joined(v value) (time.Time, bool) {
	var part [6]int // year, month, day, hour, minute, second
	nano := 0
	for i, e := range v.elems() {
		if i == 8 {
			break
		}
		if e.kind != isNumber {
			return time.Time{}, false
		}
		f := e.double()
		if !(math.MinInt <= f && f < math.MaxInt) {
			return time.Time{}, false
		}
		switch {
		case i == 5:
			part[5] = int(math.Floor(f))
			nano = int((f - math.Floor(f)) * 1e9)
		case i < 5:
			part[i] = toInt(e)
		}
	}
	return time.Date(part[0], time.Month(part[1]+1), part[2], part[3], part[4], part[5], nano, time.UTC), true
}

func seconds(t time.Time) value { return float(float64(t.Unix()) + float64(t.Nanosecond())/1e9) }

func mktime(_ *memory, v value) value {
	if v.kind != isArray {
		return failed
	}
	t, ok := joined(v)
	if !ok {
		return failed
	}
	return seconds(t)
}

// strptime reads the conversions that are numbers, and the zone Z.
func strptime(m *memory, v, format value) value {
	if v.kind != isText || format.kind != isText {
		return failed
	}
	t, no := timeOf(v.str(), format.str())
	if no.bad() {
		return no
	}
	return m.broken(t)
}

func fromdate(_ *memory, v value) value {
	if v.kind != isText {
		return failed
	}
	t, no := timeOf(v.str(), "%Y-%m-%dT%H:%M:%S%z")
	if no.bad() {
		return no
	}
	return seconds(t)
}

// timeOf reads a time as a format has it.
func timeOf(s, format string) (t time.Time, no value) {
	year, month, day, hour, minute, second := 1900, 1, 1, 0, 0, 0
	for i := 0; i < len(format); i++ {
		c := format[i]
		if c == '%' && i+1 < len(format) {
			i++
			ok := true
			switch format[i] {
			case 'Y':
				year, ok = digitsOf(&s, 4, 0, 9999)
			case 'm':
				month, ok = digitsOf(&s, 2, 1, 12)
			case 'd':
				day, ok = digitsOf(&s, 2, 1, 31)
			case 'H':
				hour, ok = digitsOf(&s, 2, 0, 23)
			case 'M':
				minute, ok = digitsOf(&s, 2, 0, 59)
			case 'S':
				second, ok = digitsOf(&s, 2, 0, 59)
			case 'z':
				s, ok = strings.CutPrefix(s, "Z")
			default:
				ok = false
			}
			if !ok { // a sign, a leap second, an offset, a name: there are many
				return t, unknown
			}
			continue
		}
		switch {
		case c == '%':
			return t, unknown
		case s == "" || s[0] != c:
			return t, failed
		}
		s = s[1:]
	}
	if s != "" {
		return t, failed
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC), null
}

// digitsOf takes up to n digits from the front of a text.
func digitsOf(s *string, n, low, high int) (v int, ok bool) {
	i := 0
	for ; i < min(n, len(*s)) && (*s)[i]-'0' < 10; i++ {
		v = v*10 + int((*s)[i]-'0')
	}
	*s = (*s)[i:]
	return v, i > 0 && low <= v && v <= high
}

func todate(m *memory, v value) value { return strftime(m, v, plainText("%Y-%m-%dT%H:%M:%SZ")) }

// strftime writes the conversions that are numbers of a fixed length.
func strftime(m *memory, v, format value) value {
	if format.kind != isText {
		return failed
	}
	var t time.Time
	var ok bool
	switch v.kind {
	case isNumber:
		t, ok = atSeconds(v.double())
	case isArray:
		t, ok = joined(v)
	}
	if !ok {
		return failed
	}
	b, f := m.begin(), format.str()
	for i := 0; i < len(f); i++ {
		c := f[i]
		if c != '%' || i+1 == len(f) {
			b = append(b, c)
			continue
		}
		i++
		switch f[i] {
		case 'Y':
			if t.Year() < 0 || t.Year() > 9999 {
				m.end(b[:0])
				return unknown
			}
			b = appendTwo(appendTwo(b, t.Year()/100), t.Year()%100)
		case 'm':
			b = appendTwo(b, int(t.Month()))
		case 'd':
			b = appendTwo(b, t.Day())
		case 'H':
			b = appendTwo(b, t.Hour())
		case 'M':
			b = appendTwo(b, t.Minute())
		case 'S':
			b = appendTwo(b, t.Second())
		case '%':
			b = append(b, '%')
		default:
			m.end(b[:0])
			return unknown
		}
	}
	return m.end(b)
}

func appendTwo(b []byte, n int) []byte { return append(b, byte('0'+n/10), byte('0'+n%10)) }
