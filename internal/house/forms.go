package house

// Form is a way to write a date: all of it or the front of it, after an optional cut to the start of its period.
type Form struct {
	cut    func(Date) Date
	length int
}

// Forms are those of the house, by the names of their functions.
var Forms = map[string]Form{
	"rfc3339":     {nil, written},
	"date":        {nil, dayEnds},
	"month":       {nil, monthEnds},
	"hour":        {nil, hourEnds},
	"hour_start":  {hourStart, written},
	"day_start":   {dayStart, written},
	"week_start":  {weekStart, written},
	"month_start": {monthStart, written},
}

// Append writes d in the form.
func (f Form) Append(b []byte, d Date) []byte {
	if f.cut != nil {
		d = f.cut(d)
	}
	n := len(b)
	return d.Append(b)[:n+f.length]
}

// Front is how much of a canonical date is the date in this form; 0 where it is cut first.
func (f Form) Front() int {
	if f.cut != nil {
		return 0
	}
	return f.length
}

func hourStart(d Date) Date { return Date{sec: floorDiv(d.sec, 3600) * 3600} }

func dayStart(d Date) Date { return Date{sec: floorDiv(d.sec, daySeconds) * daySeconds} }

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
