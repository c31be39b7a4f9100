package upstream

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/secret"
	"github.com/meterbridge/meterbridge/internal/telemetry"
)

// MaxErrorBody is how much of a provider's error body is read and passed on.
const MaxErrorBody = 64 << 10

// minSecret is the shortest credential that is searched for in a provider's words: a shorter one is in every text.
const minSecret = 8

// answer is what came back for one attempt: an open reply where the provider says it is well, else its words.
type answer struct {
	call   connector.Call
	host   string
	status int
	header http.Header
	body   []byte // of an error, bounded
	reply  *Reply // of a success
	sig    *signature
	shown  string // the URL as it may be seen

	rule         *connector.ErrorRule // the connector's that matches
	message      string               // the provider's own words, where they were found
	code         string               // and its code
	fields       json.RawMessage
	unauthorized bool // it refuses the credentials
}

// send makes one attempt. sig is nil for a call without credentials.
func (s *Session) send(ctx context.Context, call connector.Call, sig *signature) (*answer, error) {
	u, anywhere, err := s.base.target(call)
	if err != nil {
		return nil, err
	}
	open := s.baseSet || !anywhere && literal(u.Hostname())
	door, err := s.c.doors.to(u, open)
	if err != nil {
		return nil, failure(ctx, u.Host, err)
	}
	cost := max(call.Cost, 1)
	if call.NoAuth {
		cost = 0 // not the provider's own API
	}
	queued := time.Now()
	leave, err := s.lane.enter(ctx, cost, call.Purpose == "lookup")
	if err != nil {
		return nil, err
	}
	at := s.c.hosts.of(u.Host)
	depart, err := s.c.hosts.enter(ctx, at, s.lane, call.Purpose == "lookup")
	if err != nil {
		leave()
		return nil, err
	}
	waited := time.Since(queued)
	// The call outlives this function where its body is read later; the wire's Close ends it.
	inner, cancel := context.WithCancelCause(ctx)
	span := telemetry.StartCall(ctx, "upstream")
	release := func() {
		depart()
		leave()
	}
	drop := func() {
		span.End()
		cancel(nil)
		release()
	}

	var sent io.Reader = http.NoBody
	if len(call.Body) > 0 {
		sent = bytes.NewReader(call.Body)
	}
	req, err := http.NewRequestWithContext(inner, call.Method, "", sent)
	if err != nil {
		drop()
		return nil, failure(ctx, u.Host, err)
	}
	*req.URL, req.Host = *u, u.Host // what signs is added here, and u stays as it was planned
	if err := setHeaders(req.Header, call, s.c.cfg.UserAgent); err != nil {
		drop()
		return nil, err
	}
	span.Carry(req.Header)
	headers, query, err := sig.apply(req, call.Body) // last, so that nothing of the call stands over it
	if err != nil {
		drop()
		return nil, err
	}
	shown := Exchange{Purpose: call.Purpose, Method: req.Method, URL: shownURL(req.URL, call.NoAuth && call.URL != "", query), Waited: waited, span: span}
	shown.describe(call.Template, u)
	if traced(ctx) {
		shown.RequestHeader = shownHeader(req.Header, headers)
	}
	rec := recordingOf(ctx)
	taken := rec.taken(s, call, u, func() []string { return append(s.secrets(sig), signedWith(req.Header, req.URL, headers, query)...) })
	start := time.Now()
	resp, err := at.reach(door, req)
	s.c.tell(ctx, shown, start, s.conn.Name, resp)
	if err != nil {
		p := failure(inner, u.Host, err)
		drop()
		return nil, p
	}
	w := newWire(inner, cancel, u.Host, resp.Body, s.c.cfg.Timeouts.IdleBody, release)
	a := &answer{call: call, host: u.Host, status: resp.StatusCode, header: resp.Header, sig: sig, shown: shown.URL}
	body, err := decoded(w, resp.Header)
	if err != nil {
		_ = w.Close()
		return nil, err
	}
	body = rec.add(taken, resp, body)
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		a.reply = &Reply{Status: resp.StatusCode, Header: resp.Header, Body: body, URL: shown.URL, wire: w,
			RateLimit: rateLimit(resp.Header, s.conn.RateHeaders, s.c.cfg.Clock())}
		a.reply.RetryIn, _ = asksToWait(resp.Header, s.conn.RateHeaders, s.c.cfg.Clock())
		return a, nil
	}
	defer func() { _ = body.Close() }()
	// A body that breaks takes nothing from the status, which says enough.
	a.body, err = io.ReadAll(io.LimitReader(body, MaxErrorBody))
	if err != nil && ctx.Err() != nil {
		return nil, failure(ctx, u.Host, err)
	}
	a.body = scrub(bounded(a.body), s.secrets(sig)...)
	return a, nil
}

// bounded cuts an error body to its bound, and not within a character.
func bounded(b []byte) []byte {
	b = b[:min(len(b), MaxErrorBody)]
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if utf8.RuneStart(b[len(b)-n]) {
			if !utf8.FullRune(b[len(b)-n:]) {
				b = b[:len(b)-n]
			}
			break
		}
	}
	return b
}

// scrub takes secrets out of a provider's words: some say which key they refuse.
func scrub(b []byte, secrets ...string) []byte {
	for _, s := range secrets {
		if len(s) >= minSecret {
			b = bytes.ReplaceAll(b, []byte(s), []byte(secret.Redacted))
		}
	}
	return b
}

// Reply is a provider's good answer.
type Reply struct {
	Status    int
	Header    http.Header   // of the answer, without what was undone of its encoding
	Body      io.ReadCloser // inflated; never nil
	Whole     []byte        // what Body has, where it has come whole; it stays until Body is closed
	URL       string        // where it came from, as it may be shown
	RateLimit http.Header   // ratelimit-limit, -remaining and -reset, normalised; nil where the provider sends none
	Empty     bool          // the provider's error means that there is nothing; the body is empty
	RetryIn   int           // seconds after which it says to ask again, 0 where it does not
	suspect   bool          // a rule of the connector's may still find an error in it: Judge
	wire      *wire
}

// ContentType is the media type of the reply without its parameters, in lower case.
func (r *Reply) ContentType() string {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(kind))
}
