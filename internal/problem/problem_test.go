package problem

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestEncode(t *testing.T) {
	for name, c := range map[string]struct {
		p    *Problem
		want string
	}{
		"ours": {
			Param(InvalidParameter, "limit", "limit is a & <b>"),
			`{"statusCode":400,"error":"Bad Request","message":"limit is a & <b>","code":"invalid_parameter","request_id":"r","details":{"parameter":"limit"}}`,
		},
		"a provider's, with JSON": {
			&Problem{Code: RateLimited, Status: 429, Message: "slow", Remote: true, Raw: []byte(`{"a":1.10}`), Insight: &Insight{RateLimit: "slow"}, NextCursor: "c1.x"},
			`{"statusCode":429,"error":"Too Many Requests","message":"slow","code":"remote_rate_limited","request_id":"r","truto_is_remote_error":true,"raw_response":{"a":1.10},"truto_error_insight":{"rate_limit_error":"slow"},"next_cursor":"c1.x"}`,
		},
		"a provider's, with text": {
			&Problem{Code: UpstreamFailed, Status: 502, Remote: true, Raw: []byte("<html>")},
			`{"statusCode":502,"error":"Bad Gateway","message":"","code":"upstream_failed","request_id":"r","truto_is_remote_error":true,"raw_response":"<html>"}`,
		},
		"a provider's, with bytes": {
			&Problem{Code: UpstreamFailed, Status: 502, Raw: []byte{0xff, 0xfe}},
			`{"statusCode":502,"error":"Bad Gateway","message":"","code":"upstream_failed","request_id":"r","raw_response":"(2 bytes that are not text)"}`,
		},
		"a detail that does not encode": {
			New(Internal, "m").With("f", func() {}),
			`{"statusCode":500,"error":"Internal Server Error","message":"m","code":"internal","request_id":"r"}`,
		},
		"a status without a name": {
			&Problem{Code: RemoteError, Status: 599},
			`{"statusCode":599,"error":"Error","message":"","code":"remote_error","request_id":"r"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := string(c.p.Encode("r")); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestFrom(t *testing.T) {
	own := New(NotFound, "x")
	for name, c := range map[string]struct {
		err  error
		want Code
	}{
		"a problem in the chain": {fmt.Errorf("while: %w", own), NotFound},
		"a deadline":             {context.DeadlineExceeded, Timeout},
		"a client that left":     {fmt.Errorf("reading: %w", context.Canceled), ClientGone},
		"anything else":          {errors.New("secret inside"), Internal},
	} {
		t.Run(name, func(t *testing.T) {
			p := From(c.err)
			if p.Code != c.want {
				t.Errorf("code %s, want %s", p.Code, c.want)
			}
			if c.want == Internal && strings.Contains(string(p.Encode("r")), "secret") {
				t.Error("the inside of an error is shown")
			}
		})
	}
	if From(nil) != nil {
		t.Error("no error is a problem")
	}
}

func TestTable(t *testing.T) {
	seen := map[Code]bool{}
	for _, e := range Table() {
		if seen[e.Code] || e.What == "" || e.Do == "" || e.Code.Status() != e.Status {
			t.Errorf("the row of %s is wrong", e.Code)
		}
		seen[e.Code] = true
	}
	if Code("unheard_of").Status() != http.StatusInternalServerError {
		t.Error("an unknown code is our defect")
	}
	warned := map[string]bool{}
	for _, w := range Warnings() {
		if warned[w.Code] || w.What == "" {
			t.Errorf("the row of %s is wrong", w.Code)
		}
		warned[w.Code] = true
	}
}

// FuzzEncode: whatever a provider sends, the answer is one JSON document.
func FuzzEncode(f *testing.F) {
	f.Add([]byte(`{"a":1}`), "m")
	f.Add([]byte("\xff<html>"), "\x00")
	f.Fuzz(func(t *testing.T, raw []byte, message string) {
		p := &Problem{Code: UpstreamFailed, Status: 502, Message: message, Raw: raw}
		if out := p.Encode("r"); !json.Valid(out) {
			t.Fatalf("not JSON: %q", out)
		}
	})
}
