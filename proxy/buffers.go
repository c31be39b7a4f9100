package proxy

import "sync"

// Sizes of the buffers that are used again.
const (
	smallBuffer = 16 << 10  // of an answer of which little has come, or a stream that waits
	largeBuffer = 256 << 10 // of one that comes faster than it is read
)

// buffers are used again by the requests that follow. The collector takes those that lie idle.
var small, large = buffers{size: smallBuffer}, buffers{size: largeBuffer}

type buffers struct {
	size int
	idle sync.Pool // of *[]byte
}

// get is an empty buffer.
func (p *buffers) get() []byte {
	if b, ok := p.idle.Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return make([]byte, 0, p.size)
}

// release gives a buffer back, whose bytes nobody reads any more. One that is of no size of ours has grown for what does
// not come often, and is left to the collector.
func release(b []byte) {
	switch cap(b) {
	case smallBuffer:
		small.idle.Put(&b)
	case largeBuffer:
		large.idle.Put(&b)
	}
}
