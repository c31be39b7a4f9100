package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/proxy"
)

// asker asks a gateway, one that runs elsewhere or one of this process.
type asker struct {
	base  string
	token string
	http  *http.Client
	notes io.Writer // where it says what it waits for; nil: nowhere
	fades bool      // its cursors end with this process
}

// Waiting for a provider that asks for time.
const (
	maxWait  = 60 * time.Second // a longer Retry-After is the person's to decide
	maxWaits = 20
)

// page is a list as the gateway answers it.
type page struct {
	Result   []json.RawMessage `json:"result"`
	Next     string            `json:"next_cursor"`
	Range    *rangeOf          `json:"range"`
	Partial  bool              `json:"is_partial_response"`
	Warnings []problem.Warning `json:"warnings"`
}

type rangeOf struct {
	Start           *string `json:"start"`
	End             *string `json:"end"`
	Granularity     *string `json:"granularity"`
	PreliminaryFrom *string `json:"preliminary_from"`
}

// get makes a request. An answer that is a problem is an *answered error; the body of any other is the caller's to close.
func (a *asker) get(ctx context.Context, target, accept string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(a.base, "/")+target, nil)
	if err != nil {
		return nil, badInput("the gateway's address: %v", err)
	}
	req.Header.Set("Authorization", "Bearer "+a.token)
	req.Header.Set("Accept", cmp.Or(accept, "application/json"))
	resp, err := a.http.Do(req)
	if err != nil {
		return nil, a.unreachable(ctx, err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, a.unreachable(ctx, err)
	}
	return nil, readProblem(resp.StatusCode, resp.Header, body)
}

func (a *asker) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if u := (*url.Error)(nil); errors.As(err, &u) {
		err = u.Err
	}
	return environmentError{fmt.Errorf("asking the gateway at %s: %w", a.base, err)}
}

// page asks for one page.
func (a *asker) page(ctx context.Context, path, query, cursor string) (*page, error) {
	out := new(page)
	if _, err := a.answer(ctx, path, query, cursor, out); err != nil {
		return nil, err
	}
	return out, nil
}

// answer reads an answer into a value, and gives it as it came too. It waits as page does.
func (a *asker) answer(ctx context.Context, path, query, cursor string, into any) ([]byte, error) {
	waited := 0
	for waits := 0; ; waits++ {
		target := path + "?" + query
		if cursor != "" {
			target += "&next_cursor=" + url.QueryEscape(cursor)
		}
		resp, err := a.get(ctx, target, "")
		var p *answered
		if errors.As(err, &p) {
			p.fades, p.waited = a.fades, waited
		}
		if p != nil && p.RetryAfter > 0 && time.Duration(p.RetryAfter)*time.Second <= maxWait && waits < maxWaits {
			cursor = cmp.Or(p.NextCursor, cursor)
			waited += p.RetryAfter
			if a.notes != nil {
				fmt.Fprintf(a.notes, "waiting %d s: %s\n", p.RetryAfter, p.Message)
			}
			select {
			case <-time.After(time.Duration(p.RetryAfter) * time.Second):
				continue
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			return nil, a.unreachable(ctx, err)
		}
		if err := json.Unmarshal(body, into); err != nil {
			return nil, environmentError{fmt.Errorf("what answers at %s is no gateway: %w", a.base, err)}
		}
		return body, nil
	}
}

// answered is a problem as a gateway told it.
type answered struct {
	*problem.Problem
	requestID string
	fades     bool
	waited    int // seconds that were waited for it already
}

func (p *answered) Unwrap() error { return p.Problem }

func readProblem(status int, h http.Header, body []byte) error {
	var b struct {
		Message    string           `json:"message"`
		Code       problem.Code     `json:"code"`
		RequestID  string           `json:"request_id"`
		Details    map[string]any   `json:"details"`
		Remote     bool             `json:"truto_is_remote_error"`
		NextCursor string           `json:"next_cursor"`
		Insight    *problem.Insight `json:"truto_error_insight"`
	}
	if err := json.Unmarshal(body, &b); err != nil || b.Code == "" {
		return environmentError{fmt.Errorf("the address answers %d %s, but not as a gateway does", status, http.StatusText(status))}
	}
	p := &answered{requestID: b.RequestID, Problem: &problem.Problem{
		Code: b.Code, Status: status, Message: b.Message, Details: b.Details, Remote: b.Remote, NextCursor: b.NextCursor, Insight: b.Insight}}
	p.RetryAfter, _ = strconv.Atoi(h.Get("Retry-After"))
	return p
}

// Error is the problem for a person: what happened, the details, and what to do about it.
func (p *answered) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%d %s)", printable(p.Message), p.Status, p.Code)
	for _, k := range slices.Sorted(maps.Keys(p.Details)) {
		text, err := json.Marshal(p.Details[k])
		if err == nil {
			fmt.Fprintf(&b, "\n  %-14s %s", k, printable(strings.Trim(string(text), `"`)))
		}
	}
	if len(missingScopes(p.Problem)) > 0 {
		fmt.Fprintf(&b, "\n  %-14s %s", "scopes", strings.Join(missingScopes(p.Problem), ", "))
	}
	// The gateway's own messages say what to do; a provider's do not.
	if do := whatToDo(p.Problem); do != "" && (p.Remote || p.Status >= http.StatusInternalServerError) {
		fmt.Fprintf(&b, "\n  %-14s %s", "do", do)
	}
	if p.waited > 0 {
		fmt.Fprintf(&b, "\n  %-14s %d s", "waited", p.waited)
	}
	if p.NextCursor != "" && !p.fades {
		fmt.Fprintf(&b, "\n  %-14s --cursor %s", "go on", p.NextCursor)
	}
	if p.Status >= http.StatusInternalServerError && p.requestID != "" {
		fmt.Fprintf(&b, "\n  %-14s %s", "request", p.requestID)
	}
	return b.String()
}

// more says how to go on where a limit stopped.
func (a *asker) more(w io.Writer, cursor string) {
	switch {
	case cursor == "":
	case a.fades:
		fmt.Fprintln(w, "There is more: raise --limit, or leave it out.")
	default:
		fmt.Fprintf(w, "There is more: --cursor %s\n", cursor)
	}
}

// target is the path of a unified list.
func target(model, resource string) string {
	return "/unified/" + url.PathEscape(cmp.Or(model, proxy.ModelName)) + "/" + url.PathEscape(resource)
}
