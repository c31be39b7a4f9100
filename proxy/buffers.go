package proxy

import "sync"

// Sizes of the buffers that are used again.
const (
	firstBuffer = 4 << 10              // of a stream that waits
	smallBuffer = 16 << 10             // of an answer of which little has come
	largeBuffer = gather + smallBuffer // of a body under way, and of an answer that comes faster than it is read
	heldBuffer  = holdBack + gather    // of a body that is held back
)

// idle are buffers that the requests that follow use again. The collector takes those that lie for long.
var idle = [...]buffers{{size: firstBuffer}, {size: smallBuffer}, {size: largeBuffer}, {size: heldBuffer}}

// boxes are what buffers lie in while they are idle, and are used again too.
var boxes sync.Pool // of *[]byte

type buffers struct {
	size int
	pool sync.Pool // of *[]byte
}

// borrow is an empty buffer for n bytes.
func borrow(n int) []byte {
	for i := range idle {
		if p := &idle[i]; n <= p.size {
			if b, ok := p.pool.Get().(*[]byte); ok {
				buf := *b
				*b = nil
				boxes.Put(b)
				return buf
			}
			return make([]byte, 0, p.size)
		}
	}
	return make([]byte, 0, n)
}

// release gives a buffer back, whose bytes nobody reads any more. One of another size has grown for what does not come
// often, and is left to the collector.
func release(b []byte) {
	for i := range idle {
		if cap(b) == idle[i].size {
			box, ok := boxes.Get().(*[]byte)
			if !ok {
				box = new([]byte)
			}
			*box = b[:0]
			idle[i].pool.Put(box)
		}
	}
}
