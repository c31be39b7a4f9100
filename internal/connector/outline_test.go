package connector

import (
	"testing"
	"time"
)

func TestLimitsString(t *testing.T) {
	for want, l := range map[string]Limits{
		"4 calls in 1s, 10 at a time": {Rate: 4, Per: time.Second, Concurrency: 10}, "10 at a time": {Concurrency: 10}, "": {Per: time.Second},
	} {
		if got := l.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestLeaves(t *testing.T) {
	r := &Resource{Omits: map[string]string{"user": "", "usage.unit_price": ""}}
	for path, want := range map[string]bool{"user": true, "user.id": true, "users": false, "usage": false, "usage.unit_price": true, "usage.unit": false} {
		if r.Leaves(path) != want {
			t.Errorf("%s: %v", path, !want)
		}
	}
}

func TestPageSize(t *testing.T) {
	if s := method(t, "{ get: /x, page: { next_url: n, size: { param: p, default: 5, max: 9 } } }").PageSize(); s.Default != 5 || s.Max != 9 || s.Param != "p" {
		t.Errorf("%+v", s)
	}
	if s := method(t, "{ get: /x }").PageSize(); s != (PageSize{}) {
		t.Errorf("%+v", s)
	}
}

func TestPageStyle(t *testing.T) {
	for page, want := range map[string]string{
		"next_url: n": "link", "link_header: next": "link", "next_token: n, token_param: t": "token", "next_token_header: X-N, token_param: t": "token",
		"number: {}, token_param: t": "number", "offset: {}, token_param: t": "offset", "index: { count: n }, token_param: t": "index",
		"next: .body, token_param: t": "token", "size: { param: n, default: 1 }": "none",
	} {
		if got := method(t, "{ get: /x, items: d, page: { "+page+" } }").Calls[0].Page.Style(); got != want {
			t.Errorf("%s: %s, want %s", page, got, want)
		}
	}
	if got := method(t, "{ get: /x }").Calls[0].Page.Style(); got != "none" {
		t.Errorf("without pages: %s", got)
	}
}
