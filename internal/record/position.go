package record

import (
	"encoding/binary"
	"errors"
)

// Position is where a walk stands. It is a plain value whose zero is the start; two equal positions of the same
// request lead to the same call, because the planner that reads it knows no other clock and no secret.
type Position struct {
	Now    int64  // frozen clock of the walk, Unix nanoseconds
	Window int64  // start of the current window, Unix seconds
	Rev    uint64 // hash of the connector and its mappings
	Call   uint8  // which of the resource's calls answers for the window
	Token  []byte // the provider's cursor or next link; empty on a first page
	Job    []byte // the provider's id of an asynchronous job
	Parent []byte // the parent whose children are walked: [key, what is kept of it] as JSON; empty where there is none
	Carry  []byte // facts of the first page, a JSON object
	Size   int    // the provider's page size of this walk
	Item   int64  // next item in this call
	Out    int    // next output in that item
	Anchor uint64 // hash of the id of the record before (Item, Out); 0 where it stands at the start of a page
}

var errPosition = errors.New("malformed position")

const positionVersion = 2

// AppendBinary appends the compact form of the position.
func (p Position) AppendBinary(b []byte) ([]byte, error) {
	b = append(b, positionVersion, p.Call)
	for _, v := range [...]int64{p.Now, p.Window, int64(p.Size), p.Item, int64(p.Out)} {
		b = binary.AppendVarint(b, v)
	}
	b = binary.LittleEndian.AppendUint64(b, p.Rev)
	b = binary.LittleEndian.AppendUint64(b, p.Anchor)
	for _, v := range [...][]byte{p.Token, p.Job, p.Carry, p.Parent} {
		b = binary.AppendUvarint(b, uint64(len(v)))
		b = append(b, v...)
	}
	return b, nil
}

// UnmarshalBinary reads what AppendBinary wrote. It copies what it keeps.
func (p *Position) UnmarshalBinary(b []byte) error {
	if len(b) < 2 || b[0] != positionVersion {
		return errPosition
	}
	q := Position{Call: b[1]}
	b = b[2:]
	var ints [5]int64
	for i := range ints {
		v, n := binary.Varint(b)
		if n <= 0 {
			return errPosition
		}
		ints[i], b = v, b[n:]
	}
	q.Now, q.Window, q.Size, q.Item, q.Out = ints[0], ints[1], int(ints[2]), ints[3], int(ints[4])
	if len(b) < 16 || q.Item < 0 || q.Out < 0 || q.Size < 0 {
		return errPosition
	}
	q.Rev, q.Anchor, b = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:]), b[16:]
	for _, dst := range [...]*[]byte{&q.Token, &q.Job, &q.Carry, &q.Parent} {
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)-n) {
			return errPosition
		}
		if size > 0 {
			*dst = append([]byte(nil), b[n:n+int(size)]...)
		}
		b = b[n+int(size):]
	}
	if len(b) != 0 {
		return errPosition
	}
	*p = q
	return nil
}
