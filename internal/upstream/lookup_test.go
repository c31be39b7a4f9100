package upstream

import (
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// TestLookupsSayNothingAboutTheAccount: names are asked for beside the call that counts, and must not undo its verdict.
func TestLookupsSayNothingAboutTheAccount(t *testing.T) {
	var status, checks atomic.Int64
	a := newAcme(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/check" {
			checks.Add(1)
		}
		w.WriteHeader(int(status.Load()))
	}, Config{}, keyAuth, "check: { get: /check }")
	lookup := get("names")
	lookup.Purpose = "lookup"

	status.Store(401)
	a.fails(lookup, problem.NeedsReauth)
	if st := a.states.Get("acct-1"); st.Status != account.Active {
		t.Errorf("a lookup's 401 made the account %s", st.Status)
	}
	status.Store(403)
	a.fails(lookup, problem.RemoteForbidden)
	if checks.Load() != 0 {
		t.Error("a lookup's 403 was confirmed by a check call that nobody needs")
	}
	a.states.Set("acct-1", account.NeedsReauth, "refused")
	status.Store(200)
	if _, err := a.read(lookup); err != nil {
		t.Fatal(err)
	}
	if st := a.states.Get("acct-1"); st.Status != account.NeedsReauth {
		t.Errorf("a lookup's success made the account %s", st.Status)
	}
}
