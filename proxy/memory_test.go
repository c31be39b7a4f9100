package proxy_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// childEnv makes the tests' binary a gateway of its own, before the provider that it names, until its input ends.
const childEnv = "MB_PROXY_TEST_CHILD"

// TestServeForAParent is the child's part.
func TestServeForAParent(t *testing.T) {
	upstream := os.Getenv(childEnv)
	if upstream == "" {
		t.Skip("the part of another test's child process")
	}
	fmt.Println("url " + newHouse(t, upstream).url)
	io.Copy(io.Discard, os.Stdin)
}

// startChild starts a gateway in a process of its own.
func startChild(t *testing.T, upstream string) (h *house, pid int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestServeForAParent$", "-test.v")
	cmd.Env = append(os.Environ(), childEnv+"="+upstream)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	h = &house{t: t, client: &http.Client{Transport: &http.Transport{}}}
	for h.url == "" && lines.Scan() {
		if url, ok := strings.CutPrefix(lines.Text(), "url "); ok {
			h.url = url
		}
	}
	t.Cleanup(func() {
		h.client.CloseIdleConnections()
		in.Close()
		io.Copy(io.Discard, out)
		cmd.Wait()
	})
	if h.url == "" {
		t.Fatal("the child did not start")
	}
	return h, cmd.Process.Pid
}

// peak is the most resident memory that a process has had, in bytes.
func peak(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for l := range strings.SplitSeq(string(status), "\n") {
		if v, ok := strings.CutPrefix(l, "VmHWM:"); ok {
			kb, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(v), " kB"))
			if err != nil {
				t.Fatal(err)
			}
			return kb << 10
		}
	}
	t.Fatal("the kernel does not say")
	return 0
}

// TestALargeAnswerStreamsInLittleMemory: however much the provider sends.
func TestALargeAnswerStreamsInLittleMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	t.Parallel()
	size := 32 << 20
	if testing.Short() || raceEnabled {
		size = 4 << 20
	}
	if s := os.Getenv("MB_PROXY_TEST_MB"); s != "" { // 200 is what is promised; it takes a while
		size, _ = strconv.Atoi(s)
		size <<= 20
	}
	const mostRise = 32 << 20 // over an idle gateway
	for _, c := range []struct{ name, query, accept string }{{"lines", asStream, ""}, {"csv", "", "text/csv"}, {"raw", asRaw, ""}, {"sums", "&summary_by=product_id", ""}} {
		t.Run(c.name, func(t *testing.T) {
			acme := newAcme(t)
			acme.handle("/lines", func(w http.ResponseWriter, _ *http.Request) {
				out := bufio.NewWriterSize(w, 64<<10)
				defer out.Flush()
				out.WriteString(`{"data":{"lines":[`)
				for n, i := 0, 0; n < size; i++ {
					if i > 0 {
						out.WriteByte(',')
					}
					k, err := fmt.Fprintf(out, `{"records":[{"id":"r%d","product":{"id":"p1","name":"One"},"charges":[{"amount":123.4567890123456789,"currency":"USD","type":"total"}],"start_date":"2026-01-05T00:00:00Z","dimensions":{"text":"%0900d"}}]}`, i, i)
					if err != nil {
						return
					}
					n += k
				}
				out.WriteString(`]}}`)
			})
			h, pid := startChild(t, acme.URL)
			idle := peak(t, pid)
			began := time.Now()
			resp, err := h.open(context.Background(), "start_date=2026-01"+c.query, "Accept", c.accept)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			n, err := io.Copy(io.Discard, resp.Body)
			least, trailer := int64(size)*3/4, "complete"
			switch c.name {
			case "raw":
				trailer = ""
			case "sums":
				least, trailer = 1, ""
			}
			if err != nil || n < least || resp.StatusCode != 200 || resp.Trailer.Get("Meterbridge-Status") != trailer {
				t.Fatalf("%d, %d bytes, %v, %v", resp.StatusCode, n, resp.Trailer, err)
			}
			most := peak(t, pid)
			t.Logf("%d MB in %s, %d MiB resident, idle %d", size>>20, time.Since(began).Round(time.Millisecond), most>>20, idle>>20)
			if most-idle > mostRise && !raceEnabled {
				t.Errorf("%d MiB were resident, and %d before", most>>20, idle>>20)
			}
		})
	}
}
