package upstream

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/meterbridge/meterbridge/internal/problem"
)

// authority signs certificates of a test.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t, pool: x509.NewCertPool()}
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, root, root, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.pool.AddCert(a.cert)
	return a
}

func (a *authority) issue(ip string, until time.Time) tls.Certificate {
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), IPAddresses: []net.IP{net.ParseIP(ip)}, NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, leaf, a.cert, &a.key.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: a.key}
}

func TestTLS(t *testing.T) {
	ca, stranger := newAuthority(t), newAuthority(t)
	soon := time.Now().Add(time.Hour)
	for _, c := range []struct {
		name string
		conf *tls.Config
		ok   bool
	}{
		{"a good certificate", &tls.Config{Certificates: []tls.Certificate{ca.issue("127.0.0.1", soon)}}, true},
		{"expired", &tls.Config{Certificates: []tls.Certificate{ca.issue("127.0.0.1", time.Now().Add(-time.Hour))}}, false},
		{"another host's", &tls.Config{Certificates: []tls.Certificate{ca.issue("127.0.0.2", soon)}}, false},
		{"of an unknown authority", &tls.Config{Certificates: []tls.Certificate{stranger.issue("127.0.0.1", soon)}}, false},
		{"TLS 1.1 at most", &tls.Config{Certificates: []tls.Certificate{ca.issue("127.0.0.1", soon)}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			calls := 0
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { calls++ }))
			server.TLS = c.conf
			server.EnableHTTP2 = true
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.StartTLS()
			defer server.Close()
			a := acmeAt(t, server.URL, Config{RootCAs: ca.pool}, keyAuth)
			defer a.client.CloseIdle()
			if !c.ok {
				a.fails(get("x"), problem.UpstreamTLS)
				if calls != 0 {
					t.Error("the request was sent")
				}
				return
			}
			if _, err := a.read(get("x")); err != nil || calls != 1 {
				t.Errorf("%d calls, %v", calls, err)
			}
		})
	}
}

func TestHandshakeThatGoesWrong(t *testing.T) {
	for name, serve := range map[string]func(net.Conn){
		"closed in the middle": func(c net.Conn) { _, _ = c.Read(make([]byte, 10)) },
		"plain HTTP":           func(c net.Conn) { _, _ = c.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) },
		"silent":               func(c net.Conn) { _, _ = c.Read(make([]byte, 4096)); _, _ = c.Read(make([]byte, 1)) },
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = l.Close() }()
			go func() {
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					go func() { serve(c); _ = c.Close() }()
				}
			}()
			a := acmeAt(t, "https://"+l.Addr().String(), Config{Timeouts: impatient()}, keyAuth)
			a.fails(get("x"), problem.UpstreamTLS)
		})
	}
}

func TestNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	a := acmeAt(t, "http://"+l.Addr().String(), Config{}, keyAuth)
	if p := a.fails(get("x"), problem.UpstreamUnreach); !strings.Contains(p.Message, "refuses") {
		t.Error(p.Message)
	}
}

// Words of a name's answers beside addresses: "then" begins those to the next question, "silence" is none at all, and what begins
// with alias is another name.
const (
	then    = "then"
	silence = "silence"
	alias   = "alias "
)

// nameserver answers for names under test; what it does not know does not exist.
func nameserver(t *testing.T, names map[string][]string) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	asked := map[string]int{}
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			q := m.Questions[0]
			name := strings.TrimSuffix(strings.ToLower(q.Name.String()), ".")
			if q.Type == dnsmessage.TypeA {
				asked[name]++
			}
			if !answerTo(&m, q, names, name, max(1, asked[name])) {
				continue
			}
			if out, err := m.Pack(); err == nil {
				_, _ = conn.WriteTo(out, from)
			}
		}
	}()
	// A question outlives the call that has waited long enough for it; the test ends both.
	over, end := context.WithCancel(context.Background())
	t.Cleanup(end)
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		if over.Err() != nil {
			return nil, over.Err()
		}
		c, err := new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
		if err == nil {
			context.AfterFunc(over, func() { _ = c.Close() })
		}
		return c, err
	}}
}

// answerTo makes the answer to the n-th question for a name; false for none.
func answerTo(m *dnsmessage.Message, q dnsmessage.Question, names map[string][]string, name string, n int) bool {
	m.Header = dnsmessage.Header{ID: m.ID, Response: true, Authoritative: true, RecursionAvailable: true}
	m.Additionals = nil
	said, known := names[name]
	if !known {
		m.RCode = dnsmessage.RCodeNameError
	}
	for ; n > 1 && slices.Contains(said, then); n-- {
		said = said[slices.Index(said, then)+1:]
	}
	at := q.Name
	for _, a := range said {
		head := dnsmessage.ResourceHeader{Name: at, Class: q.Class, TTL: 1}
		ip := net.ParseIP(a)
		switch {
		case a == then:
			return true
		case a == silence:
			return false
		case strings.HasPrefix(a, alias):
			at = dnsmessage.MustNewName(strings.TrimPrefix(a, alias) + ".")
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.CNAMEResource{CNAME: at}})
		case strings.Contains(a, ".") && !strings.Contains(a, ":") && q.Type == dnsmessage.TypeA:
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AResource{A: [4]byte(ip.To4())}})
		case strings.Contains(a, ":") && q.Type == dnsmessage.TypeAAAA:
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AAAAResource{AAAA: [16]byte(ip.To16())}})
		}
	}
	return true
}

// TestNames: a name is as good as the address that is connected to in the end, however it comes to it. Nothing that is refused
// is even connected to.
func TestNames(t *testing.T) {
	var connects, hits atomic.Int32 // of 127.0.0.1, which may be called or not; and of 127.0.0.2, which always may
	serve := func(at string, n *atomic.Int32) net.Listener {
		l, err := net.Listen("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		_ = server.Listener.Close()
		server.Listener = l
		server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				n.Add(1)
			}
		}
		server.Start()
		t.Cleanup(server.Close)
		return l
	}
	_, port, _ := net.SplitHostPort(serve("127.0.0.1:0", &connects).Addr().String())
	serve("127.0.0.2:"+port, &hits)
	resolver := nameserver(t, map[string][]string{
		"loopback.example": {"127.0.0.1"}, "second.example": {"127.0.0.2"}, "metadata.example": {"169.254.169.254"}, "agent.example": {"168.63.129.16"}, "none.example": nil,
		"several.example": {"10.0.0.1", "127.0.0.1"}, "mixed.example": {"127.0.0.1", "127.0.0.2"}, "both.example": {"::1", "127.0.0.1"},
		"alias.example": {alias + "inside.example", "127.0.0.1"}, "alias-to-metadata.example": {alias + "metadata.example", "169.254.169.254"},
		"mapped.example": {"::ffff:127.0.0.1"}, "nat64.example": {"64:ff9b::7f00:1"}, "six.example": {"::1"}, "zero.example": {"0.0.0.0"},
		"rebinds.example": {"127.0.0.2", then, "127.0.0.1"}, "late.example": {"169.254.169.254", then, "127.0.0.2"}, "slow.example": {silence},
	})
	only := func(prefix string) []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix(prefix)} }
	all, second, nothing := only("127.0.0.0/8"), only("127.0.0.2/32"), []netip.Prefix{}
	for _, c := range []struct {
		host     string
		allow    []netip.Prefix
		code     problem.Code
		code2    problem.Code // of a second call
		connects int32        // to the first server
	}{
		{"loopback.example", nothing, problem.EgressDenied, problem.EgressDenied, 0},
		{"loopback.example", all, "", "", 2},
		{"second.example", second, "", "", 0},
		{"metadata.example", all, problem.EgressDenied, problem.EgressDenied, 0},
		{"agent.example", all, problem.EgressDenied, problem.EgressDenied, 0},
		{"several.example", all, "", "", 2}, // over the address that may be called
		{"several.example", nothing, problem.EgressDenied, problem.EgressDenied, 0},
		{"mixed.example", second, "", "", 0},
		{"both.example", second, problem.EgressDenied, problem.EgressDenied, 0},
		{"alias.example", second, problem.EgressDenied, problem.EgressDenied, 0},
		{"alias.example", all, "", "", 2},
		{"alias-to-metadata.example", all, problem.EgressDenied, problem.EgressDenied, 0},
		{"mapped.example", second, problem.EgressDenied, problem.EgressDenied, 0},
		{"nat64.example", all, problem.EgressDenied, problem.EgressDenied, 0},
		{"six.example", all, problem.EgressDenied, problem.EgressDenied, 0},
		{"zero.example", all, problem.EgressDenied, problem.EgressDenied, 0},
		{"rebinds.example", second, "", problem.EgressDenied, 0},
		{"late.example", second, problem.EgressDenied, "", 0},
		{"unknown.example", all, problem.UpstreamDNS, problem.UpstreamDNS, 0},
		{"none.example", all, problem.UpstreamDNS, problem.UpstreamDNS, 0},
		{"slow.example", all, problem.UpstreamDNS, problem.UpstreamDNS, 0},
	} {
		t.Run(fmt.Sprintf("%s with %v", c.host, c.allow), func(t *testing.T) {
			connects.Store(0)
			patience := impatient()
			if c.host == "slow.example" {
				patience.Dial = 50 * time.Millisecond
			}
			a := acmeAt(t, "http://"+c.host+":"+port, Config{Allow: c.allow, Resolver: resolver, Timeouts: patience, Attempts: 1}, keyAuth)
			for n, code := range []problem.Code{c.code, c.code2} {
				if code != "" {
					a.fails(get("x"), code)
				} else if _, err := a.read(get("x")); err != nil {
					t.Errorf("call %d: %v", n+1, err)
				}
				a.client.CloseIdle() // so that the name is asked for again
			}
			if n := connects.Load(); n != c.connects {
				t.Errorf("%d connections, want %d", n, c.connects)
			}
		})
	}
}
