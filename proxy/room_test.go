package proxy

import (
	"strconv"
	"testing"

	"github.com/meterbridge/meterbridge/internal/upstream"
)

func TestWhatIsAheadIsBounded(t *testing.T) {
	for _, c := range []struct {
		name                string
		pages, flying, held int
		room                bool
	}{
		{"nothing yet", 0, 0, 0, true},
		{"pages but one", maxAhead - 1, 0, 0, true},
		{"pages", maxAhead, 0, 0, false},
		{"bytes to the last", 1, 0, maxAheadBytes - upstream.MaxShared, true},
		{"a byte too many", 1, 0, maxAheadBytes - upstream.MaxShared + 1, false},
		{"calls under way but one", 7, maxAheadBytes/upstream.MaxShared - 1, 0, true},
		{"calls under way", 8, maxAheadBytes / upstream.MaxShared, 0, false},
	} {
		a := &ahead{pages: map[pageName]*aheadPage{}, flying: c.flying, held: c.held}
		for i := range c.pages {
			a.pages[pageName{token: strconv.Itoa(i)}] = nil
		}
		if a.room() != c.room {
			t.Errorf("%s: room %v", c.name, !c.room)
		}
	}
}
