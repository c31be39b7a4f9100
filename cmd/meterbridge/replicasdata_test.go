package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/database/databasetest"
)

// heardWithin is how soon each gateway has to know what an operator told one of them.
const heardWithin = 5 * time.Second

// TestReplicasShareWhatOperatorsSay makes an account and a token at one gateway, uses them at the others, and takes them
// back at a third. Where they are kept, one that is killed takes nothing with it.
func TestReplicasShareWhatOperatorsSay(t *testing.T) {
	t.Parallel()
	f := startFleet(t, 3, databasetest.Postgres(t))
	a, b, c := f.replicas[0], f.replicas[1], f.replicas[2]

	a.operate(t, http.StatusCreated, "POST", "/integrated-account", fmt.Sprintf(
		`{"id":%q,"connector":"acme","tenant_id":"north","context":{"base_url":%q},"credentials":{"client_id":"demo-client","client_secret":%q}}`,
		fleetAccount, f.upstream.URL+"/acme", fleetSecret))
	var made struct {
		Token     string
		Principal struct{ ID string }
	}
	a.operated(t, &made, http.StatusCreated, "POST", "/token", `{"name":"of the north","accounts":["tenant:north"],"limit":{"rate":20,"per":"1h"}}`)

	// The limit is the token's, wherever it is used: of sixty requests at once as many pass as it grants.
	var passed, limited atomic.Int32
	var asking sync.WaitGroup
	for i := range 60 {
		asking.Go(func() {
			switch status := f.replicas[i%3].usage(t, made.Token); status {
			case http.StatusOK:
				passed.Add(1)
			case http.StatusTooManyRequests:
				limited.Add(1)
			default:
				t.Errorf("a request was answered %d", status)
			}
		})
	}
	asking.Wait()
	if passed.Load() != 20 || limited.Load() != 40 {
		t.Errorf("%d requests passed and %d were held to the limit, want 20 and 40", passed.Load(), limited.Load())
	}

	a.kill()
	if status := b.usage(t, fleetToken); status != http.StatusOK {
		t.Errorf("after the death of the gateway where the account was made: %d", status)
	}
	a.start(t)
	if status := a.usage(t, fleetToken); status != http.StatusOK {
		t.Errorf("after its restart the gateway that was killed answers %d", status)
	}
	c.operate(t, http.StatusNoContent, "DELETE", "/token/"+made.Principal.ID, "")
	b.comesTo(t, made.Token, http.StatusUnauthorized)
	c.operate(t, http.StatusNoContent, "DELETE", "/integrated-account/"+fleetAccount, "")
	b.comesTo(t, fleetToken, http.StatusNotFound)
	a.comesTo(t, fleetToken, http.StatusNotFound)
}

// usage is the status of a page that is asked for with a token.
func (r *replica) usage(t *testing.T, token string) int {
	t.Helper()
	resp, err := send(http.MethodGet, r.url+usagePath+"?start_date=2026-09&limit=5&integrated_account_id="+fleetAccount, token, "")
	if err != nil {
		t.Error(err)
		return 0
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// comesTo waits until requests with a token are answered so, for as long as a gateway may not know.
func (r *replica) comesTo(t *testing.T, token string, want int) {
	t.Helper()
	status := 0
	for end := time.Now().Add(heardWithin); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if status = r.usage(t, token); status == want {
			return
		}
	}
	t.Errorf("after %s a request is still answered %d, want %d", heardWithin, status, want)
}

// operate does something on a gateway's admin surface.
func (r *replica) operate(t *testing.T, want int, method, path, body string) {
	t.Helper()
	r.operated(t, nil, want, method, path, body)
}

func (r *replica) operated(t *testing.T, into any, want int, method, path, body string) {
	t.Helper()
	resp, err := send(method, r.admin+path, fleetToken+"-of-operators", body, "Content-Type", "application/json")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != want {
		t.Fatalf("%s %s: %s %s, want %d", method, path, resp.Status, said, want)
	}
	if into != nil {
		if err := json.Unmarshal(said, into); err != nil {
			t.Fatal(err)
		}
	}
}
