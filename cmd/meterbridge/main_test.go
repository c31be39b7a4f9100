package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/database/databasetest"
	"github.com/meterbridge/meterbridge/internal/simulate"
)

func TestMain(m *testing.M) {
	testscript.Main(databasetest.Tests{M: m}, map[string]func(){
		"meterbridge": func() {
			if plain := os.Getenv(plainEnv); plain != "" && len(os.Args) > 1 && slices.Contains(sequential, os.Args[1]) {
				_ = syscall.Exec(plain, os.Args, os.Environ()) // where it fails, this process does the same
			}
			os.Exit(run(os.Args[1:], std{os.Stdout, os.Stderr}))
		},
	})
}

// sequential are the verbs that start nothing beside themselves but what the tests of other packages watch for races. To
// load twenty connectors takes the race detector a second, and scripts do it a hundred times.
var sequential = []string{"lint", "test", "mappings", "connectors", "new", "docs", "version"}

const plainEnv = "MB_TEST_PLAIN"

// plainBinary is the command without the race detector, built once; "" where there is none to be left out.
func plainBinary(t *testing.T) string {
	if !raceEnabled {
		return ""
	}
	file := filepath.Join(t.TempDir(), "meterbridge")
	build := exec.Command("go", "build", "-trimpath", "-o", file, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the command: %v\n%s", err, said)
	}
	return file
}

// TestScripts drives the verbs as a person would, by their own processes.
func TestScripts(t *testing.T) {
	plain := plainBinary(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("LAST_MONTH", lastMonth(time.Now()))
			e.Setenv(plainEnv, plain)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "demo": startDemo, "accounts": writeAccounts, "key": writeKey},
	})
}

// exits runs a command and wants its exit code: exits 2 meterbridge lint broken.yaml
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("%s exits %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// startDemo runs a demo until the script ends, and sets GATEWAY, ADDRESS, TOKEN and PROVIDERS.
func startDemo(ts *testscript.TestScript, _ bool, _ []string) {
	d, stop, err := runDemo(&demoVerb{Listen: anyPort, LogLevel: "error", JSON: true})
	ts.Check(err)
	ts.Defer(stop)
	var ready struct{ URL, Token string }
	ts.Check(json.Unmarshal([]byte(d), &ready))
	ts.Setenv("GATEWAY", ready.URL)
	ts.Setenv("ADDRESS", strings.TrimPrefix(ready.URL, "http://"))
	ts.Setenv("TOKEN", ready.Token)
	resp, err := ask(ready.URL+"/integrated-account", ready.Token)
	ts.Check(err)
	var list struct {
		Result []struct {
			Connector string
			Context   map[string]any
		}
	}
	ts.Check(json.Unmarshal(resp, &list))
	base := fmt.Sprint(list.Result[0].Context["base_url"])
	providers, _, _ := strings.Cut(base, "/"+list.Result[0].Connector)
	ts.Setenv("PROVIDERS", providers)
}

// writeAccounts writes the demo's accounts to config.yaml, each with the id my-CONNECTOR, and one more of the named
// connector with wrong credentials, where one is named; and sets the variables that --connector reads.
func writeAccounts(ts *testscript.TestScript, _ bool, args []string) {
	body, err := ask(ts.Getenv("PROVIDERS")+"/_simulate/accounts", "")
	ts.Check(err)
	var simulated struct{ Accounts []simulate.Account }
	ts.Check(json.Unmarshal(body, &simulated))
	list := simulated.Accounts
	var b strings.Builder
	b.WriteString("egress: {allow: [127.0.0.0/8, '::1']}\naccounts:\n  static:\n")
	account := func(id string, a simulate.Account) {
		credentials, err := json.Marshal(a.Credentials)
		ts.Check(err)
		values, err := json.Marshal(a.Context)
		ts.Check(err)
		fmt.Fprintf(&b, "    - {id: %s, connector: %s, credentials: %s, context: %s}\n", id, a.Connector, credentials, values)
	}
	for _, a := range list {
		account("my-"+a.Connector, a)
		for k, v := range a.Credentials {
			ts.Setenv(variable(a.Connector, k), v)
		}
		for k, v := range a.Context {
			ts.Setenv(variable(a.Connector, k), fmt.Sprint(v))
		}
	}
	for _, a := range list {
		if !slices.Contains(args, a.Connector) {
			continue
		}
		for k := range a.Credentials {
			a.Credentials[k] = "wrong"
		}
		account("refused", a)
	}
	ts.Check(os.WriteFile(ts.MkAbs("config.yaml"), []byte(b.String()), 0o600))
}

// writeKey writes a secret key that nobody else may read.
func writeKey(ts *testscript.TestScript, _ bool, args []string) {
	raw := make([]byte, config.KeyBytes)
	_, _ = rand.Read(raw)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(base64.StdEncoding.EncodeToString(raw)), 0o600))
}

func ask(url, token string) ([]byte, error) {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return io.ReadAll(resp.Body)
}

// runDemo starts a demo and gives what it prints until it is ready.
func runDemo(v *demoVerb) (printed string, stop func(), err error) {
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := v.Run(ctx, std{w, io.Discard})
		w.CloseWithError(errors.Join(io.EOF, err))
		ended <- err
	}()
	stop = func() { cancel(); <-ended }
	in := bufio.NewReader(r)
	var b strings.Builder
	for {
		line, err := in.ReadString('\n')
		b.WriteString(line)
		if err != nil {
			stop()
			return b.String(), func() {}, err
		}
		if v.JSON || strings.HasPrefix(line, "Serving until") {
			return b.String(), stop, nil
		}
	}
}
