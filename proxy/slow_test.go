package proxy_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/secret"
)

// TestEndlessStreamsHurtNobodyElse: a hundred of them, of ten accounts, hold half of the places at a host and no more; another account's requests are answered as if they were not there. I8
func TestEndlessStreamsHurtNobodyElse(t *testing.T) {
	t.Parallel()
	const accounts, each = 10, 10
	var under atomic.Int32
	full := make(chan struct{}, accounts*each)
	acme := newAcme(t, someJanuaryLines(5)...)
	acme.hook = func(w http.ResponseWriter, r *http.Request, _ int) bool {
		if r.URL.Query().Get("slow") == "" {
			return false
		}
		if under.Add(1) <= 32 {
			full <- struct{}{}
		}
		io.WriteString(w, `{"data":{"lines":[`+totalLine("r", "2026-01-05", "1").raw)
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
		return true
	}
	h := newHouse(t, acme.URL, func(s *setup) {
		s.configure = func(c *config.Config) {
			for n := range accounts {
				one := *c.Accounts.Static[0]
				one.ID = fmt.Sprintf("slow-%d", n)
				one.Credentials = map[string]secret.Value{"key": secret.New(acmeKey)}
				c.Accounts.Static = append(c.Accounts.Static, (*account.Account)(&one))
			}
			for i := range c.Auth.Tokens {
				c.Auth.Tokens[i].Accounts = []string{"*"}
			}
		}
	})
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	for n := range accounts * each {
		go func() {
			resp, err := h.open(ctx, fmt.Sprintf("integrated_account_id=slow-%d&start_date=2026-01&remote_query[slow]=1%s", n%accounts, asStream))
			if err == nil {
				<-ctx.Done()
				resp.Body.Close()
			}
		}()
	}
	for range 32 {
		<-full
	}
	for range 20 {
		if l := h.good("integrated_account_id=acme-1&start_date=2026-01").list(t); l.Count != 5 {
			t.Fatalf("%d records", l.Count)
		}
	}
	if n := under.Load(); n != 32 {
		t.Errorf("%d streams are under way", n)
	}
}
