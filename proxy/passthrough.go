package proxy

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/near"
	"github.com/meterbridge/meterbridge/internal/principal"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/upstream"
)

// MaxBody bounds a request's body on /proxy and /custom.
const MaxBody = 64 << 10

// reads says whether a method asks and changes nothing, so that every token may use it.
func reads(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// Passthrough answers ANY /proxy/{resource}[/{id}]: a resource of the connector's, unmapped. Lists come in the list
// envelope, single objects as the provider sent them.
func (p *Proxy) Passthrough(w http.ResponseWriter, r *http.Request, who *principal.Principal, resource, id string) error {
	act := principal.Action{Area: principal.AreaProxy, Name: resource, Format: principal.FormatPassthrough, Write: !reads(r.Method)}
	q, err := p.begin(r, who, p.Catalog(), act)
	if err != nil {
		return err
	}
	if act.Format = principal.FormatDebug; q.params.format == Debug {
		if err := who.Allows(act); err != nil {
			return err
		}
	}
	if err := q.chooseUnmapped(resource, id); err != nil {
		return err
	}
	q.params.remote = q.params.forward // what the gateway does not know is the provider's
	if err := q.settle(r.Context()); err != nil {
		return err
	}
	if !reads(r.Method) {
		return q.forwardPlanned(w, r)
	}
	ctx, cancel := p.within(r.Context(), who, q.params.format.streams())
	defer cancel()
	switch {
	case id != "":
		q.params.format = Raw
		return q.get(ctx, w)
	case q.params.format == Raw:
		return q.raw(ctx, w)
	case q.params.format == Debug:
		return q.debug(ctx, w)
	case q.params.format.streams():
		return q.passOn(ctx, w)
	}
	return q.list(ctx, w, q.open(ctx))
}

// chooseUnmapped finds a resource among the unified ones and those that the connector has for /proxy alone.
func (q *request) chooseUnmapped(resource, id string) error {
	q.resource = q.conn.Resources[resource]
	if q.resource == nil {
		q.resource = q.conn.Proxy[resource]
	}
	if q.resource == nil {
		known := append(slices.Sorted(maps.Keys(q.conn.Resources)), slices.Sorted(maps.Keys(q.conn.Proxy))...)
		return unknownResource(resource, known)
	}
	q.mapped, q.id = resource, id
	if q.method = q.resource.List; id != "" {
		q.method = q.resource.Get
	}
	if q.method == nil {
		return problem.New(problem.UnknownMethod, "the provider of %s has no such call for %s", q.conn.Name, resource)
	}
	q.sess = q.sess.WithScopes(q.resource.Scopes)
	switch {
	case q.params.summaryBy != nil:
		return q.params.unsummed()
	case len(q.filter) > 0:
		name := q.filter.first()
		return problem.Param(problem.UnsupportedFilter, name, "/proxy gives the provider's items as they are, and %s looks at unified records; a parameter of the provider's own goes into remote_query[%s]", name, name)
	case q.params.explain > 0:
		return problem.Param(problem.InvalidParameter, "explain", "explain tells how a mapping makes records; /proxy gives the provider's items as they are")
	case q.params.format == Normalized:
		return problem.Param(problem.InvalidParameter, "truto_response_format", "normalized is a form of unified records; /proxy gives the provider's items as they are")
	}
	return nil
}

// planned is where the request stands, and the call that the connector makes there.
func (q *request) planned(s *walk) (connector.Call, error) {
	if err := s.enter(); err == io.EOF {
		return connector.Call{}, problem.New(problem.InvalidParameter, "the range holds nothing that could be called: it lies in the future, or there is nothing to ask for")
	} else if err != nil {
		return connector.Call{}, err
	}
	return q.method.At(q.scope, s.pos)
}

// passOn answers with the bytes of the planned call as they arrive.
func (q *request) passOn(ctx context.Context, w http.ResponseWriter) error {
	s := q.bareWalk(ctx)
	defer s.Close()
	call, err := q.planned(s)
	if err != nil {
		return err
	}
	reply, err := s.answer(call, q.method.Call(s.pos))
	if err != nil {
		return q.fail(ctx, err, nil)
	}
	defer reply.Body.Close()
	if err := q.relay(w, reply); err != nil {
		return q.fail(ctx, err, nil)
	}
	return nil
}

// forwardPlanned makes the planned call with the caller's method and body. A list that is many calls, or none, is not one
// that could be written to.
func (q *request) forwardPlanned(w http.ResponseWriter, r *http.Request) error {
	for _, c := range q.method.Calls {
		if c.Parents != nil || c.Constant != nil {
			return problem.New(problem.UnknownMethod, "%s of %s can be read only: no one call of the provider's stands behind it", q.resource.Name, q.conn.Name)
		}
	}
	call, err := q.planned(q.bareWalk(r.Context()))
	if err != nil {
		return err
	}
	return q.forward(w, r, call)
}

// forward makes one call with the caller's method and body and passes the provider's answer on as it is.
func (q *request) forward(w http.ResponseWriter, r *http.Request, call connector.Call) error {
	call.Method, call.Body, call.ContentType = r.Method, nil, ""
	if !reads(r.Method) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
		if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
			return problem.New(problem.TooLarge, "the body is larger than %d bytes", MaxBody)
		}
		if err != nil {
			return problem.Wrap(problem.InvalidBody, err, "the body did not arrive whole")
		}
		call.Body, call.ContentType = body, r.Header.Get("Content-Type")
	}
	ctx, cancel := q.within(r.Context(), q.who, q.params.format.streams())
	defer cancel()
	reply, err := q.sess.Do(ctx, call)
	if err != nil {
		return q.fail(ctx, err, nil)
	}
	defer reply.Body.Close()
	if r.Method == http.MethodHead {
		q.relayHead(w, reply)
		return nil
	}
	if err := q.relay(w, reply); err != nil {
		return q.fail(ctx, err, nil)
	}
	return nil
}

// relayHead passes on what a HEAD asks for, which is the length that the provider states.
func (q *request) relayHead(w http.ResponseWriter, reply *upstream.Reply) {
	for _, name := range []string{"Content-Type", "Content-Length"} {
		if v := reply.Header.Get(name); v != "" {
			w.Header().Set(name, v)
		}
	}
	q.limits = reply.RateLimit
	q.stateLimits(w.Header())
	setWarnings(w.Header(), q.allWarnings())
	w.WriteHeader(reply.Status)
}

// relay passes the provider's bytes on: as they arrive where the format is stream, else behind the hold-back.
func (q *request) relay(w http.ResponseWriter, reply *upstream.Reply) error {
	c := newCommit(w, reply.Header.Get("Content-Type"))
	if reply.Header.Get("Content-Type") == "" {
		w.Header().Del("Content-Type")
	}
	q.limits = reply.RateLimit
	q.stateLimits(w.Header())
	setWarnings(w.Header(), q.allWarnings())
	c.status = reply.Status
	var src io.Reader = reply.Body
	if q.params.format.streams() {
		c.streaming()
		src = flushing{src, c.flush}
	}
	if _, err := io.Copy(c, src); err != nil {
		if c.started {
			q.line.Broke(string(problem.From(err).Code))
			c.abort()
		}
		return err
	}
	return c.end()
}

func unknownResource(name string, known []string) error {
	text := "there is no resource " + clip(name, 80)
	if close := near.Word(name, known); close != "" {
		text += "; did you mean " + close + "?"
	} else {
		text += "."
	}
	return problem.New(problem.UnknownResource, "%s There are: %s", text, strings.Join(known, ", "))
}
