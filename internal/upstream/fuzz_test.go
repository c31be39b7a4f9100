package upstream

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// FuzzLink holds every link of a provider's to the account's host, and no prefix is left that has to be put back.
func FuzzLink(f *testing.F) {
	for _, s := range []string{"?page=2", "/v1/x", "//evil.example/x", "https://api.acme.example/v1/x", "https://evil.example", "http:x", "\\\\evil", "/../x", "%2e%2e/", "https://a@b", "\x00", ""} {
		f.Add(s)
	}
	b := mustBase(f, "http://127.0.0.1:9090/acme", "https://api.acme.example/v1")
	f.Fuzz(func(t *testing.T, link string) {
		u, anywhere, err := b.target(connector.Call{Path: "usage", URL: link})
		if err != nil {
			if code := problem.From(err).Code; code != problem.EgressDenied {
				t.Fatalf("%q: code %s", link, code)
			}
			return
		}
		if anywhere || u.Scheme != "http" || u.Host != "127.0.0.1:9090" || u.User != nil {
			t.Fatalf("%q leads to %s", link, u)
		}
		if _, err := http.NewRequest(http.MethodGet, u.String(), nil); err != nil {
			t.Fatalf("%q can't be sent: %v", link, err)
		}
	})
}

// FuzzInflate holds the inflater to compress/gzip: what it takes is one whole member and nothing else.
func FuzzInflate(f *testing.F) {
	whole := zip(f, []byte(strings.Repeat("abc", 100)))
	f.Add(whole)
	f.Add(whole[:20])
	f.Add(append(bytes.Clone(whole), whole...))
	f.Add([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		ctx, cancel := context.WithCancelCause(t.Context())
		w := newWire(ctx, cancel, "acme.example", io.NopCloser(bytes.NewReader(b)), time.Minute, func() {})
		in := newInflater(w)
		defer func() { _ = in.Close() }()
		got, err := io.ReadAll(in)
		if err != nil {
			if code := problem.From(err).Code; code != problem.UpstreamCorrupt && code != problem.UpstreamTooLarge {
				t.Fatalf("code %s: %v", code, err)
			}
			return
		}
		if len(b) == 0 {
			return
		}
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			t.Fatalf("taken, and compress/gzip says %v", err)
		}
		if want, err := io.ReadAll(z); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("taken, and compress/gzip says %v", err)
		}
	})
}
