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
	"testing/synctest"
	"time"

	"github.com/meterbridge/meterbridge/internal/problem"
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

// slowly is a client that takes its time: what is written while it reads waits.
type slowly struct {
	http.ResponseWriter
	got   bytes.Buffer
	takes chan struct{}
	fails int // the write that fails, from 1; 0: none
	n     int
}

func (s *slowly) Write(b []byte) (int, error) {
	<-s.takes
	if s.n++; s.n == s.fails {
		return 0, io.ErrClosedPipe
	}
	return s.got.Write(b)
}

// TestABodyIsWrittenWhileItGoesOn: one buffer, in its order, and no more than one.
func TestABodyIsWrittenWhileItGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &slowly{ResponseWriter: httptest.NewRecorder(), takes: make(chan struct{})}
		out := newCommit(w, "text/x")
		out.beside = true
		out.streaming()
		var want bytes.Buffer
		written := 0 // records that the walk has got rid of
		go func() {
			defer out.wait()
			for i := range 64 {
				piece := bytes.Repeat([]byte{byte('a' + i%26)}, gather/8)
				want.Write(piece)
				out.wrote(append(out.room(len(piece)), piece...))
				written++
			}
			out.flush()
		}()
		if synctest.Wait(); written == 64 || written*gather/8 > 3*gather {
			t.Errorf("%d pieces went by a client that reads nothing", written)
		}
		close(w.takes)
		if synctest.Wait(); written != 64 || !bytes.Equal(w.got.Bytes(), want.Bytes()) {
			t.Errorf("%d pieces, %d bytes of %d", written, w.got.Len(), want.Len())
		}
	})
}

// TestAClientThatIsLostWhileTheWalkGoesOn: the next write says so, and nothing follows.
func TestAClientThatIsLostWhileTheWalkGoesOn(t *testing.T) {
	w := &slowly{ResponseWriter: httptest.NewRecorder(), takes: make(chan struct{}), fails: 2}
	close(w.takes)
	out := newCommit(w, "text/x")
	out.beside = true
	out.streaming()
	var err error
	for range 8 {
		err = errors.Join(err, out.wrote(append(out.room(2*gather), make([]byte, 2*gather)...)))
	}
	if out.wait(); err == nil || problem.From(err).Code != problem.ClientGone || w.got.Len() > maxWrite {
		t.Errorf("%v, after %d bytes", err, w.got.Len())
	}
}
