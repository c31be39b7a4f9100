package proxy

import (
	"errors"
	"io"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// errShort says that the body ended.
var errShort = errors.New("the body ended")

// window slides over a body's bytes and holds what is being read of them: one value at a time. It is small until a read
// fills it, so that a stream that waits holds little.
type window struct {
	r    io.Reader
	buf  []byte // buf[at:] is unread
	at   int
	eof  bool
	full bool   // the last read has filled it
	lent bool   // buf is somebody else's, and has all there is
	move func() // is told before what lies in it moves or goes; nil: nobody
}

func newWindow(r io.Reader) window { return window{r: r, buf: borrow(firstBuffer)} }

// windowOn is a window that does not write to what it holds, which may be the body itself.
func windowOn(r io.Reader) window {
	if body, ok := r.(*arrived); ok {
		return window{buf: body.all, eof: true, lent: true}
	}
	return newWindow(r)
}

// Close gives the window's bytes back. What was read of them is not to be used any more.
func (w *window) Close() error {
	w.moves()
	if !w.lent {
		release(w.buf)
	}
	w.buf, w.at, w.eof = nil, 0, true
	return nil
}

// onMove has somebody told before what lies in the window moves or goes.
func (w *window) onMove(move func()) { w.move = move }

func (w *window) moves() {
	if w.move != nil {
		w.move()
	}
}

// value is the end of the value that starts at w.at, which it brings into the window whole.
func (w *window) value() (int, error) { return w.scan(record.Scan) }

// scan is value with a scanner of the caller's, which meets the value for the last time where it stays.
func (w *window) scan(scan record.Scanner) (int, error) {
	var b boundary
	for first := true; ; first = false {
		// A value that is not whole yet is scanned again only when its end may have come: a provider that sends a large
		// item in many pieces must not have it read from the start for each of them.
		if first || w.eof || b.reached(w.buf[w.at:]) {
			end, st := scan(w.buf, w.at, w.eof)
			switch {
			case st == record.Done && w.eof && end == len(w.buf) && w.buf[w.at] <= '9' && w.buf[w.at] != '"':
				return 0, cut(errShort) // a number that the body's end cut may have had more digits
			case st == record.Done:
				return end, nil
			case st == record.Bad && w.eof && end >= len(w.buf):
				return 0, cut(errShort)
			case st == record.Bad:
				return 0, corrupt("an item is malformed or nests too deeply")
			}
		}
		if err := w.more(); err != nil {
			return 0, cut(err)
		}
	}
}

// boundary looks for the end of a value by its brackets and quotes alone, going on where it stopped. It may say too
// early that the end is there, never too late.
type boundary struct {
	i, depth        int
	quoted, escaped bool
}

func (b *boundary) reached(value []byte) bool {
	for b.i < len(value) {
		c := value[b.i]
		b.i++
		switch {
		case b.escaped:
			b.escaped = false
		case b.quoted:
			b.escaped = c == '\\'
			if b.quoted = c != '"'; !b.quoted && b.depth == 0 {
				return true
			}
		case b.depth == 0 && b.i > 1: // in a word or a number, of which only the digits can be many
			if c < '0' || c > '9' {
				return true
			}
		case c == '"':
			b.quoted = true
		case c == '{' || c == '[':
			if b.depth++; b.depth > record.MaxDepth {
				return true
			}
		case c == '}' || c == ']':
			if b.depth--; b.depth <= 0 {
				return true
			}
		}
	}
	return false
}

// peek is the next byte that is not white space, without taking it.
func (w *window) peek() (byte, error) {
	for {
		w.at = record.SkipSpace(w.buf, w.at)
		if w.at < len(w.buf) {
			return w.buf[w.at], nil
		}
		if err := w.more(); err != nil {
			return 0, err
		}
	}
}

// fill brings the next n bytes into the window.
func (w *window) fill(n int) error {
	for len(w.buf)-w.at < n {
		if err := w.more(); err != nil {
			return err
		}
	}
	return nil
}

// more reads on. The unread part moves to the window's front, and past its large size the window grows only for a value
// that fills it.
func (w *window) more() error {
	if w.eof {
		return errShort
	}
	w.moves()
	switch unread := w.buf[w.at:]; {
	case w.full && cap(w.buf) < smallBuffer:
		w.moveTo(borrow(smallBuffer), unread)
	case w.full && cap(w.buf) < largeBuffer:
		w.moveTo(borrow(largeBuffer), unread)
	case w.at > 0:
		w.buf, w.at = w.buf[:copy(w.buf, unread)], 0
	case len(w.buf) < cap(w.buf):
	case cap(w.buf) >= maxItem:
		return problem.New(problem.UpstreamTooLarge, "one item of the provider's is larger than %d bytes", maxItem).AsRemote()
	default:
		w.moveTo(make([]byte, 0, 2*cap(w.buf)), unread)
	}
	n, err := w.r.Read(w.buf[len(w.buf):cap(w.buf)])
	w.buf = w.buf[:len(w.buf)+n]
	w.full = len(w.buf) == cap(w.buf)
	if err == io.EOF {
		w.eof = true
		if n == 0 {
			return errShort
		}
		return nil
	}
	return err
}

func (w *window) moveTo(buf, unread []byte) {
	buf = append(buf, unread...)
	release(w.buf)
	w.buf, w.at = buf, 0
}
