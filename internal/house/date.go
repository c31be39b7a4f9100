package house

import "time"

// RFC3339 is the one form of dates that leaves the house: UTC, whole seconds.
const RFC3339 = "2006-01-02T15:04:05Z"

// Date is a moment in UTC, in a year of four digits.
type Date struct {
	sec  int64 // since 1970
	nano int32
}

// Time is the same as Go has it.
func (d Date) Time() time.Time { return time.Unix(d.sec, int64(d.nano)).UTC() }

// Unix is the whole seconds since 1970.
func (d Date) Unix() int64 { return d.sec }

// UnixMilli is the whole milliseconds since 1970.
func (d Date) UnixMilli() int64 { return d.sec*1000 + int64(d.nano)/1e6 }

// Before says that d is earlier than e.
func (d Date) Before(e Date) bool { return d.sec < e.sec || d.sec == e.sec && d.nano < e.nano }

func (d Date) civil() (year, month, day int) { return civil(floorDiv(d.sec, daySeconds)) }

// day is one of the calendar.
type day struct{ year, month, day int }

func (d day) midnight() Date { return midnight(d.year, d.month, d.day) }

func midnight(y, m, day int) Date { return Date{sec: days(y, m, day) * daySeconds} }

const (
	yearsBegin = -62_135_596_800 // the year 1
	yearsEnd   = 253_402_300_800 // the year 10000
)

// fourDigits says that d lies in a year that can be written.
func (d Date) fourDigits() bool { return yearsBegin <= d.sec && d.sec < yearsEnd }

// written is the length of what Append writes, and of its parts.
const (
	written   = len(RFC3339)
	dayEnds   = len("2026-01-31")
	monthEnds = len("2026-01")
	hourEnds  = len("2026-01-31T10")
)

// Append writes d as RFC3339.
func (d Date) Append(b []byte) []byte {
	day := floorDiv(d.sec, daySeconds)
	y, m, dd := civil(day)
	s := int(d.sec - day*daySeconds)
	b = append(b, byte('0'+y/1000), byte('0'+y/100%10))
	b = append(two(b, y%100), '-')
	b = append(two(b, m), '-')
	b = append(two(b, dd), 'T')
	b = append(two(b, s/3600), ':')
	b = append(two(b, s/60%60), ':')
	return append(two(b, s%60), 'Z')
}

func two(b []byte, n int) []byte { return append(b, byte('0'+n/10), byte('0'+n%10)) }
