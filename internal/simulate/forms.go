package simulate

import "time"

// forms are the kinds of captures in the order in which a text is tried.
var forms = []string{"date", "month", "hour", "time", "unix", "unix_ms", "last_date", "last_month", "last_hour"}

// Captures are the patterns that take a text as the start or the end of a range, such as {start:date} of 2026-09-01; none
// for a text that is neither.
func Captures(text string, start, end time.Time) (out []string) {
	for _, form := range forms {
		k := kinds[form]
		if k.past == nil && text == k.format(start.UTC()) {
			out = append(out, "{start:"+form+"}")
		}
		if text == k.format(end.UTC()) {
			out = append(out, "{end:"+form+"}")
		}
	}
	return out
}

// Dated is the time that a text of an item tells, or a number in the forms of counts.
func Dated(text string, number bool) (time.Time, bool) {
	d, ok := date{}, false
	if number {
		d, ok = readCount(text)
	} else {
		d, ok = readDate(text)
	}
	return d.at, ok
}
