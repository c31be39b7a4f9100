package simulate

import (
	"bufio"
	"compress/gzip"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// monthsBack is how far from the clock's month the items reach with Shift.
const monthsBack = 12

// show writes an answer for one request.
type show struct {
	scene *scene
	tape  *Cassette
	shift bool
	now   time.Time
	scale int
}

// write sends an answer, spoilt by a fault where there is one. e is nil for an answer without a request.
func (s show) write(w http.ResponseWriter, r *http.Request, a *answer, e *exchange, f *fault) {
	if f == nil {
		f = &fault{}
	}
	if f.Fault == "stall" && !pause(r, f.delay) {
		panic(http.ErrAbortHandler)
	}
	zip := false
	for _, h := range a.header {
		value := string(h.tpl.append(nil, s.scene, move{}))
		if h.name == "Content-Encoding" && value == "gzip" {
			if zip = strings.Contains(r.Header.Get("Accept-Encoding"), "gzip"); !zip {
				continue
			}
		}
		w.Header().Add(h.name, value)
	}
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	w.WriteHeader(a.status)
	s.scene.quote = a.json
	body := func(w io.Writer) error { return s.body(w, a, e, zip) }
	switch f.Fault {
	case "cut", "malformed":
		body(&half{to: w, left: size(body) / 2})
		if f.Fault == "cut" {
			http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler) // a connection that breaks, also where all of the body fits
		}
	case "slow":
		body(&slowly{to: w, r: r, piece: size(body)/slowPieces + 1, delay: f.delay})
	default:
		body(w) // a client that leaves ends it
	}
}

// body writes the whole body, compressed where the cassette says so.
func (s show) body(w io.Writer, a *answer, e *exchange, zip bool) error {
	buf := bufio.NewWriterSize(w, 32<<10)
	if zip {
		z := gzip.NewWriter(buf)
		if err := s.plain(z, a, e); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
	} else if err := s.plain(buf, a, e); err != nil {
		return err
	}
	return buf.Flush()
}

func (s show) plain(w io.Writer, a *answer, e *exchange) error {
	b := a.body.head.append(nil, s.scene, move{})
	first := true
	err := s.items(a, e, func(it *item, m move) error {
		if !first {
			b = append(b, a.body.comma...)
		}
		first = false
		b = append(b, it.gap...)
		b = it.tpl.append(b, s.scene, m)
		_, err := w.Write(b)
		b = b[:0]
		return err
	})
	if err != nil {
		return err
	}
	_, err = w.Write(a.body.tail.append(b, s.scene, move{}))
	return err
}

// months are those that have items for a request.
func (s show) months(e *exchange, asked span) []month {
	newest := monthOf(s.now)
	age := func(m month) int { return int(newest - m) }
	if !s.shift {
		if e.hasAges && (age(s.tape.month) < e.ages[0] || age(s.tape.month) > e.ages[1]) {
			return nil
		}
		return []month{s.tape.month}
	}
	if !asked.any() {
		return []month{newest - month(max(e.ages[0], 0))}
	}
	var out []month
	for m := newest - monthsBack; m <= newest; m++ {
		if !e.hasAges || age(m) >= e.ages[0] && age(m) <= e.ages[1] {
			out = append(out, m)
		}
	}
	return out
}

// items calls emit for every item inside the range, moved to where it is asked for.
func (s show) items(a *answer, e *exchange, emit func(*item, move) error) error {
	if e == nil || len(a.body.list) == 0 {
		return nil
	}
	asked := s.scene.got.span.closed()
	if asked.months != nil && len(asked.months) == 0 {
		asked.months = []month{s.tape.month}
	}
	one := func(it *item, m move) error {
		at := m.to.Add(it.date.at.Sub(m.from))
		if asked.any() && (!asked.holds(at) || at.After(s.now)) {
			return nil
		}
		suffix := m.suffix
		for n := range s.scale {
			if n > 0 {
				m.suffix = suffix + "-x" + strconv.Itoa(n+1)
			}
			if err := emit(it, m); err != nil {
				return err
			}
		}
		return nil
	}
	for _, m := range s.months(e, asked) {
		if s.shift && e.fill && asked.any() {
			if err := s.filled(a, m, one); err != nil {
				return err
			}
			continue
		}
		for i := range a.body.list {
			it := &a.body.list[i]
			mv := move{from: midnight(it.date.at), to: midnight(it.date.at), months: int(m - s.tape.month)}
			if mv.months != 0 {
				switch day := mv.from.Day(); {
				case !asked.any():
					mv.to = clamp(mv.from, m)
				case day > m.days():
					continue // a day that this month lacks
				default:
					mv.to = m.start().AddDate(0, 0, day-1)
				}
				mv.suffix = "-" + m.start().Format("200601")
			}
			if err := one(it, mv); err != nil {
				return err
			}
		}
	}
	return nil
}

// filled tells every day of a month: with its own items, or with those of the last day before that has any (before
// the first such day, with that day's).
func (s show) filled(a *answer, m month, one func(*item, move) error) error {
	source := 0 // the day whose items stand in
	for _, it := range a.body.list {
		if d := it.date.at.Day(); source == 0 || d < source {
			source = d
		}
	}
	for day := 1; day <= m.days(); day++ {
		if slices.ContainsFunc(a.body.list, func(it item) bool { return it.date.at.Day() == day }) {
			source = day
		}
		for i := range a.body.list {
			it := &a.body.list[i]
			if it.date.at.Day() != source {
				continue
			}
			mv := move{from: midnight(it.date.at), to: m.start().AddDate(0, 0, day-1), months: int(m - s.tape.month)}
			if !mv.none() {
				mv.suffix = "-" + mv.to.Format("20060102")
			}
			if err := one(it, mv); err != nil {
				return err
			}
		}
	}
	return nil
}
