package proxy

import (
	"context"
	"errors"
	"io"
	"strconv"
	"time"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
	"github.com/meterbridge/meterbridge/internal/upstream"
)

// Limits of one lookup; docs/limits.md lists them.
const (
	maxLookupEntries = 10_000
	maxLookupBytes   = 4 << 20
	maxLookupPages   = 200
	lookupPatience   = 10 * time.Second // names are not worth a longer wait
	lookupRetry      = time.Minute      // a failed lookup is not tried again before
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

// wait gives the answers. The warnings come once.
func (n *names) wait(ctx context.Context) ([]byte, []problem.Warning) {
	select {
	case <-n.ready:
		warns := n.warns
		n.warns = nil
		return n.json, warns
	case <-ctx.Done():
		return []byte("{}"), []problem.Warning{{Code: problem.WarnLookupFailed, Message: "names could not be looked up in time"}}
	}
}

// lookup is one lookup's answer, from the cache, or fetched once for all who wait.
func (q *request) lookup(ctx context.Context, name string) ([]byte, *problem.Warning) {
	spec := q.conn.Lookups[name]
	if spec == nil {
		return []byte("null"), nil // lint refuses a mapping that reads an undeclared lookup
	}
	base, _ := q.context["base_url"].(string)
	key := q.acct.ID + "\x00" + name + "\x00" + base + "\x00" + strconv.FormatUint(q.conn.Hash, 16)
	if e, ok := q.lookups.get(key, q.Clock()); ok {
		return e.json, e.warn
	}
	flight := q.flights.DoChan("lookup\x00"+key, func() (any, error) {
		// It outlives a caller who leaves: others may wait for the same names.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookupPatience)
		defer cancel()
		e := q.fetchLookup(ctx, spec)
		q.lookups.put(key, e, q.Clock())
		return e, nil
	})
	select {
	case r := <-flight:
		e := r.Val.(*lookupEntry)
		return e.json, e.warn
	case <-ctx.Done():
		return []byte("null"), nil
	}
}

// fetchLookup walks the lookup's pages. What came before a failure is kept, and the warning says that names are missing.
func (q *request) fetchLookup(ctx context.Context, spec *connector.Lookup) *lookupEntry {
	t := newNameTable(spec.Key)
	err := q.eachLookupItem(ctx, spec, t.add)
	e := &lookupEntry{json: t.done(), expires: q.Clock().Add(spec.Cache)}
	switch {
	case err != nil:
		if t.entries == 0 {
			e.json = []byte("null")
		}
		e.expires = q.Clock().Add(lookupRetry)
		text := "names of " + spec.Name + " could not be looked up: " + problem.From(err).Message
		if errors.Is(err, context.DeadlineExceeded) {
			text = "names of " + spec.Name + " could not be looked up in " + lookupPatience.String()
		}
		if spec.Scope != "" {
			text += "; the credentials need " + spec.Scope
		}
		e.warn = &problem.Warning{Code: problem.WarnLookupFailed, Message: text}
	case t.cut:
		e.warn = &problem.Warning{Code: problem.WarnLookupTruncated, Message: "the lookup " + spec.Name + " has more entries than the gateway keeps; some names are null"}
	}
	return e
}

// nameTable is a lookup's items under way: an object by key, or a list where it has none.
type nameTable struct {
	key     string
	json    []byte
	seen    map[string]bool
	entries int
	cut     bool
}

func newNameTable(key string) *nameTable {
	t := &nameTable{key: key, json: []byte{'['}, seen: map[string]bool{}}
	if key != "" {
		t.json[0] = '{'
	}
	return t
}

// add takes an item; false says that no more are wanted. Of two items with the same key the first counts.
func (t *nameTable) add(item record.Item) bool {
	if t.entries == maxLookupEntries || len(t.json)+len(item.Raw) > maxLookupBytes {
		t.cut = true
		return false
	}
	var key string
	if t.key != "" {
		if key = gjson.GetBytes(item.Raw, t.key).String(); key == "" || t.seen[key] {
			return true
		}
		t.seen[key] = true
	}
	if t.entries++; t.entries > 1 {
		t.json = append(t.json, ',')
	}
	if t.key != "" {
		t.json = append(quote(t.json, key), ':')
	}
	t.json = append(t.json, item.Raw...)
	return true
}

func (t *nameTable) done() []byte { return append(t.json, t.json[0]+2) } // ']' is '['+2, '}' is '{'+2

// eachLookupItem walks the lookup's pages until yield has enough.
func (q *request) eachLookupItem(ctx context.Context, spec *connector.Lookup, yield func(record.Item) bool) error {
	scope := *q.scope
	scope.Remote, scope.PageSize, scope.ID = nil, 0, "" // what the caller asks of usage is no business of a lookup
	sess := q.sess.WithScopes(nil)
	if spec.Scope != "" {
		sess = q.sess.WithScopes([]string{spec.Scope})
	}
	at, ok, err := spec.Method.First(&scope)
	for n := 0; ok && err == nil; n++ {
		if n == maxLookupPages {
			return problem.New(problem.PaginationLoop, "the provider has more than %d pages of them", maxLookupPages).AsRemote()
		}
		at, ok, err = lookupPage(ctx, sess, spec, &scope, at, yield)
	}
	return err
}

func lookupPage(ctx context.Context, sess *upstream.Session, spec *connector.Lookup, scope *connector.Scope, at record.Position, yield func(record.Item) bool) (record.Position, bool, error) {
	call, err := spec.Method.At(scope, at)
	if err != nil {
		return at, false, err
	}
	reply, err := sess.Do(ctx, call)
	if err != nil {
		return at, false, err
	}
	defer reply.Body.Close()
	if reply.Empty {
		return at, false, nil
	}
	it := newItems(reply.Body, spec.Method.Call(at))
	for {
		item, err := it.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return at, false, err
		}
		if !yield(item) {
			return at, false, nil
		}
	}
	next, more, _, err := spec.Method.Next(scope, at, connector.Facts{Envelope: it.Envelope(), Header: reply.Header, Items: it.Count(), Records: it.Count()})
	return next, more, err
}
