package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/meterbridge/meterbridge/internal/simulate"
)

// fleetRange is a quarter of which the provider has 75 items, each as often as its scale says.
const fleetRange = "start_date=2026-07&end_date=2026-09"

// TestReplicasServeOneWalk walks as a client behind a balancer does: each page comes from the next gateway. One is killed
// on the way, as a machine dies; another loses Redis and gets it back. The records are those of a walk with one gateway,
// to the byte and in order.
func TestReplicasServeOneWalk(t *testing.T) {
	t.Parallel()
	f := startFleet(t, 3, "")
	want := f.walk(f.replicas[:1], nil)
	if len(want) != 75 {
		t.Fatalf("a walk with one gateway has %d records, want 75", len(want))
	}
	got := f.walk(f.replicas, func(pages int) {
		switch pages {
		case 2:
			f.replicas[2].redis.sever()
		case 4:
			f.replicas[1].kill()
		case 6:
			if !f.replicas[2].degraded(t) {
				t.Error("the gateway that lost Redis does not say so at /readyz")
			}
			if f.replicas[0].degraded(t) {
				t.Error("a gateway that has Redis says it is degraded")
			}
		case 8:
			f.replicas[2].redis.mend()
		}
	})
	if !slices.Equal(got, want) {
		t.Errorf("the walk over three gateways has %d records, and not the %d of one gateway in their order", len(got), len(want))
	}
}

// walk reads all pages, each from the next of these gateways that answers, and calls between after each.
func (f *fleet) walk(over []*replica, between func(pages int)) (records []string) {
	f.t.Helper()
	query := fleetRange + "&limit=7"
	cursor := ""
	for turn, pages := 0, 0; ; turn++ {
		if turn > 100 {
			f.t.Fatal("the walk does not end")
		}
		p, err := over[turn%len(over)].ask(query + "&next_cursor=" + cursor)
		var status statusError
		if errors.As(err, &status) {
			f.t.Fatalf("page %d: %v", pages, err)
		}
		if err != nil {
			continue // a gateway that died: its balancer asks the next
		}
		for _, r := range p.Result {
			records = append(records, string(r))
		}
		if p.Next == nil {
			return records
		}
		cursor = *p.Next
		if pages++; between != nil {
			between(pages)
		}
	}
}

// TestAStreamGoesOnElsewhere reads server-sent events from a gateway that is killed under way: the client sees that the
// end is none, and goes on at another gateway behind the last event that it has whole.
func TestAStreamGoesOnElsewhere(t *testing.T) {
	t.Parallel()
	f := startFleet(t, 2, "")
	f.scale(400)
	const total = 75 * 400

	first, last, err := events(f.replicas[0], "", func(n int) {
		if n == 1000 {
			f.replicas[0].kill()
		}
	})
	if err == nil {
		t.Fatal("the stream of a killed gateway ended as if it were complete")
	}
	if len(first) < 1000 || len(first) >= total {
		t.Fatalf("%d events came before the gateway's death, of %d: the test kills it too late", len(first), total)
	}
	rest, _, err := events(f.replicas[1], last, nil)
	if err != nil {
		t.Fatalf("going on elsewhere: %v", err)
	}
	seen := map[string]bool{}
	for _, id := range append(first, rest...) {
		if seen[id] {
			t.Fatalf("record %s came twice", id)
		}
		seen[id] = true
	}
	if len(seen) != total {
		t.Errorf("%d records came, want %d", len(seen), total)
	}
}

// events reads a stream of server-sent events to its end: the records' ids, and the id of the last event. Without the
// end event it is an error.
func events(from *replica, after string, each func(n int)) (records []string, last string, err error) {
	resp, err := from.get(usagePath, "integrated_account_id="+fleetAccount+"&"+fleetRange, "Accept", "text/event-stream", "Last-Event-ID", after)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	in := bufio.NewReader(resp.Body)
	var event, id, data string
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return records, last, errors.Join(err, errors.New("no end event"))
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case "event":
			event = value
		case "id":
			id = value
		case "data":
			data = value
		case "": // the event is whole
			switch event {
			case "end":
				return records, last, nil
			case "error":
				return records, last, errors.New(data)
			case "record":
				var record struct{ ID string }
				if err := json.Unmarshal([]byte(data), &record); err != nil {
					return records, last, err
				}
				records, last = append(records, record.ID), id
				if each != nil {
					each(len(records))
				}
			}
			event = ""
		}
	}
}

// TestReplicasGetOneToken lets many requests meet a provider's token endpoint at once, in several gateways.
func TestReplicasGetOneToken(t *testing.T) {
	t.Parallel()
	f := startFleet(t, 3, "")
	var asking sync.WaitGroup
	for i := range 60 {
		asking.Go(func() {
			if _, err := f.replicas[i%3].ask("start_date=2026-09"); err != nil {
				t.Error(err)
			}
		})
	}
	asking.Wait()
	if n := f.provider.Hits("acme")["token"]; n != 1 {
		t.Errorf("sixty requests at three gateways got %d tokens, want 1", n)
	}
}

// scale makes the provider's answers so many times longer.
func (f *fleet) scale(times int) {
	f.t.Helper()
	askSimulator(f.t, f.provider, "POST", "/_simulate/scale?connector=acme&times="+strconv.Itoa(times))
}

// askSimulator asks the simulator for something else than an answer.
func askSimulator(t *testing.T, s *simulate.Simulator, method, target string) {
	t.Helper()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(method, target, nil))
	if w.Code >= 300 {
		t.Fatalf("%s %s: %d %s", method, target, w.Code, w.Body)
	}
}
