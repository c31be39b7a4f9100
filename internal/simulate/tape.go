package simulate

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
)

const (
	maxJobs  = 10_000 // a provider; the oldest are forgotten
	maxSeen  = 1_000  // requests a provider that are remembered
	firstJob = 10_000_001
)

// tape is a cassette with its state.
type tape struct {
	*Cassette
	mu     sync.Mutex
	jobs   map[string]*job
	order  []string // of jobs, for forgetting
	next   int
	tokens map[string]bool
	nonces map[string]uint64 // of digest, with the last count
	faults []*fault
	scale  int
	hits   map[string]int
	seen   []Seen
}

type job struct {
	by    string // the exchange that started it
	got   captured
	polls map[string]int // by exchange
}

// find is the first exchange that matches; without one, how each differs that is close.
func (t *tape) find(a *asked, sc *scene) (*exchange, []miss) {
	var likely, far []miss
	for _, e := range t.exchanges {
		got := captured{vals: map[string]string{}}
		m := miss{Exchange: e.name, Pattern: e.method + " " + e.target}
		if !e.reaches(a, &got) {
			m.Differs = []string{"method or path"}
			far = append(far, m)
			continue
		}
		m.Differs = e.match(a, &got)
		if id, has := got.vals["job"]; has {
			j := t.jobs[id]
			switch {
			case j == nil:
				m.Differs = append(m.Differs, fmt.Sprintf("no job %s was started", id))
			case e.job != "" && e.job != j.by:
				m.Differs = append(m.Differs, "answers only jobs of "+e.job)
			case e.times > 0 && j.polls[e.name] >= e.times:
				m.Differs = append(m.Differs, fmt.Sprintf("answers only the first %d requests of a job", e.times))
			case len(m.Differs) == 0:
				j.polls[e.name]++
				sc.job = id
				got.span = j.got.span
				got.vals["start"], got.vals["end"] = j.got.vals["start"], j.got.vals["end"]
			}
		}
		if len(m.Differs) == 0 {
			sc.got = got
			return e, nil
		}
		likely = append(likely, m)
	}
	if likely != nil {
		return nil, likely
	}
	return nil, far
}

// refusal is the answer to wrong credentials.
func (t *tape) refusal(e *exchange) (*answer, string) {
	names := []string{"unauthorized"}
	if e.issues() {
		names = []string{"unauthorized_token", "unauthorized"}
	}
	if e.auth.refused {
		names = []string{"refused"}
	}
	for _, n := range names {
		if a := t.answers[n]; a != nil {
			return a, "answer/" + n
		}
	}
	if e.auth.refused {
		return plainAnswer(http.StatusBadRequest, "this request must not carry credentials"), "answer/refused"
	}
	return plainAnswer(http.StatusUnauthorized, "wrong credentials; GET /_simulate/accounts tells them"), "answer/unauthorized"
}

func (t *tape) start(by string, got captured) string {
	id := strconv.Itoa(t.next)
	t.next++
	t.jobs[id] = &job{by: by, got: got, polls: map[string]int{}}
	t.order = append(t.order, id)
	if len(t.order) > maxJobs {
		delete(t.jobs, t.order[0])
		t.order = t.order[1:]
	}
	return id
}

func (t *tape) note(s Seen) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.seen = append(t.seen, s)
	if len(t.seen) > maxSeen {
		t.seen = slices.Delete(t.seen, 0, len(t.seen)-maxSeen)
	}
}

func (t *tape) answerNames() []string { return slices.Sorted(maps.Keys(t.answers)) }
