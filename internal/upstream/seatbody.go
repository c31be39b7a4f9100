package upstream

import (
	"context"
	"errors"
	"io"

	"github.com/meterbridge/meterbridge/internal/problem"
)

// seatBody is the body as one seat reads it.
type seatBody struct {
	t      *Seat
	ctx    context.Context
	at     int
	direct bool // what was read ahead is used up
}

func (b *seatBody) Close() error {
	b.t.Close()
	return nil
}

func (b *seatBody) Read(p []byte) (int, error) {
	f := b.t.flight
	for {
		f.mu.Lock()
		switch {
		case b.t.left:
			f.mu.Unlock()
			return 0, b.gone()
		case b.direct:
			f.mu.Unlock()
			return b.on(p)
		case b.at < len(f.buf):
			n := copy(p, f.buf[b.at:])
			b.at += n
			f.mu.Unlock()
			return n, nil
		case f.state == flightLarge && !f.running:
			f.all.recycle(f.buf)
			f.buf, b.direct = nil, true
			f.mu.Unlock()
			return b.on(p)
		case f.state == flightWhole:
			err := f.err
			f.mu.Unlock()
			return 0, b.told(err)
		}
		changed := f.change()
		f.mu.Unlock()
		select {
		case <-changed:
		case <-b.ctx.Done():
			return 0, problem.From(b.ctx.Err())
		}
	}
}

// on reads what nobody reads ahead.
func (b *seatBody) on(p []byte) (int, error) {
	n, err := b.t.flight.reply.Body.Read(p)
	return n, b.told(err)
}

// gone is the error of a body that was closed under its reader.
func (b *seatBody) gone() error {
	if err := b.ctx.Err(); err != nil {
		return problem.From(err)
	}
	return io.ErrClosedPipe
}

// told is the error of the body, unless the reader itself has left.
func (b *seatBody) told(err error) error {
	if err != nil && !errors.Is(err, io.EOF) && b.ctx.Err() != nil {
		return problem.From(b.ctx.Err())
	}
	return err
}
