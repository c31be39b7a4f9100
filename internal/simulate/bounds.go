package simulate

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// bounds are what a provider takes of a range: an end that is off by one day passes unseen without them.
type bounds struct {
	days   int    // at most so many; 0: any
	within string // month or day: the range lies inside one; "" any
}

// readBounds reads the directives max_days and within.
func (e *exchange) readBounds(p *parser, line, days int, within string) bounds {
	ranged := e.captures("start") && e.captures("end") || e.captures("job")
	switch {
	case days < 0:
		p.bad(line, "max_days: %d is not a number of days", days)
	case within != "" && within != "month" && within != "day":
		p.bad(line, "within: %q is neither month nor day", within)
	case (days != 0 || within != "") && !ranged:
		p.bad(line, "max_days and within look at {start:KIND} and {end:KIND}, and the pattern lacks one")
	}
	return bounds{days, within}
}

// refuse says why a range is refused; "" where it is taken.
func (b bounds) refuse(asked span) string {
	if asked.start.IsZero() || asked.end.IsZero() {
		return ""
	}
	told := fmt.Sprintf("the range is %s to %s (exclusive)", asked.start.Format(time.RFC3339), asked.end.Format(time.RFC3339))
	if b.days > 0 && asked.end.After(asked.start.AddDate(0, 0, b.days)) {
		return fmt.Sprintf("%s, and may have %d days at most", told, b.days)
	}
	layout := map[string]string{"month": "2006-01", "day": time.DateOnly}[b.within]
	if last := asked.end.Add(-1); layout != "" && asked.start.Format(layout) != last.Format(layout) {
		return fmt.Sprintf("%s, and has to lie inside one %s", told, b.within)
	}
	return ""
}

// beyond is the answer to a range that the exchange's provider would refuse; nil where it takes it.
func (e *exchange) beyond(asked span) *answer {
	if why := e.bounds.refuse(asked); why != "" {
		return plainAnswer(http.StatusBadRequest, "exchange/"+e.name+": "+strings.ReplaceAll(why, `"`, "'"))
	}
	return nil
}
