package upstream

import (
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/connector"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func TestRateLimitHeaders(t *testing.T) {
	names := connector.RateHeaders{Limit: connector.Names{"X-Limit"}, Period: connector.Names{"X-Period"},
		Remaining: connector.Names{"X-Left", "X-Left-Old"}, Reset: connector.Names{"X-Reset"}, ResetIs: "seconds"}
	as := func(kind string) connector.RateHeaders { s := names; s.ResetIs = kind; return s }
	for _, c := range []struct {
		name string
		spec connector.RateHeaders
		in   map[string]string
		want map[string]string
	}{
		{"none sent", names, nil, nil},
		{"relative seconds", names, map[string]string{"X-Limit": "110", "X-Period": "10", "X-Left": "7", "X-Reset": "3"},
			map[string]string{"Ratelimit-Limit": "110;w=10", "Ratelimit-Remaining": "7", "Ratelimit-Reset": "3"}},
		{"the first name that is present", names, map[string]string{"X-Left-Old": "5"}, map[string]string{"Ratelimit-Remaining": "5"}},
		{"a fraction is rounded up", names, map[string]string{"X-Reset": "0.2"}, map[string]string{"Ratelimit-Reset": "1"}},
		{"epoch seconds", as("epoch"), map[string]string{"X-Reset": "1767355230"}, map[string]string{"Ratelimit-Reset": "30"}},
		{"epoch milliseconds", as("epoch"), map[string]string{"X-Reset": "1767355230500"}, map[string]string{"Ratelimit-Reset": "31"}},
		{"an epoch that has passed", as("epoch"), map[string]string{"X-Reset": "1"}, map[string]string{"Ratelimit-Reset": "0"}},
		{"an HTTP date", as("http_date"), map[string]string{"X-Reset": "Fri, 02 Jan 2026 12:01:00 GMT"}, map[string]string{"Ratelimit-Reset": "60"}},
		{"the limit carries its window", names, map[string]string{"X-Limit": "100, 100;w=60"}, map[string]string{"Ratelimit-Limit": "100;w=60"}},
		{"garbage is left out", names, map[string]string{"X-Limit": "many", "X-Left": "-1", "X-Reset": "NaN", "X-Period": "0x10"}, nil},
		{"huge values are bounded", names, map[string]string{"X-Limit": "99999999999999999999", "X-Reset": "1e9"},
			map[string]string{"Ratelimit-Limit": "2147483647"}},
		{"undeclared, the usual names", connector.RateHeaders{}, map[string]string{"X-RateLimit-Limit": "5", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "60"},
			map[string]string{"Ratelimit-Limit": "5", "Ratelimit-Remaining": "0", "Ratelimit-Reset": "60"}},
		{"undeclared, an epoch", connector.RateHeaders{}, map[string]string{"X-RateLimit-Reset": "1767355230"}, map[string]string{"Ratelimit-Reset": "30"}},
		{"declared elsewhere, the usual names do not count", names, map[string]string{"X-RateLimit-Limit": "5"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := map[string]string{}
			for k, v := range rateLimit(header(c.in), c.spec, noon) {
				got[k] = v[0]
			}
			if !maps.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	several := connector.RateHeaders{RetryAfter: connector.Names{"X-Wait-Client", "X-Wait-Tenant", "Retry-After"}}
	own := connector.RateHeaders{RetryAfter: connector.Names{"X-Wait"}, Reset: connector.Names{"X-Reset"}, ResetIs: "seconds"}
	for _, c := range []struct {
		name string
		spec connector.RateHeaders
		in   map[string]string
		want int
		ok   bool
	}{
		{"seconds", own, map[string]string{"Retry-After": "7"}, 7, true},
		{"zero is at least one", own, map[string]string{"Retry-After": "0"}, 1, true},
		{"a fraction is rounded up", own, map[string]string{"Retry-After": "1.2"}, 2, true},
		{"an HTTP date", own, map[string]string{"Retry-After": "Fri, 02 Jan 2026 12:00:20 GMT"}, 20, true},
		{"a date that has passed", own, map[string]string{"Retry-After": "Fri, 02 Jan 2015 12:00:20 GMT"}, 1, true},
		{"1e9 in digits", own, map[string]string{"Retry-After": "1000000000"}, 1000000000, true},
		{"past what an integer holds", own, map[string]string{"Retry-After": "99999999999999"}, maxSeconds, true},
		{"absent", own, nil, 0, false},
		{"garbage", own, map[string]string{"Retry-After": "soon"}, 0, false},
		{"negative", own, map[string]string{"Retry-After": "-5"}, 0, false},
		{"1e9 in words", own, map[string]string{"Retry-After": "1e9"}, 0, false},
		{"infinite", own, map[string]string{"Retry-After": "Inf"}, 0, false},
		{"the declared header first", own, map[string]string{"X-Wait": "3", "Retry-After": "9"}, 3, true},
		{"the longest of several declared ones", several, map[string]string{"X-Wait-Client": "21", "X-Wait-Tenant": "47", "Retry-After": "9"}, 47, true},
		{"the one of them that can be read", several, map[string]string{"X-Wait-Client": "soon", "Retry-After": "9"}, 9, true},
		{"garbage in the declared one", own, map[string]string{"X-Wait": "?", "Retry-After": "9"}, 9, true},
		{"the reset where nothing else is said", own, map[string]string{"X-Reset": "12"}, 12, true},
		{"negative, with a reset", own, map[string]string{"Retry-After": "-5", "X-Reset": "12"}, 12, true},
		{"undeclared, the usual reset", connector.RateHeaders{}, map[string]string{"X-RateLimit-Reset": "1767355230"}, 30, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, ok := retryAfter(header(c.in), c.spec, noon); got != c.want || ok != c.ok {
				t.Errorf("got %d, %v; want %d, %v", got, ok, c.want, c.ok)
			}
		})
	}
}

func header(in map[string]string) http.Header {
	h := http.Header{}
	for k, v := range in {
		h.Set(k, v)
	}
	return h
}

func FuzzRateHeaders(f *testing.F) {
	for _, s := range []string{"1", "-1", "1e9", "1767355230", "100;w=60", "Fri, 02 Jan 2026 12:00:20 GMT", "99999999999999999999.9", ".", "1.2.3", ""} {
		f.Add(s, "seconds")
		f.Add(s, "epoch")
		f.Add(s, "http_date")
	}
	f.Fuzz(func(t *testing.T, s, kind string) {
		spec := connector.RateHeaders{Limit: connector.Names{"A"}, Period: connector.Names{"A"}, Remaining: connector.Names{"A"},
			Reset: connector.Names{"A"}, ResetIs: kind, RetryAfter: connector.Names{"A"}}
		h := http.Header{"A": {s}}
		if n, ok := retryAfter(h, spec, noon); ok && (n < 1 || n > maxSeconds) {
			t.Fatalf("%q: wait %d s", s, n)
		}
		for k, v := range rateLimit(h, spec, noon) {
			for _, part := range v {
				if part == "" || part[0] < '0' || part[0] > '9' {
					t.Fatalf("%q: %s: %q", s, k, part)
				}
			}
		}
	})
}
