package upstream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// Timeouts are the patience with a provider. A zero is the default.
type Timeouts struct {
	Dial     time.Duration // resolving the name and connecting
	TLS      time.Duration // the handshake
	Header   time.Duration // from the request's last byte to the response's headers
	IdleBody time.Duration // between two pieces of a body, while somebody waits for one
	Token    time.Duration // a whole token call
}

// The defaults, and the bounds of a connection.
const (
	DialTimeout     = 5 * time.Second
	TLSTimeout      = 5 * time.Second
	HeaderTimeout   = 20 * time.Second
	IdleBodyTimeout = 15 * time.Second
	TokenTimeout    = 20 * time.Second

	maxConnsPerHost    = maxCallsAtHost + asideAtHost
	maxHeaderBytes     = 64 << 10
	idleConnTimeout    = 90 * time.Second
	http2PingAfter     = 15 * time.Second // a silent connection that died is found, not used
	maxIdleConnsAtHost = maxConnsPerHost  // what was used at once is kept at once
	maxIdleConns       = 1024             // to all hosts
	maxTLSSessions     = 256              // hosts whose next handshake is a short one
)

func (t Timeouts) withDefaults() Timeouts {
	or := func(d *time.Duration, def time.Duration) {
		if *d <= 0 {
			*d = def
		}
	}
	or(&t.Dial, DialTimeout)
	or(&t.TLS, TLSTimeout)
	or(&t.Header, HeaderTimeout)
	or(&t.IdleBody, IdleBodyTimeout)
	or(&t.Token, TokenTimeout)
	return t
}

// doors are the ways out. Each has connections of its own, so that an account that may not call an address never
// gets there over a connection that another account opened.
type doors struct {
	public *http.Transport // https to public addresses
	open   *http.Transport // https to public and allowed addresses
	plain  *http.Transport // http to allowed addresses only
}

func newDoors(allow []netip.Prefix, own *self, t Timeouts, roots *x509.CertPool, resolver *net.Resolver) *doors {
	return &doors{
		public: newTransport(newGuard(nil, true, own), t, roots, resolver),
		open:   newTransport(newGuard(allow, true, own), t, roots, resolver),
		plain:  newTransport(newGuard(allow, false, own), t, roots, resolver),
	}
}

// to is the door for a URL; open says that the allowed addresses are open to this call.
func (d *doors) to(u *url.URL, open bool) (http.RoundTripper, error) {
	switch {
	case oddAddress(u.Hostname()):
		return nil, &deniedError{u.Host, "write the address with four decimal numbers"}
	case u.Scheme == "https" && open:
		return d.open, nil
	case u.Scheme == "https":
		return d.public, nil
	case u.Scheme == "http" && open:
		return d.plain, nil
	}
	return nil, &deniedError{u.Host, "only https goes out, and plain http to the addresses of egress.allow where base_url is set"}
}

func (d *doors) closeIdle() {
	for _, t := range []*http.Transport{d.public, d.open, d.plain} {
		t.CloseIdleConnections()
	}
}

// newTransport knows no proxy of the environment's, because the guard would judge the proxy's address and not the
// provider's. It is used as a RoundTripper: so no redirect is followed, no cookie kept and no Referer sent.
func newTransport(g *guard, t Timeouts, roots *x509.CertPool, resolver *net.Resolver) *http.Transport {
	dialer := &net.Dialer{Timeout: t.Dial, KeepAlive: 30 * time.Second, Control: g.control, Resolver: resolver}
	sessions := tls.NewLRUClientSessionCache(maxTLSSessions) // one a door, like its connections
	return &http.Transport{
		DialContext: dialer.DialContext,
		DialTLSContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return dialTLS(ctx, dialer, network, addr, roots, sessions, t.TLS)
		},
		DisableCompression:     true, // bounded inflating is ours: see inflater
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: http2PingAfter, PingTimeout: http2PingAfter},
		ResponseHeaderTimeout:  t.Header,
		MaxResponseHeaderBytes: maxHeaderBytes,
		MaxConnsPerHost:        maxConnsPerHost,
		MaxIdleConns:           maxIdleConns,
		MaxIdleConnsPerHost:    maxIdleConnsAtHost,
		IdleConnTimeout:        idleConnTimeout,
	}
}

// tlsError is whatever goes wrong between the connection and the first request over TLS.
type tlsError struct{ err error }

func (e *tlsError) Error() string { return "tls handshake: " + e.err.Error() }
func (e *tlsError) Unwrap() error { return e.err }

// dialTLS is the transport's own way, but for naming its errors: a peer that hangs up in the handshake is otherwise
// the same EOF as one that hangs up later.
func dialTLS(ctx context.Context, d *net.Dialer, network, addr string, roots *x509.CertPool, sessions tls.ClientSessionCache, patience time.Duration) (net.Conn, error) {
	raw, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		_ = raw.Close()
		return nil, err
	}
	conn := tls.Client(raw, &tls.Config{
		ServerName: host, RootCAs: roots, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}, ClientSessionCache: sessions,
	})
	shake, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := conn.HandshakeContext(shake); err != nil {
		_ = raw.Close()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &tlsError{err}
	}
	return conn, nil
}
