// Package requestlog keeps a row in the database of each request for data: who asked what of which account, when, how long it
// took and how it ended. There is nothing of a request's query or body in it, and no secret.
//
// A request never waits for its row: it is put into a queue, and dropped where that is full. One goroutine writes what has
// gathered, a batch at a time, and deletes what is older or more than is to be kept. What could not be written is counted.
package requestlog

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/meterbridge/meterbridge/internal/database"
	"github.com/meterbridge/meterbridge/internal/telemetry"
)

const (
	maxQueued     = 4096        // rows that wait to be written; past it they are dropped, and counted
	maxBatch      = 200         // rows of one statement
	batchPatience = time.Second // that a row waits for others to be written with
	sweepEvery    = time.Minute // between two looks for what is no longer to be kept
	maxSwept      = 5000        // rows that are deleted at once
)

// Config says where rows go and for how long.
type Config struct {
	DB      *database.DB
	Keep    time.Duration // rows that are older are deleted
	MaxRows int           // and the oldest, where there are more
	Dropped func(n int)   // hears of rows that were lost
	Log     *slog.Logger
	Now     func() time.Time
}

// Log is the request log. A nil *Log keeps nothing.
type Log struct {
	Config
	queue   chan Entry
	stop    chan struct{}
	flushes chan chan struct{}
	stopped sync.WaitGroup
	failing bool // the writer's
}

// Open makes the table where it is missing and starts the writer, which Close ends.
func Open(ctx context.Context, c Config) (*Log, error) {
	if err := c.DB.Migrate(ctx, "request_log", steps...); err != nil {
		return nil, err
	}
	l := &Log{Config: c, queue: make(chan Entry, maxQueued), stop: make(chan struct{}), flushes: make(chan chan struct{})}
	l.stopped.Go(l.write)
	return l, nil
}

// Add notes a request that is over. It never blocks.
func (l *Log) Add(line *telemetry.Line) {
	if l == nil {
		return
	}
	select {
	case l.queue <- entryOf(line):
	default:
		l.Dropped(1)
	}
}

// Flush waits until what was added before is written, or lost.
func (l *Log) Flush(ctx context.Context) error {
	if l == nil {
		return nil
	}
	done := make(chan struct{})
	select {
	case l.flushes <- done:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close writes what is queued. Nothing may be added any more.
func (l *Log) Close() error {
	if l != nil {
		close(l.stop)
		l.stopped.Wait()
	}
	return nil
}

// write is the writer.
func (l *Log) write() {
	sweep := time.NewTicker(sweepEvery)
	defer sweep.Stop()
	flush := time.NewTimer(batchPatience)
	flush.Stop()
	defer flush.Stop()
	batch := make([]Entry, 0, maxBatch)
	for {
		select {
		case e := <-l.queue:
			if len(batch) == 0 {
				flush.Reset(batchPatience)
			}
			if batch = append(batch, e); len(batch) == maxBatch {
				batch = l.flush(batch)
			}
		case <-flush.C:
			batch = l.flush(batch)
		case <-sweep.C:
			l.tell("what is old is not deleted from the request log", l.sweep())
		case done := <-l.flushes:
			batch = l.rest(batch)
			close(done)
		case <-l.stop:
			l.rest(batch)
			return
		}
	}
}

// flush writes a batch, which is lost where the database does not take it: rows that waited for one that is gone would only
// push out those that come when it is back.
func (l *Log) flush(batch []Entry) []Entry {
	if len(batch) == 0 {
		return batch
	}
	err := l.insert(batch)
	if err != nil {
		l.Dropped(len(batch))
	}
	l.tell("requests are missing from the request log", err)
	return batch[:0]
}

// rest writes what is queued, as long as the database takes it.
func (l *Log) rest(batch []Entry) []Entry {
	for {
		select {
		case e := <-l.queue:
			batch = append(batch, e)
		default:
			return l.flush(batch)
		}
		if len(batch) < maxBatch {
			continue
		}
		if batch = l.flush(batch); l.failing {
			lost := len(l.queue)
			for range lost {
				<-l.queue
			}
			l.Dropped(lost)
			return batch
		}
	}
}

// tell logs a failure once, until it goes well again.
func (l *Log) tell(what string, err error) {
	switch {
	case err != nil && !l.failing:
		l.Log.Warn(what, "error", err)
	case err == nil && l.failing:
		l.Log.Info("the request log is written again")
	}
	l.failing = err != nil
}

// sweep deletes what is not to be kept.
func (l *Log) sweep() error {
	ctx := context.Background() // each statement has a bound of its own
	old := l.Now().Add(-l.Keep).UnixMilli()
	if err := l.delete(ctx, `at < $1 ORDER BY at`, old); err != nil {
		return err
	}
	var newest int64
	err := l.DB.One(ctx, `SELECT id FROM request_log ORDER BY id DESC LIMIT 1 OFFSET $1`, []any{l.MaxRows}, &newest)
	switch {
	case err == database.ErrNone:
		return nil
	case err != nil:
		return fmt.Errorf("counting the request log: %w", err)
	}
	return l.delete(ctx, `id <= $1 ORDER BY id`, newest)
}

// delete deletes the rows of a condition, some at a time, so that nobody waits for long.
func (l *Log) delete(ctx context.Context, which string, arg int64) error {
	for {
		n, err := l.DB.Exec(ctx, `DELETE FROM request_log WHERE id IN (SELECT id FROM request_log WHERE `+which+` LIMIT $2)`, arg, maxSwept)
		if err != nil {
			return fmt.Errorf("deleting of the request log: %w", err)
		}
		if n < maxSwept {
			return nil
		}
	}
}
