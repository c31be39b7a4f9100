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
}

// Stats say what was searched.
type Stats struct {
	Programs, Refused, Slow int
	Results                 [Slow + 1]int // by result
	Differences             int
	Rules                   map[string]int // of the lint that refused programs
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
	percent := func(n int) float64 { return 100 * float64(n) / float64(max(runs, 1)) }
	var rules []string
	for _, r := range slices.SortedFunc(maps.Keys(s.Rules), func(a, b string) int { return s.Rules[b] - s.Rules[a] }) {
		rules = append(rules, fmt.Sprintf("%s %d", r, s.Rules[r]))
	}
	return fmt.Sprintf("%v: %d programs (%d more refused: %s), %d runs, %.0f a second: records %.1f %%, none %.1f %%, errors %.1f %%, malformed %.1f %%; %d slow; %d differences",
		since.Round(time.Second), s.Programs, s.Refused, strings.Join(rules, ", "), runs, float64(runs)/since.Seconds(),
		percent(s.Results[Records]), percent(s.Results[Empty]), percent(s.Results[Failed]), percent(s.Results[Malformed]), s.Slow, s.Differences)
}

// Run searches until it is done.
func (s *Search) Run() *Stats {
	stats := &Stats{Rules: map[string]int{}, Began: time.Now()}
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
	var results [Slow + 1]int
	err = c.Run(p, func(r Result) { results[r]++ })
	stats.mu.Lock()
	stats.Programs++
	for i, n := range results {
		stats.Results[i] += n
	}
	stats.Slow += results[Slow]
	if err != nil {
		stats.Differences++
	}
	stats.mu.Unlock()
	if err != nil {
		s.Differ(c, err)
	}
}
