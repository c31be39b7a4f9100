package main

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/simulate"
)

// TestARecordingWithAPrivateKey has a key of its own in the account's place.
func TestARecordingWithAPrivateKey(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	secret := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/names" {
			w.Write([]byte(`{"names": []}`))
			return
		}
		lines := strings.Split(secret, "\n")
		fmt.Fprintf(w, `{"data": [{"id": "a", "day": "2026-09-01", "product": "p1", "cost": 1, "token": %q, "line": %q}]}`, r.Header.Get("Authorization"), lines[3])
	}))
	t.Cleanup(provider.Close)
	t.Setenv("MB_ACME_KEY", strings.ReplaceAll(secret, "\n", `\n`))
	t.Setenv("MB_ACME_BASE_URL", provider.URL)
	_, f := workshop(t, tattlerConnector(`{ key: { title: Key } }`, `{ jwt: { alg: RS256, private_key: "${key}", claims: "{iss: .context.base_url, exp: (.now + 600)}" } }`, ""), tattlerMapping)
	text, err := record(t, &recordVerb{Name: filepath.Join(f.Connectors, "acme.yaml"), Resource: "usage", Start: "2026-09", Pages: 3})
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(secret, "\n") {
		if len(line) > 20 && !strings.HasPrefix(line, "---") && strings.Contains(text, line) {
			t.Errorf("the recording holds a line of the key: %s", line)
		}
	}
	if strings.Contains(text, "eyJ") {
		t.Error("the recording holds the token that the key signed")
	}
}

// TestASecretThatIsLeftStopsTheRecording: one that can't be replaced, because it is a number, is not written either.
func TestASecretThatIsLeftStopsTheRecording(t *testing.T) {
	const pin = "83920174655"
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte(`{"names": [], "data": [{"id": "a", "day": "2026-09-01", "product": "p1", "cost": 1, "account": ` + pin + `}]}`))
	}))
	t.Cleanup(provider.Close)
	t.Setenv("MB_ACME_KEY", pin)
	t.Setenv("MB_ACME_BASE_URL", provider.URL)
	_, f := workshop(t, tattlerConnector(`{ key: { title: Key } }`, `{ headers: { X-Key: "${key}" } }`, ""), tattlerMapping)
	out, err := record(t, &recordVerb{Name: filepath.Join(f.Connectors, "acme.yaml"), Resource: "usage", Start: "2026-09", Pages: 3})
	if err == nil || !strings.Contains(err.Error(), "nothing was written: exchange/") || strings.Contains(err.Error()+out, pin) {
		t.Errorf("got %v\n%s", err, out)
	}
	if _, err := os.Stat(filepath.Join(f.Connectors, "testdata", "acme.txtar")); err == nil {
		t.Error("a cassette was written")
	}
}

// TestRecordingsOfEveryWayToPage records what scaffolds propose, whole and stopped after the first page.
func TestRecordingsOfEveryWayToPage(t *testing.T) {
	eachProposal(t, func(t *testing.T, made *newConnectorVerb) {
		name, dir, f, out := made.Name, made.Dir, made.written(), new(bytes.Buffer)
		simulated(t, filepath.Join(f.Connectors, "testdata"), name)
		for _, pages := range []int{1, 5} {
			out.Reset()
			file := filepath.Join(dir, fmt.Sprint(pages), name+".txtar")
			v := &recordVerb{Name: filepath.Join(f.Connectors, name+".yaml"), Resource: "usage", Start: "2026-09", Pages: pages, Out: file}
			if err := v.Run(t.Context(), std{out, out}); err != nil {
				t.Fatalf("%d pages: %v\n%s", pages, err, out.String())
			}
			if err := (&testVerb{Names: []string{file}, folders: f}).Run(t.Context(), std{out, out}); err != nil {
				t.Errorf("%d pages: %v\n%s", pages, err, out.String())
			}
			// One of them asks day by day, and has more days than are recorded.
			if stopped := strings.Contains(out.String(), "It stops before"); stopped != (pages == 1 || name == "whole") {
				t.Errorf("%d pages: stopped %v\n%s", pages, stopped, out.String())
			}
		}
	})
}

// simulated serves a cassette, with its account in the environment.
func simulated(t *testing.T, dir, name string) {
	t.Helper()
	c, err := simulate.Load(os.DirFS(dir), name)
	if err != nil {
		t.Fatal(err)
	}
	sim, err := simulate.New(simulate.Config{Cassettes: []*simulate.Cassette{c}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	a := c.Account(server.URL)
	for k, v := range a.Credentials {
		t.Setenv(variable(name, k), v)
	}
	for k, v := range a.Context {
		t.Setenv(variable(name, k), fmt.Sprint(v))
	}
}
