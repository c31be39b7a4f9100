package cursor

import (
	"slices"
	"testing"
	"time"
)

// TestForeignAndAlteredTokensTakeTheSameTime compares the fastest of many turns, taken alternately, which a busy
// machine disturbs least. The bound is wide for its sake; the account's MAC, left out for an altered token, would
// pass it by far.
func TestForeignAndAlteredTokensTakeTheSameTime(t *testing.T) {
	const turns, rounds, bound = 3000, 5, 1.3
	c := New(Config{Keys: keys(t, 1)})
	foreign := mint(t, c, small)
	last := byte('A')
	if foreign[len(foreign)-30] == last {
		last = 'B'
	}
	altered := foreign[:len(foreign)-30] + string(last) + foreign[len(foreign)-29:]
	var ratio float64
	for range rounds {
		took := map[string][]time.Duration{}
		for range turns {
			for _, token := range []string{foreign, altered} {
				start := time.Now()
				_, err := c.Open(t.Context(), token, "another account")
				took[token] = append(took[token], time.Since(start))
				if err == nil {
					t.Fatal("it opened")
				}
			}
		}
		f, a := quartile(took[foreign]), quartile(took[altered])
		ratio = float64(max(f, a)) / float64(min(f, a))
		if ratio <= bound {
			return
		}
	}
	t.Errorf("one takes %.2f times as long as the other", ratio)
}

func quartile(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/4]
}
