package proxy

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/cursor"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/principal"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
	"github.com/meterbridge/meterbridge/internal/telemetry"
	"github.com/meterbridge/meterbridge/internal/upstream"
)

// request is one caller's request, resolved: everything that the walk and the writers need, and no more decisions.
type request struct {
	*Proxy
	*standing
	who      *principal.Principal
	params   *params
	resource *connector.Resource
	method   *connector.Method
	program  *mapping.Program             // the standing's; nil: items pass unmapped
	over     []*connector.RequestOverride // of the resource's list
	mapped   string                       // the resource whose mapping runs; usage for a derived resource
	id       string                       // of a get
	line     *telemetry.Line              // nil: nobody looks
	sess     *upstream.Session            // the standing's, with the permissions that the resource needs
	scope    *connector.Scope
	span     *span
	filter   filter

	at        record.Position // where the request begins
	resumes   bool            // it came with a cursor
	selection [16]byte
	minter    *cursor.Minter // nil until the first token is made

	queryJSON     []byte
	limits        http.Header // the provider's rate limit, normalised
	warnings      []problem.Warning
	unlisted      map[string]int // warnings beyond their bound, by code
	mismatches    int            // rows whose own total differs from the sum of their parts
	firstMismatch string         // what was said of the first of them
}

// resolve reads a unified request.
func (p *Proxy) resolve(r *http.Request, who *principal.Principal, model, resource, id string) (*request, error) {
	if model != ModelName {
		return nil, notFoundModel(model)
	}
	catalog := p.Catalog()
	if !catalog.Model.Has(resource) {
		return nil, unknownResource(resource, catalog.Model.Names())
	}
	act := principal.Action{Area: model, Name: resource}
	q, err := p.begin(r, who, catalog, act)
	if err != nil {
		return nil, err
	}
	if act.Format = principal.FormatUnified; id != "" && q.params.format != Raw && q.params.format != Debug { // one object has no other form
		if err := who.Allows(act); err != nil {
			return nil, err
		}
	}
	if err := q.choose(resource, id); err != nil {
		return nil, err
	}
	if resource != "usage" || id != "" {
		if err := q.params.unsummed(); err != nil {
			return nil, err
		}
	}
	if err := q.params.leftover(parameterNames()); err != nil {
		return nil, err
	}
	return q, q.settle(r.Context())
}

// begin reads what every route has: parameters, account, connector, context; and asks whether the caller may do that. An
// action without a format is about the one that the parameters say.
func (p *Proxy) begin(r *http.Request, who *principal.Principal, catalog *Catalog, act principal.Action) (*request, error) {
	params, err := parseParams(r.URL.RawQuery, r.Header)
	if err != nil {
		return nil, err
	}
	acct, err := p.account(r.Context(), catalog, who, params.account)
	if err != nil {
		return nil, err
	}
	if p.States.Get(acct.ID).Status == account.Blocked {
		return nil, problem.New(problem.AccountBlocked, "the operator has blocked the integrated account %q", acct.ID)
	}
	if act.Format == "" {
		act.Format = params.format.grant()
	}
	if err := who.Allows(act); err != nil {
		return nil, err
	}
	if act.Format != principal.FormatPassthrough && !who.Gets(principal.FormatRemoteData) {
		params.ignoreRemote = true
	}
	st, err := p.standings.of(p.Upstream, acct, catalog)
	if err != nil {
		return nil, err
	}
	line := telemetry.LineOf(r.Context())
	line.As(string(params.format))
	return &request{Proxy: p, standing: st, who: who, params: params, filter: params.filters, sess: st.sess, line: line}, nil
}

// account finds the account that the caller named, or the one that its token is bound to. Another token's account and
// one that does not exist are the same answer.
func (p *Proxy) account(ctx context.Context, catalog *Catalog, who *principal.Principal, id string) (*account.Account, error) {
	if id == "" {
		if id = who.Only(); id == "" {
			return nil, problem.Param(problem.MissingParameter, "integrated_account_id", "integrated_account_id is missing; GET /integrated-account lists the accounts of this token")
		}
	}
	store := p.Accounts
	if catalog.Static != nil {
		store = catalog.Static // of the same moment as its connector
	}
	a, err := store.Get(ctx, id)
	if err != nil && !errors.Is(err, account.ErrNotFound) {
		return nil, storeProblem(err) // which is no word about the account
	}
	if err != nil || !who.Sees(a.ID, a.TenantID) {
		return nil, problem.Param(problem.AccountNotFound, "integrated_account_id", "no integrated account %q is visible to this token; GET /integrated-account lists those that are", clip(id, 80))
	}
	telemetry.LineOf(ctx).Of(a.ID, a.TenantID, a.Connector)
	return a, nil
}

// choose finds the resource and method of the connector, and the mapping that reads it.
func (q *request) choose(resource, id string) error {
	q.resource = q.conn.Resources[resource]
	q.mapped, q.id = resource, id
	if q.resource == nil {
		return problem.New(problem.UnknownMethod, "the connector %s has no %s; it has %s", q.conn.Name, resource, strings.Join(slices.Sorted(maps.Keys(q.conn.Resources)), ", "))
	}
	switch {
	case id != "":
		q.method = q.resource.Get
	case q.resource.Derived != "":
		q.method, q.mapped = q.source().List, q.source().Name
	default:
		q.method = q.resource.List
	}
	switch {
	case q.method == nil && id != "":
		return problem.New(problem.UnknownMethod, "the connector %s can list %s and not get one by its id", q.conn.Name, resource)
	case q.method == nil:
		return problem.New(problem.UnknownMethod, "the connector %s can get one of its %s by its id and not list them", q.conn.Name, resource)
	}
	q.sess = q.sessions[q.source().Name]
	q.program = q.standing.program
	if q.program == nil || !q.program.Has(q.mapped) {
		return problem.New(problem.Internal, "no mapping of %s reads %s; meterbridge lint says more", q.conn.Name, q.mapped)
	}
	return checkFilters(q.filter, q.source(), q.program, q.conn.Name)
}

// source is the resource whose method is called: usage for a derived one.
func (q *request) source() *connector.Resource {
	if q.resource.Derived != "" {
		return q.conn.Resources["usage"]
	}
	return q.resource
}

// settle opens the cursor, freezes the clock and resolves the range.
func (q *request) settle(ctx context.Context) error {
	if q.id == "" { // overrides of requests are those of lists
		q.over, _ = q.catalog.requests(q.conn.Name, q.acct, q.source().Name)
	}
	q.at = record.Position{Now: q.Clock().UnixNano(), Rev: q.rev, Size: q.pageSize()}
	var opened interface{ Check([16]byte) error }
	if q.params.cursor != "" {
		o, err := q.Cursors.Open(ctx, q.params.cursor, q.acct.ID)
		if err != nil {
			q.Observer.CursorOpened(string(problem.From(err).Code))
			return err
		}
		opened, q.resumes = o, true
		rev := q.at.Rev
		if q.at = o.Position; q.at.Rev != rev {
			q.Observer.CursorOpened(string(problem.CursorStale))
			return problem.New(problem.CursorStale, "the connector, its mapping or an override has changed since this cursor was given; start again without a cursor")
		}
	}
	if err := q.resolveRange(); err != nil {
		return err
	}
	if opened != nil {
		if err := opened.Check(q.selection); err != nil {
			q.Observer.CursorOpened(string(problem.CursorMismatch))
			return err
		}
		q.Observer.CursorOpened("ok")
	}
	return nil
}

// pageSize is the provider's page size of a new walk: its default, or its largest where the whole is wanted. An
// answer that is one of the provider's has no page of its own, so that limit becomes the provider's.
func (q *request) pageSize() int {
	size, onePage := q.method.PageSize(), q.params.format == Raw || q.program == nil && q.params.format.streams()
	switch {
	case size.Max == 0:
		return 0
	case onePage && q.params.limitGiven:
		return min(q.params.limit, size.Max)
	case q.params.format.streams(), q.params.ignoreLimit, q.params.summaryBy != nil:
		return size.Max
	}
	return size.Default
}
