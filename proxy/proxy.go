// Package proxy is the walk: from a request to records to an answer.
//
// A request is read strictly (params), its range resolved with a frozen clock (span), its cursor opened to a position
// (request). A walk then pulls records: the connector's planner says which call stands at the position, upstream makes
// it, items picks the provider's items out of the bytes as they arrive, the mapping makes records of each, and the
// window and the filters drop what does not belong. One writer a format takes the records to the client and ends with
// the next position or a problem. raw, /proxy and /custom tap the provider's answer instead; nothing else goes another
// way.
package proxy

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/cursor"
	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/principal"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/upstream"
)

// ModelName is the one unified model.
const ModelName = "usage-metering"

// Deadline is what a buffered request has; clients' own limit is commonly 30 s.
const Deadline = 25 * time.Second

// Catalog is what is installed: connectors with their mappings, what is laid over them, and the model. It is replaced
// whole on a reload, so that no request mixes two.
type Catalog struct {
	Connectors  *connector.Set
	Mappings    map[string]*mapping.Program // the connectors' own; Program has the overrides laid over one
	Environment map[string]Overrides        // by connector
	Accounts    map[string]Overrides        // by the account's id
	Static      *account.Static             // the accounts of the configuration; nil where they live in a database
	Model       *mapping.Model
	CheckEvery  uint64              // items of a mapping until one is read by jq's machine too; 0: never
	Tried       func(mapping.Tried) // hears of every record, where overrides are tried out; nil everywhere else

	Compile func(*account.Account) (Overrides, error) // the overrides of an account that is in a database
	own     sync.Map                                  // by the account's id: *compiled
	owned   atomic.Int64                              // how many were put there
}

// Observer hears what a request did; telemetry implements it.
type Observer interface {
	Records(connector, resource, format string, n int)
	CursorOpened(outcome string)
	MappingFailed(connector, resource string)
	MappingChecked(connector, resource string, same bool)
	Mapped(connector, resource string, ran mapping.Ran, took time.Duration)
}

// Config is what a Proxy is made of.
type Config struct {
	Catalog  func() *Catalog // the current one, asked once a request
	Accounts account.Store
	Still    func(context.Context, *principal.Principal) error // whether a caller is one yet; nil: always
	States   *account.States
	Upstream *upstream.Client
	Cursors  *cursor.Codec
	Pages    *cursor.Pages
	Clock    func() time.Time
	Deadline time.Duration // of buffered requests; 0: the default
	// ExplainTime is what an explanation may take; 0: the default.
	ExplainTime time.Duration
	Observer    Observer // nil: nobody
	Log         *slog.Logger
}

// Proxy answers requests. It is safe for concurrent use.
type Proxy struct {
	Config
	standings standings
	lookups   lookupCache
	jobs      singleflight.Group
	flights   singleflight.Group
	stopped   context.Context // ends when the gateway stops
	stop      context.CancelCauseFunc
}

// New makes a Proxy.
func New(c Config) *Proxy {
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.States == nil {
		c.States = account.NewStates(c.Clock)
	}
	if c.ExplainTime == 0 {
		c.ExplainTime = mapping.ExplainTimeout
	}
	if c.Deadline == 0 {
		c.Deadline = Deadline
	}
	if c.Observer == nil {
		c.Observer = nobody{}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	p := &Proxy{Config: c}
	p.stopped, p.stop = context.WithCancelCause(context.Background())
	return p
}

type nobody struct{}

func (nobody) Records(string, string, string, int)               {}
func (nobody) CursorOpened(string)                               {}
func (nobody) MappingFailed(string, string)                      {}
func (nobody) MappingChecked(string, string, bool)               {}
func (nobody) Mapped(string, string, mapping.Ran, time.Duration) {}

// Unified answers GET /unified/{model}/{resource}[/{id}]. A returned problem means that nothing was written.
func (p *Proxy) Unified(w http.ResponseWriter, r *http.Request, who *principal.Principal, model, resource, id string) error {
	q, err := p.resolve(r, who, model, resource, id)
	if err != nil {
		return err
	}
	ctx, cancel := p.within(r.Context(), who, id == "" && q.params.format.streams() && q.params.summaryBy == nil)
	defer cancel()
	if id != "" {
		return q.get(ctx, w)
	}
	if q.params.summaryBy != nil {
		return q.summary(ctx, w)
	}
	if q.params.keyBy != nil && q.params.format.streams() {
		return problem.Param(problem.InvalidParameter, "truto_key_by", "an object by a field must be held whole and a stream never is; leave truto_key_by out, or ask for the unified format")
	}
	switch q.params.format {
	case Raw:
		return q.raw(ctx, w)
	case Stream, SSE:
		return q.stream(ctx, w, q.open(ctx))
	case CSV:
		return q.csv(ctx, w, q.open(ctx))
	case Normalized:
		return q.normalized(ctx, w)
	case Debug:
		return q.debug(ctx, w)
	default:
		return q.list(ctx, w, q.open(ctx))
	}
}

// marshal is for what is small and our own.
func marshal(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage("null") // only values of our own come here
	}
	return b
}

func notFoundModel(model string) error {
	return problem.New(problem.UnknownModel, "there is no unified model %q; use %s", model, ModelName)
}

// quote appends a text as JSON.
func quote[T string | []byte](dst []byte, s T) []byte { return jq.AppendString(dst, s) }
