package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/recorder"
	"github.com/meterbridge/meterbridge/internal/simulate"
)

// asOneSees is what records are compared by.
const asOneSees = "&truto_ignore_remote_data=true&limit=1000"

// replayable is the first form of the recording that replays to the records that were seen, with its goldens.
func replayable(ctx context.Context, files assembly.Files, w *recorder.Walk, live []string) (text []byte, n int, err error) {
	for _, form := range recorder.Forms {
		if text, err = w.Cassette(form); err != nil {
			return nil, 0, inputError{err}
		}
		var c *simulate.Cassette
		if c, err = simulate.Parse(w.Connector.Name+".txtar", text); err != nil {
			continue
		}
		if text, n, err = proven(files, c, w, live); err == nil || ctx.Err() != nil {
			return text, n, err
		}
	}
	return nil, 0, fmt.Errorf("the recording does not replay, and nothing was written: %w", err)
}

// proven replays a cassette, compares its records, and puts the goldens in.
func proven(files assembly.Files, c *simulate.Cassette, w *recorder.Walk, live []string) ([]byte, int, error) {
	r, err := assembly.NewReplay(files, c, assembly.Options{Version: version, Hurry: true})
	if err != nil {
		return nil, 0, err
	}
	defer r.Close()
	records, err := replayedRecords(r, c.Requests[0])
	if err != nil {
		return nil, 0, err
	}
	if w.Next == nil && !slices.Equal(records, underBase(w, live)) {
		return nil, 0, fmt.Errorf("it gives %s, and the provider gave %s, or others", count(len(records), "record"), count(len(live), "record"))
	}
	goldens := map[string][]byte{}
	for _, q := range c.Requests {
		got, err := r.Answer(q)
		if err != nil {
			return nil, 0, err
		}
		if got.Status != q.Status {
			return nil, 0, fmt.Errorf("%s: %s", q.Name, printable(got.Problem()))
		}
		goldens[q.Golden()] = golden(q, got.Body)
	}
	return c.Update(goldens), len(records), nil
}

// underBase are records as the recording would have them, with the simulator's address in the provider's place.
func underBase(w *recorder.Walk, records []string) []string {
	var out []string
	for _, r := range records {
		out = append(out, strings.ReplaceAll(string(w.Scrub([]byte(r))), "{base}", "http://127.0.0.1:9090/"+w.Connector.Name))
	}
	return out
}

// replayedRecords are all records of a request.
func replayedRecords(r *assembly.Replay, q simulate.Request) ([]string, error) {
	var out []string
	for cursor := ""; ; {
		at := target("", q.Resource) + "?integrated_account_id=" + url.QueryEscape(r.Account) + "&" + q.Query + asOneSees
		if cursor != "" {
			at += "&next_cursor=" + url.QueryEscape(cursor)
		}
		resp := r.Get(at, http.Header{})
		var p page
		if resp.StatusCode != http.StatusOK {
			var b struct {
				Message string `json:"message"`
			}
			_ = json.NewDecoder(resp.Body).Decode(&b)
			return nil, fmt.Errorf("the replay answers %d: %s", resp.StatusCode, printable(b.Message))
		}
		if err := json.NewDecoder(resp.Body).Decode(&p); err != nil {
			return nil, fmt.Errorf("reading the replay: %w", err)
		}
		for _, raw := range p.Result {
			out = append(out, string(r.Settle(raw)))
		}
		if cursor = p.Next; cursor == "" {
			return out, nil
		}
	}
}
