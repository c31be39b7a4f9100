package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// startServe runs a configuration, and gives the addresses that its log tells by message until it serves.
func startServe(t *testing.T, text string) map[string]string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := (&serveVerb{Config: file, LogLevel: "info", LogJSON: true}).Run(ctx, std{io.Discard, w})
		w.CloseWithError(fmt.Errorf("serve ended: %w", err))
		ended <- err
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("serve ends with %v", err)
		}
	})
	told := map[string]string{}
	for lines := bufio.NewScanner(r); lines.Scan(); {
		var line struct{ Msg, URL string }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		if told[line.Msg] = line.URL; line.Msg == "serving" {
			go io.Copy(io.Discard, r) // who logs must not wait
			return told
		}
	}
	t.Fatalf("it does not serve: %v", told)
	return nil
}

func TestTheAdminSurfaceOpensWhereSomebodyMayCallIt(t *testing.T) {
	const head = "server: {listen: 127.0.0.1:0}\n"
	for name, c := range map[string]struct {
		text string
		open bool
	}{
		"without a token":             {"", false},
		"without an address":          {"admin: {listen: '', tokens: [{name: a, token: a-token-of-an-operator}]}\n", false},
		"with a token and an address": {"admin: {listen: 127.0.0.1:0, tokens: [{name: a, token: a-token-of-an-operator}]}\n", true},
	} {
		t.Run(name, func(t *testing.T) {
			told := startServe(t, head+c.text)
			url, open := told["administered"]
			if open != c.open {
				t.Fatalf("open is %v: %v", open, told)
			}
			if !open {
				return
			}
			if url == told["serving"] || !strings.HasPrefix(url, "http://127.0.0.1:") {
				t.Fatalf("it is at %q, beside %q", url, told["serving"])
			}
			for token, want := range map[string]int{"": 401, "a-token-of-an-operator": 200} {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/integrated-account", nil)
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("Authorization", "Bearer "+token)
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				if resp.Body.Close(); resp.StatusCode != want {
					t.Errorf("with %q: %d", token, resp.StatusCode)
				}
			}
		})
	}
}
