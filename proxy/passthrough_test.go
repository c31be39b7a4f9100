package proxy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/assembly"

	"github.com/meterbridge/meterbridge/proxy"
)

// custom is a gateway over real HTTP whose account's provider is h.
func custom(t *testing.T, h http.HandlerFunc) func(method, uri string, body io.Reader) (*http.Response, error) {
	t.Helper()
	f := newFake(t)
	f.base.Config.Handler = h
	house := houseFor(t, scriptAccount{Connector: "acme", Now: time.Now()}, f, assembly.Options{Clock: time.Now})
	server := httptest.NewServer(house)
	t.Cleanup(server.Close)
	return func(method, uri string, body io.Reader) (*http.Response, error) {
		req, err := http.NewRequestWithContext(t.Context(), method, server.URL+uri, body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+scriptToken)
		return server.Client().Do(req)
	}
}

func TestLimitOfABody(t *testing.T) {
	t.Parallel()
	var got int
	ask := custom(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got = len(b)
	})
	for _, path := range []string{"/custom/x", "/proxy/organizations"} {
		resp, err := ask("POST", path, bytes.NewReader(make([]byte, proxy.MaxBody)))
		if err != nil || resp.StatusCode != 200 || got != proxy.MaxBody {
			t.Fatalf("%s: the largest body: %v, %v, and %d bytes arrived", path, resp, err, got)
		}
		resp.Body.Close()
		resp, err = ask("POST", path, bytes.NewReader(make([]byte, proxy.MaxBody+1)))
		if err != nil {
			t.Fatal(err)
		}
		var p struct{ Code string }
		if err := json.NewDecoder(resp.Body).Decode(&p); err != nil || resp.StatusCode != http.StatusRequestEntityTooLarge || p.Code != "request_too_large" {
			t.Errorf("%s: one byte more: %d %s, %v", path, resp.StatusCode, p.Code, err)
		}
		resp.Body.Close()
	}
}

// TestStreamPassesBytesAsTheyArrive: the first bytes are there while the provider still sends.
func TestStreamPassesBytesAsTheyArrive(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/custom/x?truto_response_format=stream", "/proxy/organizations?truto_response_format=stream"} {
		more := make(chan bool)
		ask := custom(t, func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, `{"orgs":[`)
			w.(http.Flusher).Flush()
			<-more
			io.WriteString(w, `]}`)
		})
		resp, err := ask("GET", path, nil)
		if err != nil {
			t.Fatal(err)
		}
		first := make([]byte, 9)
		if _, err := io.ReadFull(resp.Body, first); err != nil || string(first) != `{"orgs":[` {
			t.Fatalf("%s: %q, %v", path, first, err)
		}
		close(more)
		if rest, err := io.ReadAll(resp.Body); err != nil || string(rest) != `]}` {
			t.Errorf("%s: the rest is %q, %v", path, rest, err)
		}
		resp.Body.Close()
	}
}

// TestABrokenAnswerIsNotPassedOnAsAWholeOne: below a mebibyte it is a clean error; what is under way is cut off.
func TestABrokenAnswerIsNotPassedOnAsAWholeOne(t *testing.T) {
	t.Parallel()
	ask := custom(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "ten bytes.")
	})
	resp, err := ask("GET", "/custom/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil || resp.StatusCode != http.StatusBadGateway || !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") || !json.Valid(body) {
		t.Errorf("buffered: %d %s %q, %v", resp.StatusCode, resp.Header.Get("Content-Type"), body, err)
	}
	resp, err = ask("GET", "/custom/x?truto_response_format=stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = io.ReadAll(resp.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("streamed: %v", err)
	}
	resp.Body.Close()
}

func TestHeadHasTheProvidersLength(t *testing.T) {
	t.Parallel()
	ask := custom(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Content-Length", "12345")
		w.Header().Set("X-Method", r.Method)
	})
	resp, err := ask("HEAD", "/custom/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 || resp.ContentLength != 12345 || resp.Header.Get("Content-Type") != "text/plain" {
		t.Errorf("%d, %d bytes of %q", resp.StatusCode, resp.ContentLength, resp.Header.Get("Content-Type"))
	}
}
