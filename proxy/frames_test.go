package proxy

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/cursor"
	"github.com/meterbridge/meterbridge/internal/record"
)

// client is a response writer whose bytes are seen when they are flushed.
type client struct {
	mu     sync.Mutex
	header http.Header
	held   strings.Builder
	seen   string
}

func (c *client) Header() http.Header { return c.header }
func (c *client) WriteHeader(int)     {}
func (c *client) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held.Write(b)
}
func (c *client) Flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = c.held.String()
}
func (c *client) sees() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen
}

// framesTo are frames of a request that has what framing needs.
func framesTo(c *client, f Format, meta bool) *frames {
	q := &request{
		Proxy:  New(Config{Cursors: cursor.New(cursor.Config{}), Log: slog.New(slog.DiscardHandler)}),
		params: &params{format: f, streamMeta: meta}, standing: &standing{acct: &account.Account{ID: "a"}}, method: &connector.Method{}, span: &span{},
	}
	return q.framing(context.Background(), c)
}

// TestAnIdleStreamOfEventsBeats: also before its first record, since what lies between gives up on a silent connection.
func TestAnIdleStreamOfEventsBeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &client{header: http.Header{}}
		f := framesTo(c, SSE, false)
		time.Sleep(heartbeat - time.Millisecond)
		if synctest.Wait(); c.sees() != "" {
			t.Errorf("before its time: %q", c.sees())
		}
		time.Sleep(2 * time.Millisecond)
		if synctest.Wait(); c.sees() != ": alive\n\n" || c.header.Get("Content-Type") == "" {
			t.Errorf("after %s: %q, %v", heartbeat, c.sees(), c.header)
		}
		f.record(record.Rec{JSON: []byte(`{"id":"x"}`), After: record.Position{Item: 1}})
		time.Sleep(heartbeat)
		if synctest.Wait(); !strings.HasSuffix(c.sees(), "data: {\"id\":\"x\"}\n\n: alive\n\n") {
			t.Errorf("after a record: %q", c.sees())
		}
		f.stop()
		f.finish(statusComplete, "")
		before := c.held.String()
		time.Sleep(5 * heartbeat)
		if synctest.Wait(); c.held.String() != before {
			t.Errorf("after the end: %q", c.held.String()[len(before):])
		}
	})
}

// TestAStalledStreamSaysHowFarItCame: by a checkpoint behind its last record, once.
func TestAStalledStreamSaysHowFarItCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &client{header: http.Header{}}
		f := framesTo(c, Stream, true)
		time.Sleep(2 * checkpointAfter)
		if synctest.Wait(); c.held.Len() > 0 {
			t.Errorf("without a record: %q", c.held.String())
		}
		f.record(record.Rec{JSON: []byte(`{"id":"x"}`), After: record.Position{Item: 1}})
		time.Sleep(checkpointAfter)
		synctest.Wait()
		if lines := strings.Split(c.sees(), "\n"); len(lines) != 3 || !strings.HasPrefix(lines[1], `{"checkpoint":{"next_cursor":"c1.`) || !strings.HasSuffix(lines[1], `,"count":1}}`) {
			t.Errorf("after a record: %q", c.sees())
		}
		time.Sleep(5 * checkpointAfter)
		if synctest.Wait(); strings.Count(c.sees(), "checkpoint") != 1 {
			t.Errorf("with nothing new: %q", c.sees())
		}
		f.stop()
	})
}

// TestCheckpointsComeEveryThousandRecords: at the bound and not before.
func TestCheckpointsComeEveryThousandRecords(t *testing.T) {
	for _, meta := range []bool{false, true} {
		w := httptest.NewRecorder()
		c := &client{header: w.Header()}
		f := framesTo(c, Stream, meta)
		for i := range 2 * checkpointEvery {
			f.record(record.Rec{JSON: []byte(`{}`), After: record.Position{Item: int64(i + 1)}})
			want := 0
			if meta {
				want = (i + 1) / checkpointEvery
			}
			if i%(checkpointEvery-1) < 2 {
				if f.flush(); strings.Count(c.sees(), "checkpoint") != want {
					t.Fatalf("after %d records, meta %v: %d checkpoints", i+1, meta, strings.Count(c.sees(), "checkpoint"))
				}
			}
		}
		f.stop()
	}
}
