package mappingtest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Search looks for differences in many cases.
type Search struct {
	Maker   *Maker
	Seed    uint64
	Workers int
	Done    func(s *Stats) bool // asked before each case
	Differ  func(c *Case, err error)
	Bail    func(c *Case) // a case of items that were left to gojq needlessly; nil where nobody asks
}

// Stats say what was searched.
type Stats struct {
	Programs, Refused, Slow int
	Compiled                int           // of the programs
	Results                 [Slow + 1]int // of the runs, by result
	Sure                    int           // of the runs without an error, those that the compiled program gave
	Needless                int           // those that it had and left to gojq
	Differences             int
	Rules, Reasons          map[string]int // of the lint that refused programs, and why some don't compile
	Began                   time.Time
	mu                      sync.Mutex
	next                    uint64
}

// Runs is how many items were run.
func (s *Stats) Runs() (n int) {
	for _, r := range s.Results {
		n += r
	}
	return n
}

// Share is the part of the runs that gave records, or rightly none.
func (s *Stats) Share() float64 {
	return float64(s.Results[Records]+s.Results[Empty]) / float64(max(s.Runs(), 1))
}

func (s *Stats) String() string {
	runs, since := s.Runs(), time.Since(s.Began)
	percent := func(n, of int) float64 { return 100 * float64(n) / float64(max(of, 1)) }
	good := s.Results[Records] + s.Results[Empty]
	return fmt.Sprintf("%v: %d programs, %.1f %% compiled; %d runs, %.0f a second: records %.1f %%, none %.1f %%, errors %.1f %%, malformed %.1f %%, slow %d; "+
		"of those without an error %.1f %% compiled, %d left to gojq; %d differences\nrefused by the lint %d: %s\nnot compiled: %s",
		since.Round(time.Second), s.Programs, percent(s.Compiled, s.Programs), runs, float64(runs)/since.Seconds(),
		percent(s.Results[Records], runs), percent(s.Results[Empty], runs), percent(s.Results[Failed], runs), percent(s.Results[Malformed], runs), s.Slow,
		percent(s.Sure, good), s.Needless, s.Differences, s.Refused, most(s.Rules), most(s.Reasons))
}

// most lists what was counted, the most frequent first.
func most(counts map[string]int) string {
	var out []string
	for _, r := range slices.SortedFunc(maps.Keys(counts), func(a, b string) int { return counts[b] - counts[a] }) {
		out = append(out, fmt.Sprintf("%s %d", r, counts[r]))
	}
	return strings.Join(out[:min(len(out), 20)], ", ")
}

// Run searches until it is done.
func (s *Search) Run() *Stats {
	stats := &Stats{Rules: map[string]int{}, Reasons: map[string]int{}, Began: time.Now()}
	var workers sync.WaitGroup
	for range max(s.Workers, 1) {
		workers.Go(func() {
			for {
				stats.mu.Lock()
				if s.Done(stats) {
					stats.mu.Unlock()
					return
				}
				n := stats.next
				stats.next++
				stats.mu.Unlock()
				s.one(stats, s.Maker.Case(Seeded(s.Seed+n)))
			}
		})
	}
	workers.Wait()
	return stats
}

// one tries one case.
func (s *Search) one(stats *Stats, c *Case) {
	p, err := c.Compile(s.Maker.model)
	if err != nil {
		_, rule, _ := strings.Cut(err.Error(), ": ")
		rule, _, _ = strings.Cut(rule, ":")
		stats.mu.Lock()
		stats.Refused++
		stats.Rules[rule]++
		stats.mu.Unlock()
		return
	}
	var mine Stats
	err = c.Run(p, mine.add)
	reasons := p.Reasons(c.Resource)
	stats.mu.Lock()
	stats.Programs++
	if len(reasons) == 0 {
		stats.Compiled++
	}
	for _, r := range reasons {
		stats.Reasons[r]++
	}
	for i, n := range mine.Results {
		stats.Results[i] += n
	}
	stats.Slow += mine.Results[Slow]
	stats.Sure += mine.Sure
	stats.Needless += mine.Needless
	if err != nil {
		stats.Differences++
	}
	stats.mu.Unlock()
	switch {
	case err != nil:
		s.Differ(c, err)
	case mine.Needless > 0 && s.Bail != nil:
		s.Bail(c)
	}
}

func (s *Stats) add(t Gave) {
	s.Results[t.Result]++
	switch {
	case t.needless():
		s.Needless++
	case t.Ran && (t.Result == Records || t.Result == Empty):
		s.Sure++
	}
}
