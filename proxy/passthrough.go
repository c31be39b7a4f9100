package proxy

import (
	"context"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/bracket"
	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/upstream"
)

// MaxBody bounds a request's body on /proxy and /custom.
const MaxBody = 64 << 10

// Passthrough answers ANY /proxy/{resource}[/{id}]: a resource of the connector's, unmapped. Lists come in the list
// envelope, single objects as the provider sent them.
func (p *Proxy) Passthrough(w http.ResponseWriter, r *http.Request, who Principal, resource, id string) error {
	q, err := p.begin(r, who, p.Catalog())
	if err != nil {
		return err
	}
	q.resource = q.conn.Resources[resource]
	if q.resource == nil {
		q.resource = q.conn.Proxy[resource]
	}
	if q.resource == nil {
		known := append(slices.Sorted(maps.Keys(q.conn.Resources)), slices.Sorted(maps.Keys(q.conn.Proxy))...)
		return unknownResource(resource, known)
	}
	if q.id, q.method = id, q.resource.List; id != "" {
		q.method = q.resource.Get
	}
	if q.method == nil {
		return problem.New(problem.UnknownMethod, "the connector %s has no such method of %s at its provider", q.conn.Name, resource)
	}
	q.mapped = resource
	q.params.remote = append(q.params.remote, q.forwarded()...) // what the gateway does not know is the provider's
	if err := q.settle(r.Context()); err != nil {
		return err
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		call, err := q.plannedCall()
		if err != nil {
			return err
		}
		return q.forward(w, r, who, call)
	}
	ctx, cancel := context.WithTimeout(r.Context(), p.Deadline)
	defer cancel()
	switch {
	case id != "", q.params.format == Raw:
		q.params.format = Raw
		if id != "" {
			return q.get(ctx, w)
		}
		return q.raw(ctx, w)
	case q.params.format == Stream, q.params.format == SSE, q.params.format == CSV:
		call, err := q.plannedCall()
		if err != nil {
			return err
		}
		return q.forward(w, r, who, call)
	}
	return q.list(ctx, w)
}

func (q *request) forwarded() []bracket.Pair {
	rest := q.params.rest
	q.params.rest = nil
	return rest
}

// plannedCall is the first call that the connector makes for the request.
func (q *request) plannedCall() (connector.Call, error) {
	at := q.at
	if !q.resumes {
		first, ok, err := q.method.First(q.scope)
		if err != nil {
			return connector.Call{}, err
		}
		if !ok {
			return connector.Call{}, problem.New(problem.InvalidParameter, "the range lies in the future; nothing is there to be called")
		}
		at = first
	}
	return q.method.At(q.scope, at)
}

// Custom answers ANY /custom/{path}: any path below the account's base URL, with its credentials.
func (p *Proxy) Custom(w http.ResponseWriter, r *http.Request, who Principal, path string) error {
	q, err := p.begin(r, who, p.Catalog())
	if err != nil {
		return err
	}
	call := connector.Call{Purpose: "custom", Method: r.Method, Path: "/" + strings.TrimLeft(path, "/"), Accept: r.Header.Get("Accept")}
	for _, pair := range append(q.params.rest, q.params.remote...) {
		call.Query = append(call.Query, connector.Param{Key: pair.Key, Value: pair.Value, Owner: connector.OwnerCaller})
	}
	return q.forward(w, r, who, call)
}

// forward makes one call with the caller's method and body and passes the provider's answer on as it is.
func (q *request) forward(w http.ResponseWriter, r *http.Request, who Principal, call connector.Call) error {
	call.Method = r.Method
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		if !who.Write {
			return problem.New(problem.WriteForbidden, "this token may read only; %s needs write: true on it", r.Method)
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
		if err != nil {
			return problem.Wrap(problem.TooLarge, err, "the body is larger than %d bytes", MaxBody)
		}
		call.Body, call.ContentType = body, r.Header.Get("Content-Type")
	}
	ctx := r.Context()
	if q.params.format != Stream && q.params.format != SSE {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, q.Deadline)
		defer cancel()
	}
	reply, err := q.sess.Do(ctx, call)
	if err != nil {
		return q.fail(ctx, err, nil)
	}
	defer reply.Body.Close()
	return q.relay(w, reply)
}

// relay passes the provider's bytes on as they arrive, once the stream format asks for it; else behind the hold-back.
func (q *request) relay(w http.ResponseWriter, reply *upstream.Reply) error {
	c := newCommit(w, reply.Header.Get("Content-Type"))
	if reply.Header.Get("Content-Type") == "" {
		w.Header().Del("Content-Type")
	}
	q.limits = reply.RateLimit
	q.stateLimits(w.Header())
	c.status = reply.Status
	var src io.Reader = reply.Body
	if q.params.format == Stream || q.params.format == SSE {
		c.streaming()
		src = flushing{src, c.flush}
	}
	if _, err := io.Copy(c, src); err != nil {
		if c.started {
			c.abort()
		}
		return problem.From(err)
	}
	return c.end()
}

func unknownResource(name string, known []string) error {
	text := "there is no resource " + clip(name, 80)
	if near := nearest(name, known); near != "" {
		text += "; did you mean " + near + "?"
	}
	return problem.New(problem.UnknownResource, "%s There are: %s", text, strings.Join(known, ", "))
}
