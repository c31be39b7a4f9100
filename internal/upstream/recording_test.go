package upstream

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/connector"
)

func list(path string) connector.Call {
	return connector.Call{Purpose: "list", Method: "GET", Path: path, Query: []connector.Param{{Key: "page", Value: "1"}}}
}

func TestRecording(t *testing.T) {
	a := newAcme(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/gone" {
			w.WriteHeader(http.StatusNotFound)
		}
		io.WriteString(w, `{"path": "`+r.URL.Path+`"}`)
	}, Config{}, queryAuth)
	ctx, rec := WithRecording(t.Context(), 2)
	sess := a.session()
	for _, path := range []string{"/a", "/gone", "/c"} {
		reply, err := sess.Do(ctx, list(path))
		if path == "/c" && (err == nil || !strings.Contains(err.Error(), "all the pages")) {
			t.Errorf("the page behind the last one: %v", err)
		}
		if err == nil {
			reply.Body.Close() // unread: it is recorded whole all the same
		}
	}
	if _, err := sess.Do(ctx, connector.Call{Purpose: "lookup", Method: "GET", Path: "/names"}); err != nil {
		t.Errorf("a lookup is no page: %v", err)
	}
	var got []string
	for _, x := range rec.Taken() {
		got = append(got, x.Call.Purpose+" "+x.Target.RequestURI()+" "+string(x.Body))
		if strings.Contains(x.Target.String(), theKey) || !slices.Contains(x.Secrets, theKey) || x.Base != a.url || x.Cut {
			t.Errorf("got %+v", x)
		}
	}
	want := []string{`list /a?page=1 {"path": "/a"}`, `list /gone?page=1 {"path": "/gone"}`}
	if len(got) < 2 || !slices.Equal(got[:2], want) {
		t.Errorf("got %q", got)
	}
	if next := rec.Next(); next == nil || next.Target.Path != "/c" || rec.Full() {
		t.Errorf("got %+v", next)
	}
}

func TestRecordingATokenCall(t *testing.T) {
	a := newAcme(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"access_token": "tok-0123456789", "token_type": "Bearer", "expires_in": 60}`)
	}, Config{}, oauthAuth)
	ctx, rec := WithRecording(t.Context(), 1)
	reply, err := a.session().Do(ctx, list("/a"))
	if err != nil {
		t.Fatal(err)
	}
	reply.Body.Close()
	taken := rec.Taken()
	if len(taken) != 2 || taken[0].Call.Purpose != "token" || taken[0].Target.Path != "/token" || !slices.Contains(taken[1].Secrets, "tok-0123456789") || !slices.Contains(taken[1].Secrets, "Bearer tok-0123456789") {
		t.Errorf("got %+v", taken)
	}
}

func TestABodyIsRecordedUpToItsBound(t *testing.T) {
	for _, c := range []struct {
		size int
		cut  bool
	}{{MaxRecorded, false}, {MaxRecorded + 1, true}} {
		a := newAcme(t, func(w http.ResponseWriter, r *http.Request) { w.Write(bytes.Repeat([]byte(" "), c.size)) }, Config{}, keyAuth)
		ctx, rec := WithRecording(t.Context(), 1)
		reply, err := a.session().Do(ctx, list("/a"))
		if err != nil {
			t.Fatal(err)
		}
		reply.Body.Close()
		if got := rec.Taken(); len(got) != 1 || got[0].Cut != c.cut || len(got[0].Body) != MaxRecorded {
			t.Errorf("%d bytes: cut %v, %d kept", c.size, got[0].Cut, len(got[0].Body))
		}
	}
}

func TestARecordingHasSoManyAnswers(t *testing.T) {
	a := newAcme(t, func(w http.ResponseWriter, r *http.Request) {}, Config{}, keyAuth)
	ctx, rec := WithRecording(t.Context(), 1)
	sess := a.session()
	for n := 1; n <= MaxRecordedAnswers+1; n++ {
		reply, err := sess.Do(ctx, connector.Call{Purpose: "lookup", Method: "GET", Path: "/names"})
		if err != nil {
			t.Fatal(err)
		}
		reply.Body.Close()
		if full := n > MaxRecordedAnswers; rec.Full() != full || len(rec.Taken()) != min(n, MaxRecordedAnswers) {
			t.Fatalf("after %d: full %v, %d taken", n, rec.Full(), len(rec.Taken()))
		}
	}
}
