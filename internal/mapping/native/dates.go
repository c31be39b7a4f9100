package native

import "github.com/meterbridge/meterbridge/internal/house"

// The functions of the house on dates.

func (m *memory) date(d house.Date) value { return marked(m.end(d.Append(m.begin()))) }

// marked is a text that the house wrote a date as, with the mark of a whole date where it is one, so that nobody reads it
// again. An offset may have led out of the years that are read.
func marked(v value) value {
	if s := v.str(); len(s) == len(house.RFC3339) && s[:4] != "0000" {
		v.form = asDate
	}
	return v
}

// onDate is a function of dates, which is null of null.
func onDate(f func(m *memory, d house.Date) value) func(*memory, value) value {
	return func(m *memory, v value) value {
		switch v.kind {
		case isNull:
			return null
		case isText:
			if d, ok := house.ParseDate(v.str()); ok {
				return f(m, d)
			}
		}
		return failed
	}
}

// inForm writes dates. One that is written as the house does already is cut, and not written anew.
func inForm(form house.Form) func(*memory, value) value {
	return func(m *memory, v value) value {
		switch v.kind {
		case isNull:
			return null
		case isText:
			if n := form.Within(v.str()); n > 0 {
				return marked(v.part(0, n))
			}
			b, ok := form.AppendText(m.begin(), v.str())
			if v := m.end(b); ok {
				return marked(v)
			}
		}
		return failed
	}
}

func partOfDate(part func(house.Date) int) func(*memory, value) value {
	return onDate(func(_ *memory, d house.Date) value { return integer(part(d)) })
}

// moved is a function of a date and a whole number within bounds.
func moved(low, high int, to func(house.Date, int) (house.Date, bool)) func(*memory, value, value) value {
	return func(m *memory, v, by value) value {
		n, ok := integral(by)
		if !ok || n < low || n > high {
			return failed
		}
		switch v.kind {
		case isNull:
			return null
		case isText:
			if d, ok := house.ParseDate(v.str()); ok {
				if d, ok = to(d, n); ok {
					return m.date(d)
				}
			}
		}
		return failed
	}
}

func fromEpoch(epoch house.Epoch) func(*memory, value) value {
	return func(m *memory, v value) value {
		a, ok := amount(m, v)
		switch {
		case !ok:
			return failed
		case !a.Known:
			return null
		}
		d, ok := epoch.At(a.Dec)
		if !ok {
			return failed
		}
		return m.date(d)
	}
}

// yyyymmdd reads a date of eight digits, as a number or as text.
func yyyymmdd(m *memory, v value) value {
	var d house.Date
	ok := false
	switch {
	case v.kind == isNull:
		return null
	case v.kind == isText || v.kind == isNumber && v.form == asText:
		d, ok = house.ParseEight(v.str())
	case v.kind == isNumber:
		var room [64]byte
		b, _ := appendNumber(room[:0], v)
		d, ok = house.ParseEight(string(b))
	}
	if !ok {
		return failed
	}
	return m.date(d)
}

func mdy(m *memory, v value) value {
	switch v.kind {
	case isNull:
		return null
	case isText:
		if d, ok := house.ParseMDY(v.str()); ok {
			return m.date(d)
		}
	}
	return failed
}

// months lists the months of an object with start and end.
func months(m *memory, v value) value {
	if v.kind != isObject {
		return failed
	}
	from, _ := m.get(v, "start")
	to, _ := m.get(v, "end")
	if from.kind != isText || to.kind != isText {
		return failed
	}
	start, ok1 := house.ParseDate(from.str())
	end, ok2 := house.ParseDate(to.str())
	if !ok1 || !ok2 {
		return failed
	}
	first, n, ok := house.Months(start, end)
	if !ok {
		return failed
	}
	out := m.values(n)
	for i := range out {
		out[i] = m.end(house.AppendMonth(m.begin(), first, i))
	}
	return arrayOf(out)
}
