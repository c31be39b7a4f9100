package proxy

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestHoldBack: at a mebibyte nothing has left, one byte past it the body is under way.
func TestHoldBack(t *testing.T) {
	for _, c := range []struct {
		name    string
		sizes   []int
		started bool
	}{
		{"nothing", nil, false},
		{"all but a byte", []int{holdBack - 1}, false},
		{"a mebibyte", []int{holdBack}, false},
		{"a mebibyte in pieces", []int{holdBack / 2, holdBack / 2}, false},
		{"a byte more", []int{holdBack, 1}, true},
		{"a byte more at once", []int{holdBack + 1}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			out := newCommit(w, "text/x")
			var want bytes.Buffer
			for i, n := range c.sizes {
				piece := bytes.Repeat([]byte{byte('a' + i)}, n)
				want.Write(piece)
				out.Write(piece)
			}
			if out.started != c.started {
				t.Errorf("started is %v", out.started)
			}
			if !c.started && (w.Body.Len() > 0 || len(w.Header()) > 0) {
				t.Errorf("%d bytes and %v have left", w.Body.Len(), w.Header())
			}
			if err := out.end(); err != nil || !bytes.Equal(w.Body.Bytes(), want.Bytes()) {
				t.Errorf("%v, %d bytes of %d", err, w.Body.Len(), want.Len())
			}
			if says := w.Header().Get("Content-Length") != ""; says == c.started {
				t.Errorf("Content-Length is %q", w.Header().Get("Content-Length"))
			}
		})
	}
}

// pieces is a writer that remembers the sizes of what it was given.
type pieces struct {
	http.ResponseWriter
	sizes   []int
	flushes int
}

func (p *pieces) Write(b []byte) (int, error) { p.sizes = append(p.sizes, len(b)); return len(b), nil }
func (p *pieces) Flush()                      { p.flushes++ }

// TestWritesAreSmall: each has a deadline of its own, so none may be large.
func TestWritesAreSmall(t *testing.T) {
	w := &pieces{ResponseWriter: httptest.NewRecorder()}
	out := newCommit(w, "text/x")
	out.Write(make([]byte, 3<<20))
	out.end()
	total := 0
	for _, n := range w.sizes {
		if total += n; n > maxWrite {
			t.Errorf("one write has %d bytes", n)
		}
	}
	if total != 3<<20 {
		t.Errorf("%d bytes were written", total)
	}
}

// TestAFlushSendsWhatAnEarlierWriteLeftBehind: also where nothing was gathered since.
func TestAFlushSendsWhatAnEarlierWriteLeftBehind(t *testing.T) {
	w := &pieces{ResponseWriter: httptest.NewRecorder()}
	out := newCommit(w, "text/x")
	out.streaming()
	out.Write(make([]byte, gather+1)) // written and not flushed
	if out.flush(); w.flushes != 1 {
		t.Errorf("%d flushes", w.flushes)
	}
	if out.flush(); w.flushes != 1 {
		t.Error("nothing was flushed again")
	}
}

// TestAClientThatReadsNoMoreIsCutOff: its walk ends, and with it the provider's call.
func TestAClientThatReadsNoMoreIsCutOff(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		out := newCommit(w, "text/x")
		out.patience = 50 * time.Millisecond
		out.streaming()
		line := []byte(strings.Repeat("x", 1000) + "\n")
		for range 100_000 {
			if _, err := out.Write(line); err != nil {
				ended <- err
				out.end() // must not look complete
				return
			}
		}
		ended <- nil
	}))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	select {
	case err := <-ended:
		if err == nil || !strings.Contains(err.Error(), "client_gone") {
			t.Errorf("the write ended with %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("100 MB were written to a client that reads nothing")
	}
	all, _ := io.ReadAll(conn)
	if bytes.HasSuffix(all, []byte("0\r\n\r\n")) {
		t.Error("the body ended as if it were complete")
	}
}

// TestHeadHasTheHeadersOfGet.
func TestHeadHasTheHeadersOfGet(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out := newCommit(w, "text/x")
		size := 5
		if r.URL.Path == "/large" {
			size = holdBack + 1
		}
		if _, err := out.Write(make([]byte, size)); err != nil {
			t.Error(err)
		}
		if err := out.end(); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	for path, length := range map[string]int64{"/": 5, "/large": -1} {
		resp, err := http.Head(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 200 || resp.ContentLength != length {
			t.Errorf("%s: %d, length %d", path, resp.StatusCode, resp.ContentLength)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

// TestAnAbortedBodyIsBroken.
func TestAnAbortedBodyIsBroken(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		out := newCommit(w, "text/x")
		out.Write(make([]byte, holdBack+1))
		out.abort()
	}))
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if n, err := io.Copy(io.Discard, resp.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%d bytes ended with %v", n, err)
	}
}
