package main

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// footprint is what a process holds, as its own metrics say.
type footprint struct{ goroutines, descriptors, resident int }

func (f footprint) String() string {
	return fmt.Sprintf("%d goroutines, %d descriptors, %d MiB resident", f.goroutines, f.descriptors, f.resident>>20)
}

// settleTries bounds how often settled looks until nothing falls any longer.
const settleTries = 100

// settled is the footprint when nobody asks, and connections that are only kept are closed.
func (s *soak) settled(f *fleet) footprint {
	s.t.Helper()
	http.DefaultClient.CloseIdleConnections()
	f.upstream.CloseClientConnections()
	low, same := s.footprint(), 0
	for range settleTries {
		time.Sleep(50 * time.Millisecond) // what is over ends by itself: there is nothing to wait on
		now := s.footprint()
		if now.goroutines >= low.goroutines && now.descriptors >= low.descriptors {
			if same++; same == 10 {
				break
			}
			continue
		}
		low, same = now, 0
	}
	return low
}

func (s *soak) footprint() footprint {
	s.t.Helper()
	_, body, err := whole(s.r, "/metrics", "")
	if err != nil {
		s.t.Fatal(err)
	}
	gauge := func(name string) int {
		_, rest, found := strings.Cut(string(body), "\n"+name+" ")
		text, _, _ := strings.Cut(rest, "\n")
		n, err := strconv.ParseFloat(text, 64)
		if !found || err != nil {
			s.t.Fatalf("no metric %s", name)
		}
		return int(n)
	}
	return footprint{gauge("go_goroutines"), gauge("process_open_fds"), gauge("process_resident_memory_bytes")}
}
