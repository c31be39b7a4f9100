package simulate

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	slowPieces   = 8
	slowDelay    = 100 * time.Millisecond
	stallDelay   = 30 * time.Second
	maxFaultTime = 10 * time.Minute
)

// fault is a disturbance that was asked for.
type fault struct {
	Connector  string `json:"connector"`
	Fault      string `json:"fault"`
	Times      int    `json:"times"` // left; 0: until cleared
	Skip       int    `json:"skip"`
	Path       string `json:"path,omitempty"`
	RetryAfter string `json:"retry_after,omitempty"`
	Delay      string `json:"delay,omitempty"`
	delay      time.Duration
}

// newFault reads a fault from the query of POST /_simulate/faults.
func (s *Simulator) newFault(q url.Values) (*fault, error) {
	f := &fault{Connector: q.Get("connector"), Fault: q.Get("fault"), Times: 1, Path: q.Get("path"), RetryAfter: q.Get("retry_after"), Delay: q.Get("delay")}
	t := s.tapes[f.Connector]
	if t == nil {
		return nil, fmt.Errorf("connector: no cassette %q; there are %v", f.Connector, s.names)
	}
	for key, into := range map[string]*int{"times": &f.Times, "skip": &f.Skip} {
		if q.Has(key) {
			n, err := strconv.Atoi(q.Get(key))
			if err != nil || n < 0 {
				return nil, fmt.Errorf("%s: %q is not a number", key, q.Get(key))
			}
			*into = n
		}
	}
	switch f.Fault {
	case "slow":
		f.delay = slowDelay
	case "stall":
		f.delay = stallDelay
	case "cut", "malformed":
	default:
		if t.faultAnswer(f) == nil {
			return nil, fmt.Errorf("fault: %q is none of cut, malformed, slow, stall, a status from 300 to 599, or an answer of the cassette, by its name after answer/: %s", f.Fault, strings.Join(t.answerNames(), ", "))
		}
	}
	if f.Delay != "" {
		d, err := time.ParseDuration(f.Delay)
		if err != nil || d < 0 || d > maxFaultTime {
			return nil, fmt.Errorf("delay: %q is not a duration up to %s", f.Delay, maxFaultTime)
		}
		f.delay = d
	}
	return f, nil
}

// takeFault is the first fault that a request meets; it counts down.
func (t *tape) takeFault(path string) *fault {
	for i, f := range t.faults {
		if !strings.HasPrefix(path, f.Path) {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		taken := *f
		if f.Times--; f.Times == 0 {
			t.faults = slices.Delete(t.faults, i, i+1)
		} else if f.Times < 0 {
			f.Times = 0
		}
		return &taken
	}
	return nil
}

// faultAnswer is the answer that a fault puts in place of the exchange's; nil for those that spoil the exchange's own.
func (t *tape) faultAnswer(f *fault) *answer {
	if a := t.answers[f.Fault]; a != nil {
		return a
	}
	status, err := strconv.Atoi(f.Fault)
	if err != nil || status < 300 || status > 599 {
		return nil
	}
	for _, name := range t.answerNames() {
		if t.answers[name].status == status {
			return t.answers[name]
		}
	}
	return plainAnswer(status, "a fault that was asked for")
}

// plainAnswer stands in where the cassette has none.
func plainAnswer(status int, message string) *answer {
	a := &answer{status: status, json: true, body: &dated{}}
	known := func(string, string) bool { return false }
	head := func(name, value string) {
		a.header = append(a.header, headerLine{name, newTemplate([]byte(value), nil, known)})
	}
	head("Content-Type", "application/json")
	if status == http.StatusTooManyRequests {
		head("Retry-After", "1")
	}
	a.body.head = newTemplate(fmt.Appendf(nil, "{\"message\":\"%s\"}\n", message), nil, known)
	return a
}
