package proxy

import (
	"context"
	"encoding/json"
	"io"
	"strconv"
	"time"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// Limits of one lookup.
const (
	maxLookupEntries = 10_000
	maxLookupBytes   = 4 << 20
	lookupRetry      = time.Minute // a failed lookup is not tried again before
)

// names are the answers of the lookups that a mapping reads. They are fetched beside the first page.
type names struct {
	ready chan struct{}
	json  []byte
	warns []problem.Warning
}

// lookUp starts the wanted lookups. A lookup never fails usage: ids stay, names are null, a warning says why.
func (q *request) lookUp(ctx context.Context, wanted []string) *names {
	n := &names{ready: make(chan struct{})}
	if len(wanted) == 0 {
		n.json = []byte("{}")
		close(n.ready)
		return n
	}
	go func() {
		defer close(n.ready)
		out := []byte{'{'}
		for i, name := range wanted {
			answer, warn := q.lookup(ctx, name)
			if warn != nil {
				n.warns = append(n.warns, *warn)
			}
			if i > 0 {
				out = append(out, ',')
			}
			out = append(append(quote(out, name), ':'), answer...)
		}
		n.json = append(out, '}')
	}()
	return n
}

func (n *names) wait(ctx context.Context) ([]byte, []problem.Warning) {
	select {
	case <-n.ready:
		warns := n.warns
		n.warns = nil
		return n.json, warns
	case <-ctx.Done():
		return []byte("{}"), nil
	}
}

type lookupEntry struct {
	json    []byte
	warn    *problem.Warning
	expires time.Time
}

// lookup is one lookup's answer, from the cache, or fetched once for all who wait.
func (q *request) lookup(ctx context.Context, name string) ([]byte, *problem.Warning) {
	spec := q.conn.Lookups[name]
	if spec == nil {
		return []byte("null"), nil // lint refuses a mapping that reads an undeclared lookup
	}
	base, _ := q.context["base_url"].(string)
	key := q.acct.ID + "\x00" + name + "\x00" + base + "\x00" + strconv.FormatUint(q.conn.Hash, 16)
	if e, ok := q.lookups.Load(key); ok && q.Clock().Before(e.(*lookupEntry).expires) {
		return e.(*lookupEntry).json, e.(*lookupEntry).warn
	}
	v, _, _ := q.flights.Do("lookup\x00"+key, func() (any, error) {
		e := q.fetchLookup(ctx, spec)
		if ctx.Err() == nil {
			q.lookups.Store(key, e)
		}
		return e, nil
	})
	e := v.(*lookupEntry)
	return e.json, e.warn
}

func (q *request) fetchLookup(ctx context.Context, spec *connector.Lookup) *lookupEntry {
	out := []byte{'['}
	if spec.Key != "" {
		out[0] = '{'
	}
	shut := out[0] + 2
	entries, cut, seen := 0, false, map[string]bool{}
	err := q.eachLookupItem(ctx, spec, func(item record.Item) bool {
		if entries == maxLookupEntries || len(out)+len(item.Raw) > maxLookupBytes {
			cut = true
			return false
		}
		if spec.Key != "" {
			k := gjson.GetBytes(item.Raw, spec.Key)
			if k.Raw == "" || seen[k.String()] {
				return true
			}
			seen[k.String()] = true
		}
		if entries++; entries > 1 {
			out = append(out, ',')
		}
		if spec.Key != "" {
			out = append(quote(out, gjson.GetBytes(item.Raw, spec.Key).String()), ':')
		}
		out = append(out, item.Raw...)
		return true
	})
	e := &lookupEntry{json: append(out, shut), expires: q.Clock().Add(spec.Cache)}
	switch {
	case err != nil:
		e.json, e.expires = []byte("null"), q.Clock().Add(lookupRetry)
		text := "names of " + spec.Name + " could not be looked up: " + problem.From(err).Message
		if spec.Scope != "" {
			text += "; the credentials need " + spec.Scope
		}
		e.warn = &problem.Warning{Code: problem.WarnLookupFailed, Message: text}
	case cut:
		e.warn = &problem.Warning{Code: problem.WarnLookupTruncated, Message: "the lookup " + spec.Name + " has more entries than the gateway keeps; some names are null"}
	}
	return e
}

// eachLookupItem walks the lookup's pages.
func (q *request) eachLookupItem(ctx context.Context, spec *connector.Lookup, yield func(record.Item) bool) error {
	scope := *q.scope
	scope.Remote = nil // what the caller says to usage is no business of a lookup
	at, ok, err := spec.Method.First(&scope)
	for n := 0; ok && err == nil && n < maxLookupEntries; n++ {
		at, ok, err = q.lookupPage(ctx, spec, &scope, at, yield)
	}
	return err
}

func (q *request) lookupPage(ctx context.Context, spec *connector.Lookup, scope *connector.Scope, at record.Position, yield func(record.Item) bool) (record.Position, bool, error) {
	call, err := spec.Method.At(scope, at)
	if err != nil {
		return at, false, err
	}
	reply, err := q.sess.Do(ctx, call)
	if err != nil {
		return at, false, err
	}
	defer reply.Body.Close()
	if reply.Empty {
		return at, false, nil
	}
	it, err := newItems(reply.Body, spec.Method.Call(at))
	if err != nil {
		return at, false, err
	}
	count := int64(0)
	for {
		item, err := it.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return at, false, err
		}
		if count++; !yield(item) {
			return at, false, nil
		}
	}
	next, more, _, err := spec.Method.Next(scope, at, connector.Facts{Envelope: it.Envelope(), Header: reply.Header, Items: count, Records: count})
	return next, more, err
}

// roots are the constant roots of the mapping's scope, built once a request.
func (q *request) roots() {
	type rng struct {
		Start           string              `json:"start_date"`
		End             string              `json:"end_date"`
		Granularity     string              `json:"granularity"`
		PreliminaryFrom *string             `json:"preliminary_from"`
		Filters         map[string][]string `json:"filters"`
	}
	r := rng{Start: stamp(q.span.Start), End: stamp(q.span.End), Granularity: q.span.granularity, Filters: q.filter}
	if !q.span.preliminaryFrom.IsZero() {
		s := stamp(q.span.preliminaryFrom)
		r.PreliminaryFrom = &s
	}
	q.queryJSON, _ = json.Marshal(r)
	q.accountJSON, _ = json.Marshal(map[string]any{"id": q.acct.ID, "connector": q.conn.Name, "tenant_id": q.acct.TenantID, "context": q.context})
}
