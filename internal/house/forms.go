package house

// Form is a way to write a date: the front of RFC3339, with another end behind it where it is the start of a period.
type Form struct {
	length int
	end    string
	cut    func(Date) Date // before that
}

// Forms are those of the house, by the names of their functions.
var Forms = map[string]Form{
	"rfc3339":     {length: written},
	"date":        {length: dayEnds},
	"month":       {length: monthEnds},
	"hour":        {length: hourEnds},
	"hour_start":  {length: hourEnds, end: ":00:00Z"},
	"day_start":   {length: dayEnds, end: "T00:00:00Z"},
	"month_start": {length: monthEnds, end: "-01T00:00:00Z"},
	"week_start":  {length: written, cut: weekStart},
}

// Append writes d in the form.
func (f Form) Append(b []byte, d Date) []byte {
	if f.cut != nil {
		d = f.cut(d)
	}
	n := len(b)
	return append(d.Append(b)[:n+f.length], f.end...)
}

// AppendText writes the date that a text is in the form. Nearly all texts are the front of RFC3339 already, and are not
// counted in days.
func (f Form) AppendText(b []byte, s string) ([]byte, bool) {
	if n := front(s); n > 0 && f.cut == nil {
		if n >= f.length {
			return append(append(b, s[:f.length]...), f.end...), true
		}
		return append(append(append(b, s...), midnightEnd[:f.length-n]...), f.end...), true
	}
	d, ok := ParseDate(s)
	if !ok {
		return b, false
	}
	return f.Append(b, d), true
}

// Within is how much of a text is the date that it is, in the form; 0 where it would have to be written.
func (f Form) Within(s string) int {
	if f.cut != nil || f.end != "" || front(s) < f.length {
		return 0
	}
	return f.length
}

const midnightEnd = "T00:00:00Z"

// front is the length of a text that is a day or a whole date as Append writes it, and 0 of any other.
func front(s string) int {
	if len(s) != dayEnds && len(s) != written {
		return 0
	}
	if _, ok := plainDay(s); !ok {
		return 0
	}
	if len(s) == written {
		if _, ok := plainClock(s); !ok {
			return 0
		}
	}
	return len(s)
}

// weekStart is Monday.
func weekStart(d Date) Date {
	day := floorDiv(d.sec, daySeconds)
	weekday := (day + 3) - floorDiv(day+3, 7)*7 // 1970 began on a Thursday
	return Date{sec: (day - weekday) * daySeconds}
}

func monthStart(d Date) Date {
	y, m, _ := d.civil()
	return midnight(y, m, 1)
}

// Parts are the parts of a date as numbers, by the names of their functions.
var Parts = map[string]func(Date) int{
	"year":         func(d Date) int { y, _, _ := d.civil(); return y },
	"month_number": func(d Date) int { _, m, _ := d.civil(); return m },
	"day_number":   func(d Date) int { _, _, day := d.civil(); return day },
}
