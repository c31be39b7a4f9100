package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// soakRequest is a habit of clients. Its outcome is how the answer ended; an error is an answer that the contract has not.
type soakRequest struct {
	name string
	do   func(*replica) (outcome string, err error)
}

const soakQuery = "integrated_account_id=" + fleetAccount + "&" + fleetRange

var soakRequests = []soakRequest{
	{"page", buffered(usagePath, soakQuery+"&limit=50")},
	{"walk of three pages", threePages},
	{"raw", buffered(usagePath, soakQuery+"&truto_response_format=raw")},
	{"normalized", buffered(usagePath, soakQuery+"&truto_response_format=normalized")},
	{"debug", buffered(usagePath, soakQuery+"&truto_response_format=debug&limit=10")},
	{"passthrough", buffered("/proxy/usage", soakQuery)},
	{"summary", buffered(usagePath, soakQuery+"&summary_by=product_id")},
	{"table", streamed("text/csv", -1)},
	{"stream", streamed("application/x-ndjson", -1)},
	{"events", streamed("text/event-stream", -1)},
	{"stream that its reader leaves", streamed("application/x-ndjson", 4<<10)},
	{"events that their reader leaves", streamed("text/event-stream", 64<<10)},
	{"unknown account", refused("integrated_account_id=nobody", http.StatusNotFound)},
	{"bad limit", refused(soakQuery+"&limit=1e9", http.StatusBadRequest)},
	{"bad date", refused(soakQuery+"&date=yesterday", http.StatusBadRequest)},
	{"forged cursor", refused(soakQuery+"&next_cursor=c1.AAAA", http.StatusBadRequest)},
	{"odd brackets", refused(soakQuery+"&remote_query[a][b][c][d][e][f][g]=1", http.StatusBadRequest)},
	{"readiness", buffered("/readyz", "")},
	{"metrics", buffered("/metrics", "")},
}

// soakErrors are the statuses that an answer may have while the provider fails.
var soakErrors = []int{401, 403, 404, 429, 502, 503, 504}

// buffered wants a whole answer, or an error in the contract's shape.
func buffered(path, query string) func(*replica) (string, error) {
	return func(r *replica) (string, error) {
		resp, body, err := whole(r, path, query)
		if resp == nil {
			return "", err
		}
		if resp.StatusCode == http.StatusOK {
			return "200", err
		}
		return refusal(resp, body, soakErrors)
	}
}

// refused wants this error and no other.
func refused(query string, status int) func(*replica) (string, error) {
	return func(r *replica) (string, error) {
		resp, body, err := whole(r, usagePath, query)
		if err != nil {
			return "", err
		}
		return refusal(resp, body, []int{status})
	}
}

// whole reads an answer that has to end well.
func whole(r *replica, path, query string) (*http.Response, []byte, error) {
	resp, err := r.get(path, query)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, body, err
}

// refusal is the status and the code of an error, if it has the contract's shape and one of these statuses.
func refusal(resp *http.Response, body []byte, statuses []int) (string, error) {
	var said struct {
		StatusCode int
		Code       string
		Message    string
		RequestID  string `json:"request_id"`
	}
	err := json.Unmarshal(body, &said)
	switch {
	case err != nil:
		return "", fmt.Errorf("%s: %w: %.200s", resp.Status, err, body)
	case !slices.Contains(statuses, resp.StatusCode), said.StatusCode != resp.StatusCode, said.Code == "", said.Message == "", said.RequestID == "":
		return "", fmt.Errorf("%s: %.300s", resp.Status, body)
	case resp.StatusCode == http.StatusTooManyRequests && resp.Header.Get("Retry-After") == "":
		return "", errors.New("a 429 without Retry-After")
	}
	return fmt.Sprint(said.StatusCode, " ", said.Code), nil
}

// threePages follows cursors.
func threePages(r *replica) (string, error) {
	cursor := ""
	for range 3 {
		resp, body, err := whole(r, usagePath, soakQuery+"&limit=20&next_cursor="+cursor)
		if err != nil {
			return "", err
		}
		if resp.StatusCode != http.StatusOK {
			return refusal(resp, body, soakErrors)
		}
		var p walkPage
		if err := json.Unmarshal(body, &p); err != nil {
			return "", err
		}
		if p.Next == nil || len(p.Result) != 20 {
			return "", fmt.Errorf("%d records and the cursor %v on a page in the middle", len(p.Result), p.Next)
		}
		cursor = *p.Next
	}
	return "200", nil
}

// streamed reads up to so many bytes and leaves, or everything where that is negative. An end that is none of the
// contract's is an error: a stream's last line, a broken connection or the whole.
func streamed(accept string, upTo int64) func(*replica) (string, error) {
	return func(r *replica) (string, error) {
		resp, err := r.get(usagePath, soakQuery, "Accept", accept)
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				return "", err
			}
			return refusal(resp, body, soakErrors)
		}
		if upTo >= 0 {
			_, err := io.CopyN(io.Discard, resp.Body, upTo)
			if err != nil && !errors.Is(err, io.EOF) {
				return "", err
			}
			return "left", nil
		}
		body, err := io.ReadAll(resp.Body)
		return ending(accept, string(body), resp.Trailer.Get("Meterbridge-Status"), err)
	}
}

// ending says how a stream ended, and refuses one that claims to be whole and is not.
func ending(accept, body, trailer string, err error) (string, error) {
	const records = 75 * 20
	lines := strings.Count(body, "\n")
	switch {
	case err != nil && accept == "text/csv":
		return "broken off", nil
	case err != nil:
		return "", err
	case accept == "text/csv" && lines != records+1:
		return "", fmt.Errorf("a table that ended well has %d lines", lines)
	case accept == "text/csv":
		return "whole", nil
	case accept == "text/event-stream" && strings.Contains(body, "\nevent: error\n"), trailer == "error" && strings.Contains(body, `{"error":{`):
		return "error", nil
	case accept == "text/event-stream" && strings.Contains(body, "\nevent: end\n") && strings.Count(body, "event: record\n") == records:
		return "whole", nil
	case trailer == "complete" && lines == records:
		return "whole", nil
	}
	return "", fmt.Errorf("a stream of %d lines ends with the status %q: %s", lines, trailer, body[max(0, len(body)-300):])
}
