package main

import (
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// A first-time user pastes these lines: each has to work as it stands.
func TestEveryCurlOfTheTourWorks(t *testing.T) {
	printed, stop, err := runDemo(&demoVerb{Listen: anyPort, LogLevel: "error"})
	if err != nil {
		t.Fatalf("the demo: %v\n%s", err, printed)
	}
	defer stop()
	lines := regexp.MustCompile(`(?m)^curl (.*)$`).FindAllStringSubmatch(printed, -1)
	if len(lines) < 7 {
		t.Fatalf("the tour has %d curl lines:\n%s", len(lines), printed)
	}
	for _, l := range lines {
		t.Run(l[1], func(t *testing.T) {
			url := regexp.MustCompile(`'(http://[^']*)'`).FindStringSubmatch(l[1])
			method := http.MethodGet
			if strings.Contains(l[1], "-X POST") {
				method = http.MethodPost
			}
			req, err := http.NewRequest(method, url[1], nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range regexp.MustCompile(`-H '([^:]+): ([^']*)'`).FindAllStringSubmatch(l[1], -1) {
				req.Header.Set(h[1], h[2])
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode/100 != 2 || len(body) == 0 {
				t.Errorf("answers %d, %v: %s", resp.StatusCode, err, body)
			}
		})
	}
	if !strings.Contains(printed, "GET /unified/usage-metering/usage?") || !strings.Contains(printed, `"remote_data"`) {
		t.Errorf("the tour shows no request or no record:\n%s", printed)
	}
}

func TestDemoTakesAnotherPortWhereTheDefaultIsTaken(t *testing.T) {
	l, err := net.Listen("tcp", demoListen)
	if err == nil {
		defer l.Close() // else something else has it, which is as good
	}
	got, moved, err := (&demoVerb{}).listen()
	if err != nil || !moved {
		t.Fatalf("moved %v, %v", moved, err)
	}
	got.Close()
	if _, _, err := (&demoVerb{Listen: demoListen}).listen(); err == nil {
		t.Error("a port that was asked for and is taken has to be an error")
	}
}

func TestReachable(t *testing.T) {
	for _, c := range []struct{ name, listener, want string }{
		{"loopback", "127.0.0.1:80", "127.0.0.1:80"},
		{"every address", "0.0.0.0:80", "127.0.0.1:80"},
		{"every address, IPv6", "[::]:80", "127.0.0.1:80"},
		{"IPv6 loopback", "[::1]:80", "[::1]:80"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := net.ResolveTCPAddr("tcp", c.listener)
			if err != nil {
				t.Fatal(err)
			}
			if got := reachable(a); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
