package upstream

import (
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
)

// self is where the gateway itself listens: a call to there would be a request that makes another, without end.
type self struct{ at atomic.Pointer[ownAddress] }

type ownAddress struct {
	netip.AddrPort
	machine []netip.Addr // its addresses, where the gateway listens on every one
}

// ListensAt says where the gateway listens, once it is known. No call goes there, also where the address is allowed.
func (c *Client) ListensAt(addr net.Addr) {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return
	}
	own := &ownAddress{AddrPort: tcp.AddrPort()}
	if own.Addr().IsUnspecified() {
		all, _ := net.InterfaceAddrs() // without them only the address itself is known
		for _, a := range all {
			if p, err := netip.ParsePrefix(a.String()); err == nil {
				own.machine = append(own.machine, p.Addr().Unmap())
			}
		}
	}
	c.self.at.Store(own)
}

// is says whether an address is the gateway's.
func (s *self) is(ap netip.AddrPort) bool {
	own := s.at.Load()
	if own == nil || own.Port() != ap.Port() {
		return false
	}
	ip := ap.Addr().WithZone("").Unmap()
	if own.Addr().IsUnspecified() {
		return ip.IsUnspecified() || ip.IsLoopback() || slices.Contains(own.machine, ip)
	}
	return ip == own.Addr().Unmap()
}
