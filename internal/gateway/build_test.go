package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/meterbridge/meterbridge/internal/principal"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/secret"
	"github.com/meterbridge/meterbridge/internal/telemetry"
)

// counted remembers what was told to the metrics.
type counted struct {
	mu    sync.Mutex
	lines []string
}

func (c *counted) Request(l *telemetry.Line) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines = append(c.lines, l.Route+" "+http.StatusText(l.Status)+" "+l.Format+" "+l.Code)
}
func (c *counted) Limited(string)        {}
func (c *counted) Handler() http.Handler { return http.NotFoundHandler() }

func minimal(m Metrics, log io.Writer) Config {
	return Config{Auth: principal.NewAuthenticator("auth.tokens", secret.RandomKeyring(), time.Now), Metrics: m, Log: slog.New(slog.NewTextHandler(log, nil))}
}

func TestARouteThatDoesNotSayWhoMayCallItIsRefused(t *testing.T) {
	ok := func(_ *gateway, c echo.Context) error { return c.NoContent(http.StatusOK) }
	for _, a := range []access{0, bearer + 1} {
		if _, err := build(minimal(new(counted), io.Discard), []route{{read, "/open", public, ok}, {read, "/new", a, ok}}); err == nil || !strings.Contains(err.Error(), "/new") {
			t.Errorf("access %d: %v", a, err)
		}
	}
	if _, err := New(minimal(new(counted), io.Discard)); err != nil {
		t.Errorf("the table as it is: %v", err)
	}
}

func TestAPanicIsAProblemAndTheProcessLivesOn(t *testing.T) {
	var log bytes.Buffer
	m := new(counted)
	h, err := build(minimal(m, &log), []route{
		{read, "/panic", public, func(*gateway, echo.Context) error { panic("a secret detail") }},
		{read, "/nil", public, func(*gateway, echo.Context) error { var p *problem.Problem; return errors.New(p.Message) }},
		{read, "/error", public, func(*gateway, echo.Context) error { return errors.New("a secret detail") }},
		{read, "/late", public, func(_ *gateway, c echo.Context) error {
			c.Response().Header().Set("Content-Length", "100")
			c.String(http.StatusOK, "half of a ")
			c.Response().Flush()
			panic("under way")
		}},
		{read, "/abort", public, func(_ *gateway, c echo.Context) error { panic(http.ErrAbortHandler) }},
		{read, "/well", public, func(_ *gateway, c echo.Context) error { return encode(c, http.StatusOK, "well") }},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.Start()
	defer s.Close()
	for _, path := range []string{"/panic", "/nil", "/error"} {
		resp, err := http.Get(s.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		var p struct{ Code, Message, Request_id string }
		if err := json.Unmarshal(body, &p); err != nil || resp.StatusCode != 500 || p.Code != "internal" || p.Request_id == "" {
			t.Errorf("%s: %d %s", path, resp.StatusCode, body)
		}
		if bytes.Contains(body, []byte("secret detail")) {
			t.Errorf("%s tells its inside: %s", path, body)
		}
	}
	if !strings.Contains(log.String(), "build_test.go") {
		t.Errorf("the log has no stack: %s", log.String())
	}
	for _, path := range []string{"/late", "/abort"} {
		resp, err := http.Get(s.URL + path)
		if err == nil {
			_, err = io.ReadAll(resp.Body)
			resp.Body.Close()
		}
		if err == nil {
			t.Errorf("%s looks complete", path)
		}
	}
	resp, err := http.Get(s.URL + "/well")
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("afterwards: %v", err)
	}
	resp.Body.Close()
	m.mu.Lock()
	defer m.mu.Unlock()
	if want := []string{"/panic Internal Server Error json internal", "/nil Internal Server Error json internal", "/error Internal Server Error json internal", "/late OK other internal", "/abort OK none ", "/well OK json "}; !slices.Equal(m.lines, want) {
		t.Errorf("counted %q", m.lines)
	}
}

// A read deadline that outlived the body would end the answer, since net/http reads on while a handler runs; and one that is
// taken back before its end would let net/http read the rest for as long as it comes.
func TestABodysDeadlineEndsWithTheBody(t *testing.T) {
	for name, c := range map[string]struct {
		body  io.Reader
		whole bool
	}{"whole": {strings.NewReader("abc"), true}, "broken": {io.MultiReader(strings.NewReader("a"), broken{}), false}} {
		w := &deadlines{ResponseRecorder: httptest.NewRecorder()}
		before := time.Now()
		io.ReadAll(timed(io.NopCloser(c.body), http.NewResponseController(w)))
		if w.set[0].Before(before.Add(bodyTimeout)) || c.whole != w.set[len(w.set)-1].IsZero() {
			t.Errorf("%s: deadlines %v", name, w.set)
		}
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

type deadlines struct {
	*httptest.ResponseRecorder
	set []time.Time
}

func (d *deadlines) SetReadDeadline(t time.Time) error { d.set = append(d.set, t); return nil }

// counting is a model that counts how often it was asked.
type counting struct{ asked int }

func (c *counting) Names() []string      { return []string{"usage"} }
func (c *counting) Schema(string) []byte { c.asked++; return []byte(`{"type":"object"}`) }

func TestTheDocumentIsBuiltOnceForEachModel(t *testing.T) {
	var model *counting
	config := minimal(new(counted), io.Discard)
	config.Model = func() Schemas { return model }
	h, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	get := func(etag string) *httptest.ResponseRecorder {
		w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/openapi.json", nil)
		r.Header.Set("If-None-Match", etag)
		h.ServeHTTP(w, r)
		return w
	}
	first := new(counting)
	model = first
	etag := get("").Header().Get("ETag")
	if w := get(etag); w.Code != http.StatusNotModified || w.Body.Len() > 0 {
		t.Errorf("the same document again: %d", w.Code)
	}
	if w := get(`"another"`); w.Code != http.StatusOK {
		t.Errorf("a document that changed: %d", w.Code)
	}
	if first.asked != 1 {
		t.Errorf("built %d times", first.asked)
	}
	model = new(counting)
	if get(""); model.asked != 1 {
		t.Errorf("after a reload built %d times", model.asked)
	}
}
