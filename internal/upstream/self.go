package upstream

import (
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
)

// self is where the gateway itself listens: a call to there would be a request that makes another, without end, or one to its
// admin surface.
type self struct{ at atomic.Pointer[[]ownAddress] }

type ownAddress struct {
	netip.AddrPort
	machine []netip.Addr // its addresses, where the gateway listens on every one
}

// ListensAt says where the gateway listens, once it is known. No call goes there, also where the address is allowed.
func (c *Client) ListensAt(addrs ...net.Addr) {
	var all []ownAddress
	for _, addr := range addrs {
		if tcp, ok := addr.(*net.TCPAddr); ok {
			own := ownAddress{AddrPort: tcp.AddrPort()}
			if own.Addr().IsUnspecified() {
				own.machine = machine()
			}
			all = append(all, own)
		}
	}
	c.self.at.Store(&all)
}

// machine are the machine's addresses. Without them only the address that is listened on is known.
func machine() (all []netip.Addr) {
	listed, _ := net.InterfaceAddrs()
	for _, a := range listed {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			all = append(all, p.Addr().Unmap())
		}
	}
	return all
}

// is says whether an address is the gateway's.
func (s *self) is(ap netip.AddrPort) bool {
	all := s.at.Load()
	return all != nil && slices.ContainsFunc(*all, func(own ownAddress) bool { return own.is(ap) })
}

func (own ownAddress) is(ap netip.AddrPort) bool {
	if own.Port() != ap.Port() {
		return false
	}
	ip := ap.Addr().WithZone("").Unmap()
	if own.Addr().IsUnspecified() {
		return ip.IsUnspecified() || ip.IsLoopback() || slices.Contains(own.machine, ip)
	}
	return ip == own.Addr().Unmap()
}
