package main

import (
	"io"
	"net"
	"sync"
	"testing"
)

// link is a wire between two processes that a test may cut: connections over it then hang, as in a network that drops
// every packet, and so do new ones, until it is mended.
type link struct {
	addr string
	to   string

	mu    sync.Mutex
	cut   chan struct{} // closed: pieces that arrive are lost
	conns map[net.Conn]bool
}

// newLink relays to an address until the test ends.
func newLink(t *testing.T, to string) *link {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	k := &link{addr: l.Addr().String(), to: to, cut: make(chan struct{}), conns: map[net.Conn]bool{}}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { k.relay(near) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		k.drop()
		serving.Wait()
	})
	return k
}

func (k *link) relay(near net.Conn) {
	defer k.forget(near)
	lost := k.keep(near)
	far, err := net.Dial("tcp", k.to)
	if err != nil {
		return
	}
	defer k.forget(far)
	k.keep(far)
	var both sync.WaitGroup
	both.Go(func() { pass(far, near, lost); _ = far.Close() })
	both.Go(func() { pass(near, far, lost); _ = near.Close() })
	both.Wait()
}

// pass copies until either end closes; once the link is cut what arrives is read and lost.
func pass(to io.Writer, from io.Reader, lost <-chan struct{}) {
	piece := make([]byte, 32<<10)
	for {
		n, err := from.Read(piece)
		if err != nil {
			return
		}
		select {
		case <-lost:
			continue
		default:
		}
		if _, err := to.Write(piece[:n]); err != nil {
			return
		}
	}
}

func (k *link) keep(c net.Conn) (lost <-chan struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.conns[c] = true
	return k.cut
}

func (k *link) forget(c net.Conn) {
	_ = c.Close()
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.conns, c)
}

func (k *link) drop() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for c := range k.conns {
		_ = c.Close()
	}
}

// sever cuts the link.
func (k *link) sever() {
	k.mu.Lock()
	defer k.mu.Unlock()
	close(k.cut)
}

// mend lets new connections through; those that were cut are closed.
func (k *link) mend() {
	k.mu.Lock()
	k.cut = make(chan struct{})
	k.mu.Unlock()
	k.drop()
}
