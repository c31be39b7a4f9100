// Package assembly puts the house together: from a configuration to an HTTP handler, and again on a reload.
//
// Everything that a request asks for at its start (tokens, accounts, connectors and mappings) is held behind one
// pointer each and replaced whole, so that no request mixes two configurations, and a reload that does not validate
// leaves the running set in place.
package assembly

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/audit"
	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/cursor"
	"github.com/meterbridge/meterbridge/internal/database"
	"github.com/meterbridge/meterbridge/internal/gateway"
	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/principal"
	"github.com/meterbridge/meterbridge/internal/requestlog"
	"github.com/meterbridge/meterbridge/internal/secret"
	"github.com/meterbridge/meterbridge/internal/telemetry"
	"github.com/meterbridge/meterbridge/internal/upstream"
	"github.com/meterbridge/meterbridge/internal/worker"
	"github.com/meterbridge/meterbridge/proxy"
)

// Options are what a configuration file does not say.
type Options struct {
	Clock   func() time.Time
	Log     *slog.Logger
	NoPages bool // without the page cache, to prove that it costs speed and not data
	Count   bool // count which branches of the mappings are taken
	Hurry   bool // without the connectors' rate limits and pauses, and without retries: a simulated provider means what it says
	Version string
	Only    string // the one connector that is loaded, for replays and tests; "" for all
	Trial   *Trial // nil: nothing is tried out
}

// House is a gateway, ready to serve.
type House struct {
	http.Handler
	Proxy    *proxy.Proxy
	Upstream *upstream.Client
	Accounts account.Store // those of the configuration, or those of the database
	Admin    http.Handler  // the admin surface, which has a listener of its own

	stored       *account.Stored // nil where the configuration lists the accounts
	states       *account.States
	database     *database.DB // nil where nothing is kept in one
	hurry        bool
	only         string
	trial        *Trial
	count        bool
	over         atomic.Pointer[layering] // what overrides of accounts are compiled with
	counts       map[string]*jq.Counts    // by connector, of the catalog that is loaded
	loading      sync.Mutex               // a signal and a saved file may come together
	workers      worker.Pool              // of overrides that are untrusted
	catalog      atomic.Pointer[proxy.Catalog]
	tokens       *principal.Static
	admins       *principal.Static // tokens of operators
	storedTokens *principal.Stored // nil where nothing is kept in a database
	cachedTokens *principal.Cached // of them
	rates        atomic.Pointer[principal.Rates]
	store        store
	keys         *secret.Keyring
	metrics      *telemetry.Metrics
	tracer       *telemetry.Tracer
	requests     *requestlog.Log // nil: none is kept
	trail        *audit.Trail    // of what operators do; nil without a database
	clock        func() time.Time
	draining     atomic.Bool
	log          *slog.Logger
}

// Build makes a house of a configuration.
func Build(cfg *config.Config, o Options) (*House, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	metrics := telemetry.NewMetrics(o.Version)
	h := &House{log: o.Log, metrics: metrics, only: o.Only, hurry: o.Hurry, count: o.Count, trial: o.Trial}
	keys, given, err := cfg.Keyring()
	if err != nil {
		return nil, err
	}
	h.keys, h.clock = keys, o.Clock
	if !given {
		o.Log.Warn("no secret_key is configured: cursors and account tokens work until this process ends, and in this process only")
	}
	h.states = account.NewStates(o.Clock)
	h.Accounts = configured{h.catalog.Load}
	if h.tokens, err = principal.NewStatic(); err != nil {
		return nil, err
	}
	if h.admins, err = principal.NewStatic(); err != nil {
		return nil, err
	}
	if err := h.Load(cfg); err != nil {
		return nil, err
	}
	if cfg.Accounts.Stored() {
		if err := h.openAccounts(cfg, keys, o.Clock); err != nil {
			return nil, err
		}
	}
	if err := h.openLogs(cfg, o.Clock); err != nil {
		return nil, err
	}
	if h.store, err = openStore(cfg); err != nil {
		return nil, errors.Join(err, h.closeDatabase())
	}
	if h.tracer, err = openTraces(cfg, o, metrics); err != nil {
		return nil, errors.Join(err, h.store.Close(), h.closeDatabase())
	}
	store := traced(h.store, h.tracer)
	metrics.RedisUp(func() bool { return storeUp(h.store) })
	metrics.Accounts(h.countAccounts(h.states))
	seen := observer{metrics, o.Log}
	attempts := 0 // the default
	if o.Hurry {
		attempts = 1
	}
	h.Upstream = upstream.New(upstream.Config{
		Attempts: attempts,
		Allow:    cfg.Egress.Allow, States: h.states, Keyring: keys, Clock: o.Clock, Store: store, Vault: h.vault(), Locks: h.store,
		Flight: seen.flight, Observe: seen.exchange,
	})
	metrics.Breakers(h.Upstream.Resting)
	c := cursor.Config{Keys: keys, Store: store, TTL: cfg.Cursors.TTL, Now: o.Clock}
	pages := c
	if o.NoPages {
		pages.Store = nil
	}
	auth, err := h.openTokens(context.Background(), o.Clock) // each call to a database has a bound of its own
	if err != nil {
		return nil, errors.Join(err, h.store.Close())
	}
	h.Proxy = proxy.New(proxy.Config{
		Catalog: h.catalog.Load, Accounts: h.Accounts, Still: auth.Still, States: h.states, Upstream: h.Upstream,
		Cursors: cursor.New(c), Pages: cursor.NewPages(pages), Clock: o.Clock, Observer: seen, Log: o.Log,
	})
	h.Handler, err = gateway.New(gateway.Config{
		Proxy: h.Proxy, Auth: auth, Limits: principal.NewLimits(h.rates.Load, keys, shared(h.store), o.Clock), Metrics: metrics, Ready: h.ready, Version: o.Version,
		Model: func() gateway.Schemas { return h.catalog.Load().Model }, Log: o.Log, Tracer: h.tracer, Requests: h.requests.Add, Fingerprint: keys.Fingerprint,
	})
	if err != nil {
		return nil, err
	}
	h.Admin, err = gateway.Admin(gateway.Config{Operators: principal.NewAuthenticator("admin.tokens", nil, o.Clock, h.admins), Metrics: metrics, Version: o.Version, Log: o.Log, Fingerprint: keys.Fingerprint}, h.adminRoutes())
	return h, err
}

// Load takes accounts, tokens, connectors and mappings of a configuration into service, all or nothing.
func (h *House) Load(cfg *config.Config) error {
	h.loading.Lock()
	defer h.loading.Unlock()
	files := Files{ConnectorsDir: cfg.Connectors.Dir, MappingsDir: cfg.Mappings.Dir, OverridesDir: cfg.Overrides.Dir, only: h.only}
	catalog, err := files.Catalog()
	if err != nil {
		return err
	}
	catalog.CheckEvery = cfg.CheckEvery
	over := files.over(catalog)
	over.pool = &h.workers
	catalog.Compile = over.compile
	if err := check(cfg, over); err != nil {
		return err
	}
	if h.trial != nil {
		if err := h.trial.prepare(over); err != nil {
			return err
		}
	}
	if h.hurry {
		hurry(catalog.Connectors)
	}
	if h.count {
		if h.counts, err = counting(catalog); err != nil {
			return err
		}
	}
	if catalog.Static, err = account.NewStatic(cfg.Accounts.Static...); err != nil {
		return err
	}
	if cfg.Accounts.Stored() {
		catalog.Static = nil
	}
	var tokens []*principal.Principal
	for _, t := range cfg.Auth.Tokens {
		tokens = append(tokens, &t.Principal)
	}
	var admins []*principal.Principal
	for _, t := range cfg.Admin.Tokens {
		admins = append(admins, &t.Principal)
	}
	for _, list := range [][]*principal.Principal{tokens, admins} {
		if _, err := principal.NewStatic(list...); err != nil {
			return err
		}
	}
	h.over.Store(&over)
	h.catalog.Store(catalog) // before the tokens, whose accounts are in it
	if err := errors.Join(h.tokens.Replace(tokens), h.admins.Replace(admins)); err != nil {
		return err
	}
	h.rates.Store(&principal.Rates{Token: cfg.Limits.Token, Account: cfg.Limits.Account})
	for _, a := range cfg.Accounts.Static {
		h.metrics.Expect(a.Connector, slices.Sorted(maps.Keys(catalog.Connectors.Get(a.Connector).Resources))...)
	}
	return nil
}

func hurry(set *connector.Set) {
	for _, name := range set.Names() {
		c := set.Get(name)
		c.Limits.Rate = 0
		for _, r := range c.Resources {
			if r.List == nil {
				continue
			}
			for _, call := range r.List.Calls {
				if call.Job != nil {
					call.Job.Interval = time.Millisecond
				}
			}
		}
	}
}

// Catalog is what is installed now.
func (h *House) Catalog() *proxy.Catalog { return h.catalog.Load() }

// Stop ends what would go on without end: the process is about to.
func (h *House) Stop() { h.Proxy.Stop() }

// Close lets go of connections.
func (h *House) Close() error {
	h.Upstream.CloseIdle()
	return errors.Join(h.workers.Close(), h.closeTraces(), h.store.Close(), h.closeDatabase())
}
