package upstream

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/problem"
)

func TestAccountNeedsReauthAndComesBack(t *testing.T) {
	var refuse atomic.Bool
	a := newAcme(t, func(w http.ResponseWriter, r *http.Request) {
		if refuse.Load() {
			w.WriteHeader(401)
		}
	}, Config{}, keyAuth)
	refuse.Store(true)
	a.fails(get("x"), problem.NeedsReauth)
	if st := a.states.Get("acct-1"); st.Status != account.NeedsReauth || st.LastError == "" {
		t.Fatalf("after a 401: %+v", st)
	}
	refuse.Store(false)
	if _, err := a.read(get("x")); err != nil {
		t.Fatal(err)
	}
	if st := a.states.Get("acct-1"); st.Status != account.Active || st.LastError != "" {
		t.Fatalf("after a success: %+v", st)
	}
	a.states.Set("acct-1", account.Blocked, "by hand")
	if _, err := a.read(get("x")); err != nil {
		t.Fatal(err)
	}
	if st := a.states.Get("acct-1"); st.Status != account.Blocked {
		t.Fatalf("a success took the block away: %+v", st)
	}
}

func TestServerErrorsSayNothingAboutTheAccount(t *testing.T) {
	for _, status := range []int{400, 404, 429, 500, 503} {
		a := newAcme(t, answers(status, nil, ""), Config{Attempts: 1}, keyAuth)
		if _, err := a.read(get("x")); err == nil {
			t.Fatal("no error")
		}
		if st := a.states.Get("acct-1"); st.Status != account.Active {
			t.Errorf("%d: %+v", status, st)
		}
	}
}

func TestUnauthorizedIsConfirmedOnce(t *testing.T) {
	for _, c := range []struct {
		name    string
		confirm string
		refuse  int64 // how many calls are refused
		calls   int64
		ok      bool
	}{
		{"without confirmation", ``, 1, 1, false},
		{"a throttled login", `errors: { confirm_unauthorized: 60ms }`, 1, 2, true},
		{"a wrong key", `errors: { confirm_unauthorized: 60ms }`, 99, 2, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var calls atomic.Int64
			a := newAcme(t, func(w http.ResponseWriter, r *http.Request) {
				if calls.Add(1) <= c.refuse {
					w.WriteHeader(401)
				}
			}, Config{}, keyAuth, c.confirm)
			start := time.Now()
			if c.ok {
				if _, err := a.read(get("x")); err != nil {
					t.Fatal(err)
				}
			} else {
				a.fails(get("x"), problem.NeedsReauth)
			}
			if calls.Load() != c.calls {
				t.Errorf("%d calls, want %d", calls.Load(), c.calls)
			}
			if c.confirm != "" && time.Since(start) < 60*time.Millisecond {
				t.Error("the second try did not wait")
			}
			if got := a.states.Get("acct-1").Status == account.Active; got != c.ok {
				t.Errorf("the account is %s", a.states.Get("acct-1").Status)
			}
		})
	}
}

func TestForbiddenAsksTheCheckCall(t *testing.T) {
	check := `check: { get: /check, expect: [ { that: '.body.plan == "pro"', code: plan_unsupported, message: "the plan {{ .body.plan }} lacks the API" } ] }`
	for _, c := range []struct {
		name   string
		yaml   string
		status int
		body   string
		code   problem.Code
		want   int
		state  account.Status
		says   string
	}{
		{"no check call", ``, 0, "", problem.RemoteForbidden, 403, account.Active, "(no)"},
		{"the check works", check, 200, `{"plan":"pro"}`, problem.RemoteForbidden, 403, account.Active, "(no)"},
		{"the check is refused with 401", check, 401, `{"message":"who are you"}`, problem.NeedsReauth, 401, account.NeedsReauth, "(who are you); renew them; the call itself was refused with: no"},
		{"the check is refused with 403", check, 403, `{}`, problem.NeedsReauth, 401, account.NeedsReauth, "the provider refuses the account's credentials (no), for its check call too; renew them"},
		{"the plan is the reason", check, 200, `{"plan":"free"}`, problem.PlanUnsupported, 400, account.Active, "the plan free lacks the API"},
		{"the check fails by itself", check, 500, ``, problem.RemoteForbidden, 403, account.Active, "(no)"},
		{"the check is no JSON", check, 200, `<`, problem.PlanUnsupported, 400, account.Active, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newAcme(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				if r.URL.Path == "/check" {
					w.WriteHeader(c.status)
					_, _ = w.Write([]byte(c.body))
					return
				}
				w.WriteHeader(403)
				_, _ = w.Write([]byte(`{"message":"no"}`))
			}, Config{}, keyAuth, "errors: { message: [message] }", c.yaml)
			_, err := a.session().WithScopes([]string{"usage_read"}).Do(t.Context(), get("usage"))
			p := wants(t, err, c.code, "")
			if p.Status != c.want || !p.Remote {
				t.Errorf("status %d, remote %v", p.Status, p.Remote)
			}
			if st := a.states.Get("acct-1").Status; st != c.state {
				t.Errorf("the account is %s, want %s", st, c.state)
			}
			if c.code == problem.RemoteForbidden && (p.Insight.Forbidden == nil || strings.Join(p.Insight.Forbidden.MissingScopes, ",") != "usage_read") {
				t.Errorf("insight %+v", p.Insight)
			}
			if !strings.HasSuffix(p.Message, c.says) {
				t.Error(p.Message)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	check := `check: { get: /check, expect: [ { that: ".body.ok", code: account_misconfigured, message: "not ok" } ] }`
	for _, c := range []struct {
		name   string
		yaml   string
		status int
		body   string
		code   problem.Code
	}{
		{"none declared", ``, 500, ``, ""},
		{"proves it", check, 200, `{"ok":true}`, ""},
		{"refused", check, 401, ``, problem.NeedsReauth},
		{"an expectation fails", check, 200, `{"ok":false}`, problem.AccountMisconfig},
		{"an answer past its bound", check, 200, `{"ok":"` + strings.Repeat("x", maxCheck) + `"}`, problem.UpstreamTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newAcme(t, answers(c.status, map[string]string{"Content-Type": "application/json"}, c.body), Config{}, keyAuth, c.yaml)
			err := a.session().Check(t.Context())
			if c.code != "" {
				wants(t, err, c.code, "")
			} else if err != nil {
				t.Fatal(err)
			}
		})
	}
}
