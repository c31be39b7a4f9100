package worker

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Bounds of the frames, either way.
const (
	MaxRequest = 16 << 20  // what a worker is told at once: an item, or the roots that its program reads
	MaxAnswer  = 4 << 20   // what it answers at once, and for so many records
	maxShare   = 256 << 10 // records of an item that it is asked for at once, in bytes
	MaxRecords = 64        // the same, records
)

// frameKind says what a frame holds.
type frameKind byte

const (
	readyFrame   frameKind = 'h' // from a worker: it is bounded, and waits
	programFrame frameKind = 'p' // to one: the program that follows
	rootsFrame   frameKind = 'v' // the documents of its variables
	itemFrame    frameKind = 'i' // the item
	runFrame     frameKind = 'r' // the documents to run it with; the one that is answered
	answerFrame  frameKind = 'a' // the answer
)

var errFrame = errors.New("a frame is malformed")

// header is a frame's kind and the length of its body.
const header = 5

// appendFrame appends a frame with the body that build appends.
func appendFrame(b []byte, kind frameKind, build func([]byte) []byte) []byte {
	start := len(b)
	b = build(append(b, byte(kind), 0, 0, 0, 0))
	binary.BigEndian.PutUint32(b[start+1:], uint32(len(b)-start-header))
	return b
}

// readFrame reads a frame of at most some bytes into buf, which grows with what has come and not with what is announced.
func readFrame(r io.Reader, buf []byte, most int) (kind frameKind, body []byte, err error) {
	var head [header]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, buf[:0], err
	}
	n := int(binary.BigEndian.Uint32(head[1:]))
	if n > most {
		return 0, buf[:0], fmt.Errorf("%w: %d bytes, the limit is %d", errFrame, n, most)
	}
	const step = 1 << 20
	body = buf[:0]
	for len(body) < n {
		at := len(body)
		body = append(body, make([]byte, min(n-at, step))...)
		if _, err := io.ReadFull(r, body[at:]); err != nil {
			return 0, body[:0], err
		}
	}
	return frameKind(head[0]), body, nil
}

// appendField appends bytes with their length.
func appendField[Text string | []byte](b []byte, s Text) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// fields reads what appendField has written. After an error it gives nothing but zeros.
type fields struct {
	b   []byte
	err error
}

func (f *fields) number() uint64 {
	n, size := binary.Uvarint(f.b)
	if size <= 0 || f.err != nil {
		f.b, f.err = nil, errFrame
		return 0
	}
	f.b = f.b[size:]
	return n
}

func (f *fields) bytes() []byte {
	n := f.number()
	if n > uint64(len(f.b)) {
		f.b, f.err = nil, errFrame
		return nil
	}
	s := f.b[:n:n]
	f.b = f.b[n:]
	return s
}

// count is the number of things that follow, each of at least one byte.
func (f *fields) count() int {
	n := f.number()
	if n > uint64(len(f.b)) {
		f.b, f.err = nil, errFrame
		return 0
	}
	return int(n)
}

// end is the error of what was read, or of what is left.
func (f *fields) end() error {
	if f.err == nil && len(f.b) > 0 {
		f.err = errFrame
	}
	return f.err
}
