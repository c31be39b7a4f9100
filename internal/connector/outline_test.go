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
