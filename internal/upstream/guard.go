package upstream

import (
	"fmt"
	"net/netip"
	"strings"
	"syscall"

	"code.dny.dev/ssrf"
)

// alwaysDenied are public addresses that are not public: the host agent of a cloud answers at this one, with the
// machine's own identity, and no registry of special addresses lists it.
var alwaysDenied = []netip.Prefix{netip.MustParsePrefix("168.63.129.16/32")}

// guard judges every address at the moment of connecting, after the name was resolved: so a name that resolves to
// two things, an odd spelling of an address and a link of the provider's all meet the same rule. I2
type guard struct {
	allow  []netip.Prefix // addresses that are not public and may be called all the same
	public bool           // public addresses may be called
	self   *self
	tables *ssrf.Guardian
}

// newGuard refuses everything but the allowed prefixes and, if public, the public addresses.
func newGuard(allow []netip.Prefix, public bool, own *self) *guard {
	return &guard{allow: allow, public: public, self: own,
		tables: ssrf.New(ssrf.WithAnyPort(), ssrf.WithAnyNetwork(), ssrf.WithDeniedV4Prefixes(alwaysDenied...))}
}

// deniedError is the refusal of an address.
type deniedError struct{ host, why string }

func (e *deniedError) Error() string { return fmt.Sprintf("calling %s is refused: %s", e.host, e.why) }

// control is net.Dialer.Control.
func (g *guard) control(network, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil || !strings.HasPrefix(network, "tcp") {
		return &deniedError{address, "not a TCP address"}
	}
	if g.self.is(ap) {
		return &deniedError{address, "there the gateway itself listens; base_url is the provider's address"}
	}
	return g.judge(ap.Addr())
}

func (g *guard) judge(ip netip.Addr) error {
	ip = ip.WithZone("").Unmap()
	for _, p := range g.allow {
		if p.Contains(ip) {
			return nil
		}
	}
	switch {
	case g.tables.SafeAddr(ip) != nil:
		return &deniedError{ip.String(), fmt.Sprintf("the address is not public; if it is meant, the account names it in context.base_url, and config.yaml has the line "+
			"`egress: { allow: [%q] }`", netip.PrefixFrom(ip, ip.BitLen()).String())}
	case !g.public:
		return &deniedError{ip.String(), "plain http goes to the addresses of egress.allow only; use https"}
	}
	return nil
}

// oddAddress says whether a host is an IPv4 address in a spelling that resolvers know and this program does not
// (0x7f.1, 2130706433, 127.1, 0177.0.0.1): some would resolve it to somewhere, and nobody means one.
func oddAddress(host string) bool {
	host = strings.TrimSuffix(host, ".")
	if _, err := netip.ParseAddr(host); err == nil {
		return false
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	if hex, ok := strings.CutPrefix(strings.ToLower(last), "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return last != "" && strings.Trim(last, "0123456789") == ""
}

// literal says whether a host names an address itself, or the machine: no resolver decides where it leads.
func literal(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	_, err := netip.ParseAddr(host)
	return err == nil
}
