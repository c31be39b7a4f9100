package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/meterbridge/meterbridge/internal/jq"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == Verb {
		run := Main
		if len(os.Args) > 2 { // what the lint refuses has to be bounded too
			run = func(in io.Reader, out io.Writer) error {
				return errors.Join(confine(), (&server{unlinted: true}).serve(in, out))
			}
		}
		if err := run(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func newPool(t testing.TB) *Pool {
	if !Supported {
		t.Skip("workers need Linux")
	}
	p := new(Pool)
	t.Cleanup(func() { p.Close() })
	return p
}

func expression(text string) *Program { return NewProgram(Program{Text: text, Each: "$base"}) }

// one runs a program on an item for one record.
func one(t testing.TB, p *Pool, program *Program, item, base string) (string, error) {
	t.Helper()
	outs, err := p.Session(program).Run(t.Context(), 30*time.Second, []byte(item), [][]byte{[]byte(base)})
	return show(outs), err
}

func show(outs [][][]byte) string {
	var b strings.Builder
	for i, some := range outs {
		if i > 0 {
			b.WriteByte('|')
		}
		for j, out := range some {
			if j > 0 {
				b.WriteByte(' ')
			}
			b.Write(out)
		}
	}
	return b.String()
}

func TestAWorkerGivesWhatTheProgramGives(t *testing.T) {
	p := newPool(t)
	lib := jq.Source{File: "lib/team.jq", Text: "# Teams.\ndef team: .tags.team;\n"}
	program := NewProgram(Program{Text: `include "team"; def usage: if $base.n == 3 then empty elif $base.n == 4 then 1, 2 else {t: team, n: $base.n, q: $query.a, c: .cost} end;`,
		Def: "usage", Libs: []jq.Source{lib}, Vars: []string{"$query", "$account"}, Each: "$base"})
	s := p.Session(program)
	s.Bind([][]byte{[]byte(`{"a": "x"}`), nil})
	item := []byte(`{"tags":{"team":"core"},"cost":1.10}`)
	for range 2 {
		outs, err := s.Run(t.Context(), time.Second, item, [][]byte{[]byte(`{"n":1}`), []byte(`{"n":3}`), []byte(`{"n":4}`), []byte(`{"n":2}`)})
		if want := `{"c":1.10,"n":1,"q":"x","t":"core"}||1 null|{"c":1.10,"n":2,"q":"x","t":"core"}`; err != nil || show(outs) != want {
			t.Fatalf("%s, %v", show(outs), err)
		}
	}
	s.Bind([][]byte{[]byte(`{"a": "y"}`), nil})
	if outs, err := s.Run(t.Context(), time.Second, item, [][]byte{nil}); err != nil || show(outs) != `{"c":1.10,"n":null,"q":"y","t":"core"}` {
		t.Fatalf("%s, %v", show(outs), err)
	}
	if n := len(p.idle); n != 1 {
		t.Errorf("%d workers for one after the other", n)
	}
}

func TestManyRecordsGoInSeveralRequests(t *testing.T) {
	p := newPool(t)
	for _, n := range []int{MaxRecords, MaxRecords + 1} {
		var each [][]byte
		for i := range n {
			each = append(each, []byte(strconv.Itoa(i)))
		}
		outs, err := p.Session(expression("$base")).Run(t.Context(), time.Second, []byte("0"), each)
		if err != nil || len(outs) != n || string(outs[n-1][0]) != strconv.Itoa(n-1) {
			t.Errorf("%d: %d, %v", n, len(outs), err)
		}
	}
	if share([][]byte{make([]byte, maxShare), nil}) != 2 || share([][]byte{make([]byte, maxShare), {1}}) != 1 || share([][]byte{make([]byte, maxShare+1), nil}) != 1 {
		t.Error("the bytes of a request")
	}
}

// TestErrorsAreInTheWordsOfTheProgram: as they are where the program runs in this process.
func TestErrorsAreInTheWordsOfTheProgram(t *testing.T) {
	p := newPool(t)
	for _, text := range []string{`error("no \(.a)")`, `.a.b`, `error({a: 1})`, `.a | dec`, `[.[] as $a | .[] as $b | .[] as $c | .[] as $d | select($a == 9)] | .[0]`, `.a[]`} {
		item := `{"a":"x"}`
		if strings.HasPrefix(text, "[") {
			item = "[" + strings.Repeat("1,", 999) + "1]"
		}
		code, findings := jq.Compile(jq.Source{Text: text}, jq.Options{Kind: jq.Mapping, Vars: []string{"$base"}, Each: "$base"})
		if code == nil {
			t.Fatal(findings)
		}
		v, _ := jq.Decode([]byte(item))
		budget := 50 * time.Millisecond
		want := code.Session([]any{nil}).RunEach(t.Context(), budget, v, nil, func(any) error { return nil })
		_, got := p.Session(expression(text)).Run(t.Context(), budget, []byte(item), [][]byte{nil})
		if want == nil || got == nil || want.Error() != got.Error() || errors.Is(want, jq.ErrBudget) != errors.Is(got, jq.ErrBudget) {
			t.Errorf("%s: %v, in this process %v", text, got, want)
		}
	}
	outs, err := p.Session(expression(`if $base == 2 then error("two") else $base end`)).Run(t.Context(), time.Second, []byte("0"), [][]byte{[]byte("1"), []byte("2"), []byte("3")})
	if show(outs) != "1" || err == nil || err.Error() != "error: two" {
		t.Errorf("the second of three: %s, %v", show(outs), err)
	}
}

// rss is what a process has in memory, in bytes.
func rss(t testing.TB, pid int) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	n, _ := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	return n * int64(os.Getpagesize())
}

// bombs are programs that the lint refuses, or whose like it can't: each takes minutes, gigabytes or the stack where
// nothing bounds it.
var bombs = []struct{ name, text, item string }{
	{"F4: an array of one index", `null | setpath([536870911]; 0)`, `{}`},
	{"F4: a repeated text", `"x" * 2147483646`, `{}`},
	{"F4: gsub over a text of two million", `("a" * 2000000) | gsub("a"; "bb")`, `{}`},
	{"F5: scan over a text of 80 kB", `[scan("a")] | length`, `"` + strings.Repeat("a", 80_000) + `"`},
	{"F3: three million deep", `reduce range(3000000) as $i (null; [.])`, `{}`},
	{"F3: and encoded by the program", `reduce range(30000000) as $i (null; [.]) | tojson | length`, `{}`},
	{"a definition that calls itself", `def f: [f]; f`, `{}`},
	{"a billion numbers", `[range(1e9)]`, `{}`},
	{"a loop", `last(repeat(1))`, `{}`},
	{"a text that doubles", `reduce .[] as $x ("abcdefgh"; . + .)`, "[" + strings.Repeat("1,", 63) + "1]"},
	{"a list that doubles", `def d: . + .; def e: d | d | d | d; def f: e | e | e | e; [1] | f | f | f`, `{}`},
	{"more patterns than fit", `[range(10000000) | tostring as $s | "x" | test($s)] | length`, `{}`},
}

// TestBombsDieBounded: each ends within the time of an item and what is granted on top; this process grows by nothing, and the next
// item of somebody else is served.
func TestBombsDieBounded(t *testing.T) {
	p := newPool(t)
	p.Command = []string{self, Verb, "unlinted"}
	sane, others := expression(`{x: .a}`), `{"x":1}`
	if got, err := one(t, p, sane, `{"a":1}`, ""); got != others || err != nil {
		t.Fatal(got, err)
	}
	for _, b := range bombs {
		t.Run(b.name, func(t *testing.T) {
			runtime.GC()
			before, routines := rss(t, os.Getpid()), runtime.NumGoroutine()
			outs, err := p.Session(expression(b.text)).Run(t.Context(), 300*time.Millisecond, []byte(b.item), [][]byte{nil})
			got := show(outs)
			if !errors.Is(err, jq.ErrBudget) && (err == nil || !raceEnabled) { // the detector has words of its own for a death
				t.Fatalf("%.100s, %v", got, err)
			}
			t.Log(err)
			if got, err := one(t, p, sane, `{"a":1}`, ""); got != others || err != nil {
				t.Errorf("the next item of another: %s, %v", got, err)
			}
			if grown := rss(t, os.Getpid()) - before; grown > 8<<20 && !raceEnabled {
				t.Errorf("the parent grew by %d bytes", grown)
			}
			if now := runtime.NumGoroutine(); now > routines+2*MaxWorkers {
				t.Errorf("%d goroutines, %d before", now, routines)
			}
		})
	}
}

// TestAWorkerThatIsKilledIsAnErrorOfItsItem and of no other.
func TestAWorkerThatIsKilledIsAnErrorOfItsItem(t *testing.T) {
	p := newPool(t)
	p.Command = []string{self, Verb, "unlinted"}
	s := p.Session(expression(`if . == 1 then last(repeat(1)) else . end`))
	if outs, err := s.Run(t.Context(), time.Second, []byte("2"), [][]byte{nil}); err != nil || show(outs) != "2" {
		t.Fatal(show(outs), err)
	}
	w := p.idle[0]
	started := make(chan struct{})
	go func() {
		close(started)
		for { // its processor time tells that it is at work
			text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", w.cmd.Process.Pid))
			if f := strings.Fields(string(text)); len(f) > 2 && f[2] == "R" {
				syscall.Kill(w.cmd.Process.Pid, syscall.SIGKILL)
				return
			}
			if !w.alive() {
				return
			}
			runtime.Gosched()
		}
	}()
	<-started
	_, err := s.Run(t.Context(), 30*time.Second, []byte("1"), [][]byte{nil})
	if err == nil || err.Error() != "the process of the override ended: signal: killed" {
		t.Fatal(err)
	}
	if outs, err := s.Run(t.Context(), time.Second, []byte("3"), [][]byte{nil}); err != nil || show(outs) != "3" {
		t.Errorf("the next item: %s, %v", show(outs), err)
	}
}

func TestAWorkerThatDiedIdleIsNotAskedAgain(t *testing.T) {
	p := newPool(t)
	sane := expression(".")
	one(t, p, sane, "1", "")
	w := p.idle[0]
	syscall.Kill(w.cmd.Process.Pid, syscall.SIGKILL)
	<-w.dead
	if got, err := one(t, p, sane, "2", ""); got != "2" || err != nil {
		t.Error(got, err)
	}
}

func TestACallerWhoLeavesEndsItsWorker(t *testing.T) {
	p := newPool(t)
	p.Command = []string{self, Verb, "unlinted"}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := p.Session(expression("last(repeat(1))")).Run(ctx, time.Minute, []byte("1"), [][]byte{nil})
	if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, jq.ErrBudget) || len(p.idle) != 0 {
		t.Errorf("%v, %d idle", err, len(p.idle))
	}
}

// TestAWorkerHasNothingOfItsParent: no environment, no descriptors but its streams and Go's own, a process group of its own.
func TestAWorkerHasNothingOfItsParent(t *testing.T) {
	p := newPool(t)
	t.Setenv("MB_CANARY", "secret")
	var pipe [2]int
	if err := syscall.Pipe(pipe[:]); err != nil { // which would be inherited
		t.Fatal(err)
	}
	defer syscall.Close(pipe[0])
	defer syscall.Close(pipe[1])
	if _, err := one(t, p, expression("."), "1", ""); err != nil {
		t.Fatal(err)
	}
	pid := p.idle[0].cmd.Process.Pid
	if env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid)); err != nil || len(env) > 0 {
		t.Errorf("environment %q, %v", env, err)
	}
	if group, err := syscall.Getpgid(pid); err != nil || group != pid {
		t.Errorf("group %d of %d, %v", group, pid, err)
	}
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	open, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range open {
		to, _ := os.Readlink(dir + "/" + f.Name())
		if n, _ := strconv.Atoi(f.Name()); n > 2 && !strings.HasPrefix(to, "anon_inode:") && !strings.HasPrefix(to, "/sys/fs/cgroup/") { // Go's own
			t.Errorf("descriptor %s is %s", f.Name(), to)
		}
	}
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Max address space", "Max cpu time", "Max core file size", "Max file size"} {
		for line := range strings.Lines(string(limits)) {
			if strings.HasPrefix(line, name) && strings.Contains(line, "unlimited") {
				t.Error(line)
			}
		}
	}
}

// TestNoWorkerOutlivesItsParent: this binary runs as a parent, is killed while its worker is at work, and the worker ends too.
func TestNoWorkerOutlivesItsParent(t *testing.T) {
	newPool(t)
	if os.Getenv("MB_PARENT") != "" {
		p := &Pool{Command: []string{self, Verb, "unlinted"}}
		p.Session(expression(".")).Run(t.Context(), time.Second, []byte("1"), [][]byte{nil})
		fmt.Printf("worker %d\n", p.idle[0].cmd.Process.Pid)
		p.Session(expression("last(repeat(1))")).Run(t.Context(), time.Hour, []byte("1"), [][]byte{nil})
		return
	}
	parent := exec.Command(self, "-test.run=^TestNoWorkerOutlivesItsParent$")
	parent.Env = append(os.Environ(), "MB_PARENT=1")
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Fscanf(out, "worker %d\n", &pid); err != nil {
		t.Fatal(err)
	}
	parent.Process.Kill()
	parent.Wait()
	for syscall.Kill(pid, 0) == nil {
		if text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); strings.Contains(string(text), ") Z ") {
			break // ended; who took it over has not asked how
		}
		runtime.Gosched()
	}
}

// TestOneProgramLeavesRoomForOthers: however many items of a slow one wait, another's is served.
func TestOneProgramLeavesRoomForOthers(t *testing.T) {
	p := newPool(t)
	p.Command = []string{self, Verb, "unlinted"}
	slow := expression("last(repeat(1))")
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 3 * MaxWorkers {
		wg.Go(func() { p.Session(slow).Run(ctx, time.Minute, []byte("1"), [][]byte{nil}) })
	}
	for len(slow.seats) < cap(slow.seats) {
		runtime.Gosched()
	}
	if got, err := one(t, p, expression("."), "7", ""); got != "7" || err != nil {
		t.Error(got, err)
	}
	cancel()
	wg.Wait()
}

func TestWithoutAPoolNothingRuns(t *testing.T) {
	if got, err := one(t, nil, expression("."), "1", ""); !errors.Is(err, errNoPool) {
		t.Error(got, err)
	}
}

func TestAWorkerIsReplaced(t *testing.T) {
	p := newPool(t)
	sane := expression(".")
	for _, c := range []struct {
		name     string
		set      func(*process)
		replaced bool
	}{
		{"before its last item", func(w *process) { w.items = MaxItems - 2 }, false},
		{"after its last item", func(w *process) { w.items = MaxItems - 1 }, true},
		{"when it is old", func(w *process) { w.born = time.Now().Add(-maxAge) }, true},
		{"when it has worked for long", func(w *process) { w.busy = maxBusy }, true},
	} {
		one(t, p, sane, "1", "")
		w := p.idle[0]
		c.set(w)
		if got, err := one(t, p, sane, "1", ""); got != "1" || err != nil {
			t.Error(got, err)
		}
		if kept := slices.Contains(p.idle, w); kept == c.replaced || kept == !w.alive() {
			t.Errorf("%s: kept %v, alive %v", c.name, kept, w.alive())
		}
		w.items = 0
	}
	one(t, p, sane, "1", "")
	w := p.idle[0]
	w.rested = time.Now().Add(-maxIdle)
	p.end()
	if w.alive() || len(p.idle) > 0 {
		t.Error("one that nobody needs is kept")
	}
	p.Close()
	if _, err := one(t, p, sane, "1", ""); !errors.Is(err, errClosed) {
		t.Error(err)
	}
}

func BenchmarkRun(b *testing.B) {
	p := newPool(b)
	item := []byte(`{"product":"KAFKA","amount":1.10,"tags":{"team":"core"},"resource":{"id":"lkc-1","environment":{"id":"env-1"}}}`)
	for _, n := range []int{1, 16} {
		b.Run(strconv.Itoa(n)+" records", func(b *testing.B) {
			s := p.Session(expression(`{dimensions: {team: .tags.team}, product: {name: ($base.product.id | ascii_downcase)}}`))
			each := slices.Repeat([][]byte{[]byte(`{"product":{"id":"KAFKA"},"charges":[{"amount":1.10}]}`)}, n)
			for b.Loop() {
				if _, err := s.Run(b.Context(), time.Second, item, each); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("start", func(b *testing.B) {
		for b.Loop() {
			w, err := start([]string{self, Verb}, func(do func() error) error { return do() })
			if err != nil {
				b.Fatal(err)
			}
			w.kill()
		}
	})
}
