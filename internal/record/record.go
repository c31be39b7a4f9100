// Package record is what flows through the house: items in, records out, and the position between them.
//
// A provider sends items; a mapping makes zero or more records of each; a position names the call, the item
// and the output at which a walk stands. Everything here is bytes and plain values: a record is never decoded
// into a map on its way, and a position becomes a token only when somebody needs one.
package record

// Item is one element of the provider's answer: valid JSON that is overwritten by the next one.
type Item struct {
	Raw     []byte
	N       int64  // its place in the call's answer, from 0
	Parent  []byte // the outer item that it stands in, its list emptied; nil where items are not nested
	Scanned bool   // Raw is what the reader's Scanner has found last, where it found it
}

// Warning is what a mapping has to say beside a record.
type Warning struct{ Code, Message string }

// Span is a half-open range of bytes.
type Span struct{ Start, End int }

// Out is one output of a mapping within a Batch. An empty Remote means that the item's own bytes are its remote data.
type Out struct {
	JSON, Remote Span
	Warning      *Warning // nil where there is nothing to say, nearly always
}

// Batch holds all outputs of one item, back to back in Buf, so that boundaries are data and not allocations.
type Batch struct {
	Buf  []byte
	Outs []Out
}

// Reset empties the batch and keeps its memory.
func (b *Batch) Reset() { b.Buf, b.Outs = b.Buf[:0], b.Outs[:0] }

// Len is the number of outputs.
func (b *Batch) Len() int { return len(b.Outs) }

// JSON is the i-th output without its remote data.
func (b *Batch) JSON(i int) []byte { return b.Buf[b.Outs[i].JSON.Start:b.Outs[i].JSON.End] }

// Remote is the part of the item that made the i-th output, nil where the mapping named none.
func (b *Batch) Remote(i int) []byte {
	s := b.Outs[i].Remote
	if s.End == s.Start {
		return nil
	}
	return b.Buf[s.Start:s.End]
}

// Rec is one unified record on its way to a client. Its bytes die at the next record.
type Rec struct {
	JSON   []byte   // an object, without remote_data
	Remote []byte   // the provider's bytes behind it, nil where there are none
	After  Position // where a walk goes on that has served this record
}
