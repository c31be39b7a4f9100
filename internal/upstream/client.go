// Package upstream makes the calls that a connector planned: it is the only way out to a provider.
//
// A Client holds what calls share: connections behind the egress guard, tokens, and a lane for each account. For
// gives a Session of one account, whose Do turns a planned call into a request below the account's base URL, signs
// it last, sends it, and reads the answer: a Reply whose body is bounded and says how it ends, or a problem that
// carries the provider's words and says whose turn it is. A planned call holds no secret and a reply neither, so
// whatever is told of a call is safe to show.
package upstream

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/secret"
)

// DefaultUserAgent is how the gateway names itself to providers.
const DefaultUserAgent = "Meterbridge/1"

// Config is what a Client needs. The zero is a client that calls public addresses over https.
type Config struct {
	Allow     []netip.Prefix   // addresses that are not public and may be called for accounts whose base_url is set
	Timeouts  Timeouts         // zeros are the defaults
	Attempts  int              // of a call that may be repeated; DefaultAttempts
	UserAgent string           // DefaultUserAgent
	Keyring   *secret.Keyring  // seals tokens and names them; random by default
	States    *account.States  // told when a provider refuses credentials, and when it takes them again
	Store     Store            // shares tokens between replicas; none by default
	Vault     Vault            // keeps refresh tokens; in Store by default
	Locks     Locker           // lets one replica at a time refresh; none by default
	Clock     func() time.Time // time.Now

	RootCAs  *x509.CertPool // the system's by default
	Resolver *net.Resolver  // the system's by default
	// Observe is told every exchange, for metrics and the log, with the context of the request that made it; it must not block.
	Observe func(ctx context.Context, connector string, e Exchange)
	// Flight is told of calls that were joined, made ahead, given_up or retried; it must not block.
	Flight func(ctx context.Context, connector, outcome string)
}

// Validate says what a configuration can't mean.
func (c *Config) Validate() error {
	for _, p := range c.Allow {
		if !p.IsValid() {
			return errors.New("checking egress.allow: a prefix is not valid")
		}
	}
	return nil
}

// Client makes calls. It is safe for concurrent use.
type Client struct {
	cfg     Config
	doors   *doors
	self    *self
	tokens  *tokens
	nonces  nonces
	fresh   refreshes
	lanes   lanes
	hosts   *hosts
	flights flights
}

// New is a client with the defaults filled in.
func New(cfg Config) *Client {
	cfg.Timeouts = cfg.Timeouts.withDefaults()
	if cfg.Attempts <= 0 {
		cfg.Attempts = DefaultAttempts
	}
	if cfg.UserAgent == "" {
		cfg.UserAgent = DefaultUserAgent
	}
	if cfg.Keyring == nil {
		cfg.Keyring = secret.RandomKeyring()
	}
	if cfg.States == nil {
		cfg.States = account.NewStates(cfg.Clock)
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Flight == nil {
		cfg.Flight = func(context.Context, string, string) {}
	}
	if cfg.Vault == nil && cfg.Store != nil {
		cfg.Vault = kvVault{cfg.Keyring, cfg.Store}
	}
	own := new(self)
	return &Client{
		cfg:   cfg,
		self:  own,
		doors: newDoors(cfg.Allow, own, cfg.Timeouts, cfg.RootCAs, cfg.Resolver),
		tokens: &tokens{ring: cfg.Keyring, store: cfg.Store, now: cfg.Clock, wait: cfg.Timeouts.Token,
			byKey: map[string]token{}, refused: map[string][sha256.Size]byte{}},
		nonces: nonces{byKey: map[string]*challenge{}},
		hosts:  newHosts(),
		fresh:  refreshes{vault: cfg.Vault, byKey: map[string]*refresh{}},
	}
}

// CloseIdle closes the connections that no call uses.
func (c *Client) CloseIdle() { c.doors.closeIdle() }

// Session is one account's way to its provider, with the set of connectors of one moment. It is cheap: one a request.
type Session struct {
	c       *Client
	acct    *account.Account
	conn    *connector.Connector
	values  map[string]any // the resolved context
	base    base
	baseSet bool // by the configuration: the allowed addresses are open to the account's calls, links and downloads
	lane    *lane
	own     string           // of the key of calls that others may join
	signed  *sync.Map        // *connector.Auth → *signature, those that last
	scopes  []string         // the provider's permissions that the calls need
	fault   *problem.Problem // the account's configuration can't be called with
}

// For is the session of an account. values is its context as the connector resolved it.
func (c *Client) For(acct *account.Account, conn *connector.Connector, values map[string]any) *Session {
	s := &Session{c: c, acct: acct, conn: conn, values: values, signed: new(sync.Map), lane: c.lanes.of(acct.ID, conn)}
	text, _ := values["base_url"].(string)
	u, err := parseBase(text)
	if err != nil {
		s.fault = problem.Wrap(problem.AccountMisconfig, err, "context.base_url: %s", err)
		return s
	}
	s.base.url = u
	if _, s.baseSet = acct.Context["base_url"]; s.baseSet || acct.BaseURLSet {
		s.baseSet = true
		s.base.original = ownBase(acct, conn)
	}
	s.own = s.ownKey()
	return s
}

// ownBase is the base URL that the connector would take if the account had none; nil where there is none.
func ownBase(acct *account.Account, conn *connector.Connector) *url.URL {
	given := maps.Clone(acct.Context)
	delete(given, "base_url")
	values, err := conn.ResolveContext(given)
	if err != nil {
		return nil
	}
	text, _ := values["base_url"].(string)
	u, err := parseBase(text)
	if err != nil {
		return nil
	}
	return u
}

// Do makes one call. The reply's body has to be closed; its reads give problems. An error is a *problem.Problem.
func (s *Session) Do(ctx context.Context, call connector.Call) (*Reply, error) {
	if s.fault != nil {
		return nil, ownCopy(s.fault)
	}
	if err := recordingOf(ctx).admit(s, call); err != nil {
		return nil, err
	}
	a, err := s.insist(ctx, call)
	if err != nil {
		return nil, s.refused(problem.From(err), call) // a token call may have been refused
	}
	return s.settle(ctx, a)
}
