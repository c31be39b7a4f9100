package house

import "github.com/meterbridge/meterbridge/internal/money"

// MaxStep bounds the hours, days or months of one step.
const MaxStep = 1_000_000

// Step moves a date by a number of periods.
type Step func(d Date, n int) Date

// Steps are those of the house, by the names of their functions.
var Steps = map[string]Step{
	"add_hours":  func(d Date, n int) Date { return Date{d.sec + int64(n)*3600, d.nano} },
	"add_days":   func(d Date, n int) Date { return Date{d.sec + int64(n)*daySeconds, d.nano} },
	"add_months": addMonths,
}

// From is the step of a date by n, at most MaxStep either way; false where it leaves the years of four digits.
func (s Step) From(d Date, n int) (Date, bool) {
	d = s(d, n)
	return d, d.fourDigits()
}

// addMonths keeps the day where the month has it, and is the month's last day where it has not.
func addMonths(d Date, n int) Date {
	y, m, day := d.civil()
	y, m = y+floorDiv(m-1+n, 12), (m-1+n)-floorDiv(m-1+n, 12)*12+1
	clock := d.sec - floorDiv(d.sec, daySeconds)*daySeconds
	at := midnight(y, m, min(day, lastOfMonth(y, m)))
	at.sec += clock
	return at
}

// MaxMonths bounds the list that Months makes.
const MaxMonths = 1200

// Months is the first month that a half-open range touches, and how many there are; false past MaxMonths.
func Months(start, end Date) (first Date, n int, ok bool) {
	if !start.Before(end) {
		return start, 0, true
	}
	first = monthStart(start)
	for at := first; at.Before(end); at = addMonths(at, 1) {
		if n == MaxMonths {
			return first, 0, false
		}
		n++
	}
	return first, n, true
}

// AppendMonth writes the nth month from a first one, YYYY-MM.
func AppendMonth(b []byte, first Date, n int) []byte {
	return Forms["month"].Append(b, addMonths(first, n))
}

// CycleStart is the start of the billing cycle that a date lies in: the last midnight at or before it on that day of the
// month, from 1 to 31, which in a shorter month is its last day.
func CycleStart(d Date, day int) (Date, bool) {
	y, m, _ := d.civil()
	start := midnight(y, m, min(day, lastOfMonth(y, m)))
	if d.Before(start) {
		if m--; m == 0 {
			y, m = y-1, 12
		}
		start = midnight(y, m, min(day, lastOfMonth(y, m)))
	}
	return start, start.fourDigits()
}

// Epoch makes a date of whole units since 1970.
type Epoch func(n int64) Date

// Epochs are those of the house, by the names of their functions.
var Epochs = map[string]Epoch{
	"from_unix":    func(n int64) Date { return Date{sec: n} },
	"from_unix_ms": func(n int64) Date { return Date{sec: floorDiv(n, 1000)} },
	"from_days":    func(n int64) Date { return Date{sec: min(max(n, -daysReach), daysReach) * daySeconds} },
}

// What these let pass is held to a year of four digits; they keep the arithmetic of dates away from its own limits.
const (
	epochReach = 1 << 48
	daysReach  = 10000 * 366
)

// At is the date of a number. A fraction is cut off towards the past, as it is of every date.
func (e Epoch) At(d money.Dec) (Date, bool) {
	n, ok := d.Floor()
	if !ok || n < -epochReach-1 || n > epochReach {
		return Date{}, false
	}
	at := e(n)
	return at, at.fourDigits()
}
