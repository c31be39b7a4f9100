package upstream

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// The bounds of a recording.
const (
	MaxRecorded        = 8 << 20 // bytes that are kept of one body
	MaxRecordedAnswers = 200     // round trips
)

// Taken is one round trip as it was made. The request is told by the plan, which holds no secret, and by where it went
// before it was signed. The answer is the provider's own and may hold anything: it is for the recorder alone.
type Taken struct {
	Call    connector.Call // of a token call the purpose and the method
	Target  *url.URL       // without what signs
	Base    string         // the account's base URL
	Origin  string         // the connector's own base URL, where the account's is another
	Status  int
	Header  http.Header
	Body    []byte   // inflated
	Cut     bool     // the body is longer than MaxRecorded, or broke off
	Secrets []string // what the request was signed with, in every form that it took

	done bool // the body was read to its end
}

// Recording collects the round trips of a context, and stops a walk that has had enough pages.
type Recording struct {
	mu    sync.Mutex
	pages int // that may still be asked for
	list  []*Taken
	next  *Taken
	full  bool
}

type recordingKey struct{}

// WithRecording is a context whose round trips are recorded, those of its token calls too. After so many pages the next
// one is refused, and told by Next.
func WithRecording(ctx context.Context, pages int) (context.Context, *Recording) {
	r := &Recording{pages: pages}
	return context.WithValue(ctx, recordingKey{}, r), r
}

// Taken are the round trips in the order of their answers, those whose bodies have been read.
func (r *Recording) Taken() []*Taken {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.list), func(t *Taken) bool { return !t.done && !t.Cut })
}

// Next is the page that was not asked for any more; nil where the walk came to its end.
func (r *Recording) Next() *Taken {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.next
}

// Full says that there were more round trips than are recorded.
func (r *Recording) Full() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.full
}

func recordingOf(ctx context.Context) *Recording {
	r, _ := ctx.Value(recordingKey{}).(*Recording)
	return r
}

// admit refuses the page after the last one.
func (r *Recording) admit(s *Session, call connector.Call) error {
	if r == nil || call.Purpose != "list" && call.Purpose != "submit" {
		return nil
	}
	target, _, err := s.base.target(call)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pages--; r.pages >= 0 {
		return nil
	}
	if r.next == nil {
		r.next = r.taken(s, call, target, func() []string { return s.secrets(nil) })
	}
	return problem.New(problem.Unavailable, "the recording has all the pages that were asked for")
}

// taken is a request that is about to be made; nil where nothing is recorded.
func (r *Recording) taken(s *Session, call connector.Call, target *url.URL, secrets func() []string) *Taken {
	if r == nil {
		return nil
	}
	plain := *target
	t := &Taken{Call: call, Target: &plain, Secrets: secrets()}
	if s.base.url != nil {
		t.Base = s.base.url.String()
	}
	if s.base.original != nil {
		t.Origin = s.base.original.String()
	}
	return t
}

// add records a round trip, and reads its body along while whoever asked for it does.
func (r *Recording) add(t *Taken, resp *http.Response, body io.ReadCloser) io.ReadCloser {
	if r == nil {
		return body
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.list) == MaxRecordedAnswers {
		r.full = true
		return body
	}
	t.Status, t.Header = resp.StatusCode, resp.Header.Clone()
	r.list = append(r.list, t)
	return &taped{ReadCloser: body, to: t, r: r}
}

// taped is a body that is kept while it is read.
type taped struct {
	io.ReadCloser
	to *Taken
	r  *Recording
}

func (b *taped) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.r.mu.Lock()
	defer b.r.mu.Unlock()
	if keep := min(n, MaxRecorded-len(b.to.Body)); keep < n {
		b.to.Body, b.to.Cut = append(b.to.Body, p[:keep]...), true
	} else {
		b.to.Body = append(b.to.Body, p[:n]...)
	}
	if err != nil {
		b.to.done = true
		b.to.Cut = b.to.Cut || err != io.EOF
	}
	return n, err
}

// Close reads what is left: a page that was left early is recorded whole.
func (b *taped) Close() error {
	buf := make([]byte, 32<<10)
	for b.more() {
		if _, err := b.Read(buf); err != nil {
			break
		}
	}
	return b.ReadCloser.Close()
}

func (b *taped) more() bool {
	b.r.mu.Lock()
	defer b.r.mu.Unlock()
	return !b.to.done && !b.to.Cut
}

// signedWith are the texts that a request was signed with, as they stand in it.
func signedWith(h http.Header, u *url.URL, headers, query []string) []string {
	var out []string
	for _, name := range headers {
		if v := h.Get(name); v != "" {
			_, bare, _ := strings.Cut(v, " ")
			out = append(out, v, bare)
		}
	}
	for _, name := range query {
		out = append(out, u.Query().Get(name))
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == "" })
}
