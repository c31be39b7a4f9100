package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// workingCopy lays the first connector's three files into a working directory of its own, and gives its name.
func workingCopy(t *testing.T) string {
	t.Helper()
	views, err := describeAll(folders{})
	if err != nil {
		t.Fatal(err)
	}
	name := views[0].Name
	dir := t.TempDir()
	for _, file := range []string{"connectors/" + name + ".yaml", "connectors/testdata/" + name + ".txtar", "mappings/usage-metering/" + name + ".jq"} {
		text, err := os.ReadFile(filepath.Join("../..", file))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(file)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, file), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	return name
}

var saved = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// edit replaces a text in a file and makes it look saved at another moment, however fast the test is.
func edit(t *testing.T, file, was, is string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil || !bytes.Contains(text, []byte(was)) {
		t.Fatalf("%s has no %q (%v)", file, was, err)
	}
	if err := os.WriteFile(file, bytes.Replace(text, []byte(was), []byte(is), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	saved = saved.Add(time.Second)
	if err := os.Chtimes(file, saved, saved); err != nil {
		t.Fatal(err)
	}
}

// TestDev saves files while clients ask: what is good is served from then on, what is broken is said and changes
// nothing, and no request is dropped, neither one that comes meanwhile nor a stream that is under way.
func TestDev(t *testing.T) {
	name := workingCopy(t)
	v := &demoVerb{Listen: anyPort, Dev: true}
	log := slog.New(slog.DiscardHandler)
	house, err := v.build(log)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var served sync.WaitGroup
	for _, one := range []func() error{func() error { return serve(ctx, house.back, &house.sim, log) }, func() error { return serve(ctx, house.front, house.house, log) }} {
		served.Go(func() { _ = one() })
	}
	defer func() { stop(); served.Wait(); house.house.Close() }()
	var said bytes.Buffer
	d := house.dev(v.files(), &said, log)
	d.running = d.state()
	d.seen = d.running
	step := func(what string, tried bool, lines ...string) {
		t.Helper()
		said.Reset()
		d.look() // sees that they have changed
		if got := d.look(); got != tried {
			t.Fatalf("%s: tried %v", what, got)
		}
		for _, l := range lines {
			if !strings.Contains(said.String(), l) {
				t.Errorf("%s: it does not say %q:\n%s", what, l, &said)
			}
		}
	}
	usage := house.url + "/unified/usage-metering/usage?integrated_account_id=" + name + "&start_date=" + lastMonth(time.Now())
	metric := func() string {
		t.Helper()
		body, err := ask(usage+"&limit=1", demoToken)
		var list struct {
			Result []struct {
				Name string `json:"metric_name"`
			}
		}
		if err != nil || json.Unmarshal(body, &list) != nil || len(list.Result) != 1 {
			t.Fatalf("%v: %s", err, body)
		}
		return list.Result[0].Name
	}

	// A stream whose provider sends slowly is under way during the reloads.
	faults := house.providers + "/_simulate/faults?connector=" + name
	if _, err := http.Post(faults+"&fault=slow&delay=10ms&times=0", "", nil); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodGet, usage+"&truto_response_format=stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+demoToken)
	stream, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	if req, err = http.NewRequest(http.MethodDelete, faults, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := http.DefaultClient.Do(req); err != nil {
		t.Fatal(err)
	}

	var clients sync.WaitGroup
	over := make(chan struct{})
	asked, failed := 0, ""
	var mu sync.Mutex
	for range 4 {
		clients.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
				}
				resp, err := fetch(usage + "&limit=5")
				mu.Lock()
				if asked++; err != nil || !strings.HasPrefix(resp, "200 {") {
					failed = fmt.Sprintf("%v: %s", err, resp)
				}
				mu.Unlock()
			}
		})
	}
	mapping, yaml, cassette := "mappings/usage-metering/"+name+".jq", "connectors/"+name+".yaml", "connectors/testdata/"+name+".txtar"
	before := metric()
	step("nothing was saved", false)
	edit(t, mapping, "metric_name: ", "metric_name: \"saved-\" + ")
	step("a mapping", true, "reloaded in ")
	if got := metric(); got != "saved-"+before {
		t.Errorf("the saved mapping gives %s", got)
	}
	edit(t, mapping, "metric_name: \"saved-\" + ", "metric_name: nothing + ")
	step("a broken mapping", true, mapping+":", "unknown-function: nothing is not defined", "not reloaded: the running set stays")
	if got := metric(); got != "saved-"+before {
		t.Errorf("with a broken mapping: %s", got)
	}
	step("a broken mapping, still", false)
	edit(t, mapping, "metric_name: nothing + ", "metric_name: \"again-\" + ")
	step("a mended mapping", true, "reloaded in ")
	edit(t, yaml, "connector: ", "conector: ")
	step("a broken connector", true, yaml+":", "unknown-key: unknown key conector (fix: did you mean connector?)", "not reloaded")
	edit(t, yaml, "conector: ", "connector: ")
	step("a mended connector", true, "reloaded in ")
	running := house.sim.Load()
	edit(t, cassette, "-- cassette.yaml --", "-- other.yaml --")
	step("a broken cassette", true, cassette+":", "there is no file cassette.yaml", "not reloaded")
	if house.sim.Load() != running {
		t.Error("a broken cassette took the simulator's place")
	}
	edit(t, cassette, "-- other.yaml --", "-- cassette.yaml --")
	step("a mended cassette", true, "reloaded in ")
	if house.sim.Load() == running {
		t.Error("the saved cassette is not served")
	}
	if got := metric(); got != "again-"+before {
		t.Errorf("at last: %s", got)
	}
	close(over)
	clients.Wait()
	if failed != "" || asked == 0 {
		t.Errorf("of %d requests one failed: %s", asked, failed)
	}
	lines, err := io.ReadAll(stream.Body)
	if got := stream.Trailer.Get("Meterbridge-Status"); err != nil || got != "complete" || bytes.Count(lines, []byte("\n")) < 2 {
		t.Errorf("the stream ended %q (%v): %.400s", got, err, lines)
	}
}

// TestDevLooksByTheClock: a change is tried once it has stayed for a turn, the configuration's too.
func TestDevLooksByTheClock(t *testing.T) {
	workingCopy(t)
	if err := os.WriteFile("config.yaml", []byte("server: {}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		var reloads atomic.Int32 // counted by the watcher, read here
		var said bytes.Buffer
		d := &dev{files: folders{}.files(), config: "config.yaml", out: &said, reload: func() error { reloads.Add(1); return nil }}
		ctx, stop := context.WithCancel(t.Context())
		go d.watch(ctx)
		for _, c := range []struct {
			save, was, is string
			after         time.Duration
			want          int
		}{
			{"", "", "", 10 * devTick, 0},
			{"config.yaml", "{}", "{ }", devTick + devTick/2, 0},
			{"", "", "", devTick, 1},
			{"", "", "", 10 * devTick, 1},
			{"config.yaml", "{ }", "{}", devTick, 1},
			{"config.yaml", "{}", "{  }", devTick, 1}, // saved again before it has settled
			{"", "", "", devTick, 2},
		} {
			if c.save != "" {
				edit(t, c.save, c.was, c.is)
			}
			time.Sleep(c.after)
			synctest.Wait()
			if got := int(reloads.Load()); got != c.want {
				t.Errorf("after %+v: %d reloads", c, got)
			}
		}
		stop()
		synctest.Wait()
		if !strings.HasPrefix(said.String(), "watching connectors\nwatching mappings\n") {
			t.Error(said.String())
		}
	})
	if d := (&dev{out: io.Discard}); len(d.folders()) != 0 || d.state() != "" || d.look() {
		t.Error("nothing is watched, and something has changed")
	}
}

// fetch is an answer as its status and body.
func fetch(url string) (string, error) {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+demoToken)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return fmt.Sprintf("%d %s", resp.StatusCode, body), err
}
