package upstream

import (
	"net"
	"net/netip"
	"strings"
	"testing"
)

func TestGuardJudgesAddresses(t *testing.T) {
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	for _, c := range []struct {
		addr   string
		allow  []netip.Prefix
		public bool
		ok     bool
	}{
		{"93.184.216.34", nil, true, true},
		{"2606:2800:220:1:248:1893:25c8:1946", nil, true, true},
		{"93.184.216.34", nil, false, false},
		{"127.0.0.1", nil, true, false},
		{"127.0.0.1", loopback, true, true},
		{"127.0.0.1", loopback, false, true},
		{"127.255.255.255", loopback, true, true},
		{"128.0.0.0", loopback, false, false},
		{"::ffff:127.0.0.1", nil, true, false},
		{"::ffff:127.0.0.1", loopback, true, true},
		{"::1", loopback, true, false},
		{"::", nil, true, false},
		{"0.0.0.0", nil, true, false},
		{"10.0.0.1", nil, true, false},
		{"10.0.0.1", loopback, true, false},
		{"100.64.0.1", nil, true, false},
		{"169.254.169.254", nil, true, false},
		{"169.254.169.254", loopback, true, false},
		{"168.63.129.16", nil, true, false},
		{"::ffff:168.63.129.16", nil, true, false},
		{"168.63.129.17", nil, true, true},
		{"172.16.0.1", nil, true, false},
		{"192.0.0.1", nil, true, false},
		{"192.168.1.1", nil, true, false},
		{"198.18.0.1", nil, true, false},
		{"224.0.0.1", nil, true, false},
		{"240.0.0.1", nil, true, false},
		{"255.255.255.255", nil, true, false},
		{"fe80::1%eth0", nil, true, false},
		{"fd00::1", nil, true, false},
		{"64:ff9b::7f00:1", nil, true, false},
		{"2002:7f00:1::", nil, true, false},
		{"2001::1", nil, true, false},
		{"0.1.2.3", nil, true, false},
		{"9.255.255.255", nil, true, true},
		{"11.0.0.0", nil, true, true},
		{"100.63.255.255", nil, true, true},
		{"100.127.255.255", nil, true, false},
		{"100.100.100.200", nil, true, false}, // a cloud's metadata
		{"169.253.255.255", nil, true, true},
		{"169.255.0.0", nil, true, true},
		{"172.15.255.255", nil, true, true},
		{"172.31.255.255", nil, true, false},
		{"172.32.0.0", nil, true, true},
		{"192.0.0.192", nil, true, false}, // another's
		{"192.0.2.1", nil, true, false},
		{"192.88.99.1", nil, true, false},
		{"192.167.255.255", nil, true, true},
		{"198.17.255.255", nil, true, true},
		{"198.19.255.255", nil, true, false},
		{"198.51.100.1", nil, true, false},
		{"203.0.113.1", nil, true, false},
		{"223.255.255.255", nil, true, true},
		{"239.255.255.255", nil, true, false},
		{"::127.0.0.1", nil, true, false},
		{"::ffff:0:127.0.0.1", nil, true, false},
		{"::ffff:10.0.0.1", loopback, true, false},
		{"::ffff:169.254.169.254", nil, true, false},
		{"64:ff9b::a9fe:a9fe", nil, true, false},
		{"64:ff9b:1::7f00:1", nil, true, false},
		{"64:ff9b::7f00:1", loopback, true, false}, // an allowed range is meant as it is written
		{"2002:a9fe:a9fe::1", nil, true, false},
		{"2001:0:4136:e378:8000:63bf:3fff:fdd2", nil, true, false}, // Teredo
		{"2001:db8::1", nil, true, false},
		{"2001:20::1", nil, true, false},
		{"3fff::1", nil, true, false},
		{"100::1", nil, true, false},
		{"fd00:ec2::254", nil, true, false},
		{"fec0::1", nil, true, false},
		{"ff02::1", nil, true, false},
		{"4000::1", nil, true, false},
	} {
		if err := newGuard(c.allow, c.public, new(self)).judge(netip.MustParseAddr(c.addr)); (err == nil) != c.ok {
			t.Errorf("%s (allowed %v, public %v): %v, want ok %v", c.addr, c.allow, c.public, err, c.ok)
		}
	}
}

func TestGuardRefusesWhatIsNoTCPAddress(t *testing.T) {
	g := newGuard(nil, true, new(self))
	for _, c := range [][2]string{{"tcp4", "example.com:443"}, {"tcp", ""}, {"udp4", "93.184.216.34:53"}, {"unix", "/run/x.sock"}} {
		if g.control(c[0], c[1], nil) == nil {
			t.Errorf("%s %q passed", c[0], c[1])
		}
	}
	if err := g.control("tcp4", "93.184.216.34:443", nil); err != nil {
		t.Error(err)
	}
}

func TestOddAddress(t *testing.T) {
	for host, odd := range map[string]bool{
		"0x7f.1": true, "0X7F.0x1": true, "127.1": true, "2130706433": true, "0177.0.0.1": true, "127.0.0.1.": false,
		"1.2.3.4.5": true, "0x7f000001": true, "127.0.0.1": false, "::1": false, "example.com": false,
		"3com.example": false, "api.0xdead.example": false, "0xzz": false, "": false, "1.example": false, "example.123": true,
	} {
		if oddAddress(host) != odd {
			t.Errorf("oddAddress(%q) = %v", host, !odd)
		}
	}
}

// TestARefusedAddressSaysWhatToAdd: the line can be copied as it stands.
func TestARefusedAddressSaysWhatToAdd(t *testing.T) {
	g := newGuard(nil, true, new(self))
	for ip, line := range map[string]string{"10.0.0.5": "`egress: { allow: [\"10.0.0.5/32\"] }`", "fd00::1": "`egress: { allow: [\"fd00::1/128\"] }`"} {
		if err := g.judge(netip.MustParseAddr(ip)); err == nil || !strings.Contains(err.Error(), line) {
			t.Errorf("%s: %v", ip, err)
		}
	}
}

// TestTheGatewayDoesNotCallItself: at any address that it listens on, and at no other port or address.
func TestTheGatewayDoesNotCallItself(t *testing.T) {
	every := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
	for _, c := range []struct {
		listens, calls string
		ok             bool
	}{
		{"127.0.0.1:8080", "127.0.0.1:8080", false},
		{"127.0.0.1:8080", "[::ffff:127.0.0.1]:8080", false},
		{"127.0.0.1:8080", "127.0.0.1:8081", true},
		{"127.0.0.1:8080", "127.0.0.2:8080", true},
		{"[::]:8080", "127.0.0.1:8080", false},
		{"[::]:8080", "127.1.2.3:8080", false},
		{"[::]:8080", "[::1]:8080", false},
		{"[::]:8080", "[::]:8080", false},
		{"0.0.0.0:8080", "0.0.0.0:8080", false},
		{"0.0.0.0:8080", "93.184.216.34:8080", true},
		{"0.0.0.0:8080", "127.0.0.1:8081", true},
		{"0.0.0.0:8080", "192.0.2.1:9", false},
	} {
		client := New(Config{Allow: every})
		client.ListensAt(&net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 9}, net.TCPAddrFromAddrPort(netip.MustParseAddrPort(c.listens)))
		if err := newGuard(every, true, client.self).control("tcp", c.calls, nil); (err == nil) != c.ok {
			t.Errorf("listening at %s, a call to %s: %v", c.listens, c.calls, err)
		}
	}
	if all, err := net.InterfaceAddrs(); err == nil {
		client := New(Config{Allow: every})
		client.ListensAt(&net.TCPAddr{IP: net.IPv6zero, Port: 8080})
		for _, a := range all {
			ip := netip.MustParsePrefix(a.String()).Addr()
			if newGuard(every, true, client.self).control("tcp", netip.AddrPortFrom(ip, 8080).String(), nil) == nil {
				t.Errorf("the machine's %s was called", ip)
			}
		}
	}
}
