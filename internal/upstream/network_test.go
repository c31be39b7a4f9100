package upstream

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
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

// nameserver answers for names under test; what it does not know does not exist.
func nameserver(t *testing.T, names map[string][]string) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
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
			m.Header = dnsmessage.Header{ID: m.ID, Response: true, Authoritative: true, RecursionAvailable: true}
			m.Additionals = nil
			addrs, known := names[strings.TrimSuffix(strings.ToLower(q.Name.String()), ".")]
			if !known {
				m.RCode = dnsmessage.RCodeNameError
			}
			for _, a := range addrs {
				if ip := net.ParseIP(a).To4(); ip != nil && q.Type == dnsmessage.TypeA {
					m.Answers = append(m.Answers, dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 1},
						Body: &dnsmessage.AResource{A: [4]byte(ip)}})
				}
			}
			if out, err := m.Pack(); err == nil {
				_, _ = conn.WriteTo(out, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func TestNames(t *testing.T) {
	hits := 0
	local := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { hits++ }))
	defer local.Close()
	_, port, _ := net.SplitHostPort(local.Listener.Addr().String())
	resolver := nameserver(t, map[string][]string{
		"loopback.example": {"127.0.0.1"}, "metadata.example": {"169.254.169.254"}, "several.example": {"10.0.0.1", "127.0.0.1"}, "agent.example": {"168.63.129.16"}, "none.example": nil,
	})
	for _, c := range []struct {
		host    string
		allowed bool
		code    problem.Code
	}{
		{"loopback.example", false, problem.EgressDenied},
		{"loopback.example", true, ""},
		{"metadata.example", true, problem.EgressDenied},
		{"agent.example", true, problem.EgressDenied},
		{"several.example", true, ""}, // over the address that may be called
		{"several.example", false, problem.EgressDenied},
		{"unknown.example", true, problem.UpstreamDNS},
		{"none.example", true, problem.UpstreamDNS},
	} {
		t.Run(c.host, func(t *testing.T) {
			hits = 0
			cfg := Config{Resolver: resolver, Timeouts: impatient()}
			if !c.allowed {
				cfg.Allow = []netip.Prefix{}
			}
			a := acmeAt(t, "http://"+c.host+":"+port, cfg, keyAuth)
			if c.code != "" {
				a.fails(get("x"), c.code)
				if hits != 0 {
					t.Error("the local server was called")
				}
				return
			}
			if _, err := a.read(get("x")); err != nil || hits != 1 {
				t.Errorf("%d hits, %v", hits, err)
			}
		})
	}
}
