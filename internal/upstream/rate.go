package upstream

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/meterbridge/meterbridge/internal/connector"
)

// maxSeconds bounds what a header may say, so that no reader of ours overflows.
const maxSeconds = math.MaxInt32

// unstated are the names that providers use without their connector's saying so.
var unstated = connector.RateHeaders{
	Limit:     connector.Names{"RateLimit-Limit", "X-RateLimit-Limit", "X-Rate-Limit-Limit"},
	Remaining: connector.Names{"RateLimit-Remaining", "X-RateLimit-Remaining", "X-Rate-Limit-Remaining"},
	Reset:     connector.Names{"RateLimit-Reset", "X-RateLimit-Reset", "X-Rate-Limit-Reset"},
}

// rateLimit is the provider's rate-limit headers under one set of names: ratelimit-limit (with ;w= where the period
// is known), ratelimit-remaining and ratelimit-reset in seconds from now. What can't be read is left out.
func rateLimit(h http.Header, spec connector.RateHeaders, now time.Time) http.Header {
	stated := len(spec.Limit)+len(spec.Remaining)+len(spec.Reset) > 0
	if !stated {
		spec = unstated
	}
	var out http.Header
	set := func(name, value string) {
		if out == nil {
			out = http.Header{}
		}
		out[name] = []string{value}
	}
	if text := first(h, spec.Limit); text != "" {
		if n, ok := count(text); ok {
			limit := strconv.FormatInt(n, 10)
			if w, ok := count(first(h, spec.Period)); ok && w > 0 {
				limit += ";w=" + strconv.FormatInt(w, 10)
			} else if w, ok := window(text); ok {
				limit += ";w=" + strconv.FormatInt(w, 10)
			}
			set("Ratelimit-Limit", limit)
		}
	}
	if n, ok := count(first(h, spec.Remaining)); ok {
		set("Ratelimit-Remaining", strconv.FormatInt(n, 10))
	}
	if n, ok := resetIn(h, spec, stated, now); ok {
		set("Ratelimit-Reset", strconv.FormatInt(n, 10))
	}
	return out
}

// resetIn is the seconds until the period ends.
func resetIn(h http.Header, spec connector.RateHeaders, stated bool, now time.Time) (int64, bool) {
	text := first(h, spec.Reset)
	if text == "" {
		return 0, false
	}
	if spec.ResetIs == "http_date" {
		return untilDate(text, now)
	}
	n, ok := number(text)
	if !ok {
		return 0, false
	}
	// An undeclared number this large is a date: no period is thirty years long.
	const epochFrom, millisFrom = 1e9, 1e11
	if spec.ResetIs == "epoch" || !stated && n >= epochFrom {
		if n >= millisFrom {
			n /= 1000
		}
		n -= float64(now.UnixMilli()) / 1000
	}
	return ceil(n), true
}

// retryAfter is the whole seconds to wait that an answer asks for, or after which its limit is reset, at least 1; false
// where it says nothing that can be read.
func retryAfter(h http.Header, spec connector.RateHeaders, now time.Time) (int, bool) {
	if n, ok := asksToWait(h, spec, now); ok {
		return n, true
	}
	stated := len(spec.Limit)+len(spec.Remaining)+len(spec.Reset) > 0
	if !stated {
		spec = unstated
	}
	if n, ok := resetIn(h, spec, stated, now); ok {
		return int(max(n, 1)), true
	}
	return 0, false
}

// asksToWait is the whole seconds after which an answer says to ask again, at least 1. Of several declared headers, one
// for each limit that was reached, the longest wait counts.
func asksToWait(h http.Header, spec connector.RateHeaders, now time.Time) (int, bool) {
	for _, names := range [...][]string{spec.RetryAfter, {"Retry-After"}} {
		var longest int64
		for _, name := range names {
			text := value(h, name)
			if text == "" {
				continue
			}
			if n, ok := number(text); ok {
				longest = max(longest, ceil(n), 1)
			} else if n, ok := untilDate(text, now); ok {
				longest = max(longest, n, 1)
			}
		}
		if longest > 0 {
			return int(longest), true
		}
	}
	return 0, false
}

// first is the first header that is present.
func first(h http.Header, names []string) string {
	for _, n := range names {
		if v := value(h, n); v != "" {
			return v
		}
	}
	return ""
}

// value is the first value of a header. A connector writes names as its provider does, and most answers have none of
// them: comparing is cheaper than making a name canonical.
func value(h http.Header, name string) string {
	for k, v := range h {
		if len(v) > 0 && len(k) == len(name) && strings.EqualFold(k, name) {
			return strings.TrimSpace(v[0])
		}
	}
	return ""
}

// number reads a plain number that is not negative.
func number(s string) (float64, bool) {
	if s == "" || strings.Trim(s, "0123456789.") != "" {
		return 0, false // ParseFloat alone takes Inf, 0x10 and 1_0
	}
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil
}

// count reads a whole number at the start of a value such as "100, 100;w=60".
func count(s string) (int64, bool) {
	if i := strings.IndexAny(s, ",; "); i >= 0 {
		s = s[:i]
	}
	n, ok := number(s)
	if !ok {
		return 0, false
	}
	return int64(min(math.Floor(n), maxSeconds)), true
}

// window reads the period of a limit that carries it itself: "100;w=60".
func window(s string) (int64, bool) {
	_, after, ok := strings.Cut(s, ";w=")
	if !ok {
		return 0, false
	}
	return count(after)
}

func untilDate(s string, now time.Time) (int64, bool) {
	at, err := http.ParseTime(s)
	if err != nil {
		return 0, false
	}
	return ceil(at.Sub(now).Seconds()), true
}

func ceil(seconds float64) int64 {
	return int64(min(max(math.Ceil(seconds), 0), maxSeconds))
}
