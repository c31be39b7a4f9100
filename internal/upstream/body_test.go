package upstream

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/meterbridge/meterbridge/internal/problem"
)

func zip(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestGzipBodies(t *testing.T) {
	text := []byte(strings.Repeat(`{"a":1},`, 1000))
	whole := zip(t, text)
	badCRC := bytes.Clone(whole)
	badCRC[len(badCRC)-8] ^= 1
	badSize := bytes.Clone(whole)
	badSize[len(badSize)-1] ^= 1
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	for _, c := range []struct {
		name, encoding string
		body           []byte
		want           []byte
		code           problem.Code
	}{
		{"plain", "", text, text, ""},
		{"identity", "identity", text, text, ""},
		{"gzip", "gzip", whole, text, ""},
		{"x-gzip in upper case", "X-GZIP", whole, text, ""},
		{"gzip of nothing", "gzip", zip(t, nil), nil, ""},
		{"an empty body that says gzip", "gzip", nil, nil, ""},
		{"truncated in the header", "gzip", whole[:5], nil, problem.UpstreamCorrupt},
		{"truncated in the data", "gzip", whole[:len(whole)/2], nil, problem.UpstreamCorrupt},
		{"truncated in the checksum", "gzip", whole[:len(whole)-3], nil, problem.UpstreamCorrupt},
		{"bad checksum", "gzip", badCRC, nil, problem.UpstreamCorrupt},
		{"bad size", "gzip", badSize, nil, problem.UpstreamCorrupt},
		{"trailing junk", "gzip", join(whole, []byte("x")), nil, problem.UpstreamCorrupt},
		{"two members", "gzip", join(whole, whole), nil, problem.UpstreamCorrupt},
		{"not gzip at all", "gzip", text, nil, problem.UpstreamCorrupt},
		{"another encoding", "br", text, nil, problem.UpstreamCorrupt},
		{"gzip twice", "gzip, gzip", whole, nil, problem.UpstreamCorrupt},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newAcme(t, func(w http.ResponseWriter, r *http.Request) {
				if got := r.Header.Get("Accept-Encoding"); got != "gzip" {
					t.Errorf("Accept-Encoding %q", got)
				}
				if c.encoding != "" {
					w.Header().Set("Content-Encoding", c.encoding)
				}
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write(c.body)
			}, Config{}, keyAuth)
			if c.code != "" {
				a.fails(get("x"), c.code)
				return
			}
			reply, err := a.session().Do(t.Context(), get("x"))
			if err != nil {
				t.Fatal(err)
			}
			got, err := ReadAll(reply, 0)
			if err != nil || !bytes.Equal(got, c.want) {
				t.Fatalf("%d bytes, %v; want %d", len(got), err, len(c.want))
			}
			if strings.Contains(strings.ToLower(reply.Header.Get("Content-Encoding")), "gzip") {
				t.Error("the encoding that was undone is still named")
			}
		})
	}
}

// zeros is n zero bytes, gzipped without holding them.
func zeros(t testing.TB, n int64) []byte {
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if _, err := io.CopyN(z, zero{}, n); err != nil {
		t.Fatal(err)
	}
	_ = z.Close()
	return out.Bytes()
}

type zero struct{}

func (zero) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestGzipBomb(t *testing.T) {
	for _, c := range []struct {
		name string
		size int64
		ok   bool
	}{
		{"at the size where the ratio begins to count", ratioFrom, true},
		{"past it", ratioFrom + 64<<10, false},
		{"64 MiB", 64 << 20, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			bomb := zeros(t, c.size)
			a := newAcme(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				_, _ = w.Write(bomb)
			}, Config{}, keyAuth)
			reply, err := a.session().Do(t.Context(), get("x"))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = reply.Body.Close() }()
			n, err := io.Copy(io.Discard, reply.Body)
			if c.ok {
				if err != nil || n != c.size {
					t.Fatalf("%d bytes, %v", n, err)
				}
				return
			}
			wants(t, err, problem.UpstreamTooLarge, "")
			if n > ratioFrom+1<<20 {
				t.Errorf("%d bytes were inflated before it was refused", n)
			}
		})
	}
}

// TestGunzip: a file is one as gunzip takes it, bounded as a transport's encoding is, or else it is what it is.
func TestGunzip(t *testing.T) {
	text := []byte(strings.Repeat(`{"a":1},`, 1000))
	whole := zip(t, text)
	for _, c := range []struct {
		name string
		body []byte
		want []byte
		code problem.Code
	}{
		{"one member", whole, text, ""},
		{"two members", append(bytes.Clone(whole), whole...), append(bytes.Clone(text), text...), ""},
		{"nothing in it", zip(t, nil), nil, ""},
		{"nothing at all", nil, nil, ""},
		{"no gzip file", text, text, ""},
		{"one byte", []byte("x"), []byte("x"), ""},
		{"half of the magic", []byte("\x1f"), []byte("\x1f"), ""},
		{"cut in the header", whole[:5], nil, problem.UpstreamCorrupt},
		{"cut in the data", whole[:len(whole)/2], nil, problem.UpstreamCorrupt},
		{"cut in the checksum", whole[:len(whole)-3], nil, problem.UpstreamCorrupt},
		{"cut in the second member", append(bytes.Clone(whole), whole[:20]...), nil, problem.UpstreamCorrupt},
		{"junk behind", append(bytes.Clone(whole), 'x'), nil, problem.UpstreamCorrupt},
		{"as large as it may be before its growth counts", zeros(t, ratioFrom), make([]byte, ratioFrom), ""},
		{"a bomb", zeros(t, ratioFrom+64<<10), nil, problem.UpstreamTooLarge},
	} {
		for way, r := range map[string]io.Reader{"whole": bytes.NewReader(c.body), "byte by byte": iotest.OneByteReader(bytes.NewReader(c.body))} {
			got, err := io.ReadAll(Gunzip(r))
			var p *problem.Problem
			switch {
			case c.code == "" && (err != nil || !bytes.Equal(got, c.want)):
				t.Errorf("%s, %s: %d bytes, %v", c.name, way, len(got), err)
			case c.code != "" && (!errors.As(err, &p) || p.Code != c.code):
				t.Errorf("%s, %s: %d bytes, %v", c.name, way, len(got), err)
			}
		}
	}
	broken := errors.New("broken")
	if _, err := io.ReadAll(Gunzip(iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("a fault of the reading: %v", err)
	}
}

func TestReadAllIsBounded(t *testing.T) {
	for _, c := range []struct {
		name string
		size int
		max  int64
		ok   bool
	}{
		{"at the bound", 1000, 1000, true},
		{"one past it", 1001, 1000, false},
		{"wire at its bound", MaxWire, 0, true},
		{"wire one past it", MaxWire + 1, 0, false},
		{"a bound above the house's own", MaxInflated + 1, MaxInflated * 2, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newAcme(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.CopyN(w, zero{}, int64(c.size)) }, Config{}, keyAuth)
			reply, err := a.session().Do(t.Context(), get("x"))
			if err != nil {
				t.Fatal(err)
			}
			got, err := ReadAll(reply, c.max)
			if c.ok && (err != nil || len(got) != c.size) {
				t.Fatalf("%d bytes, %v", len(got), err)
			}
			if !c.ok {
				wants(t, err, problem.UpstreamTooLarge, "")
			}
		})
	}
	t.Run("inflated", func(t *testing.T) {
		for size, ok := range map[int]bool{MaxInflated: true, MaxInflated + 1: false} {
			_, err := ReadAll(&Reply{Body: io.NopCloser(io.LimitReader(zero{}, int64(size)))}, 0)
			if (err == nil) != ok {
				t.Errorf("%d bytes: %v", size, err)
			}
		}
	})
}
