package proxy

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
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
	ready chan struct{} // nil where they are there
	json  []byte
	warns []problem.Warning
}

// naming is which lookups a resource's mapping reads, and what they gave the last time.
type naming struct {
	wanted []string
	last   atomic.Pointer[named]
}

// named are lookups that were put together. Nobody changes them.
type named struct {
	all []*lookupEntry
	names
}

// namings are those of an account's resources that its mapping reads.
func (st *standing) namings() map[string]*naming {
	out := map[string]*naming{}
	for name := range st.conn.Resources {
		if st.program != nil && st.program.Has(name) {
			out[name] = &naming{wanted: st.program.Reads("$lookups", name)}
		}
	}
	return out
}

// lookUp starts the lookups that the mapping reads. A lookup never fails usage: ids stay, names are null, a warning says why.
func (q *request) lookUp(ctx context.Context) *names {
	n, naming := &names{}, q.naming[q.mapped]
	wanted := naming.wanted
	all := make([]*lookupEntry, len(wanted))
	missing := false
	for i, name := range wanted {
		if _, e, ok := q.looked(name); ok {
			all[i] = e
		} else {
			missing = true
		}
	}
	if !missing {
		last := naming.last.Load()
		if last == nil || !slices.Equal(last.all, all) {
			last = &named{all: all}
			last.are(wanted, all)
			naming.last.Store(last)
		}
		*n = last.names
		return n
	}
	n.ready = make(chan struct{})
	go func() {
		defer close(n.ready)
		for i, name := range wanted {
			if all[i] != nil {
				continue
			}
			var err error
			if all[i], err = q.lookup(ctx, name); err != nil {
				all[i] = noNames // nobody waits for them any more
			}
		}
		n.are(wanted, all)
	}()
	return n
}

// are says what the names are.
func (n *names) are(wanted []string, all []*lookupEntry) {
	size := len("{}")
	for i, e := range all {
		size += len(wanted[i]) + len(e.json) + len(`"":,`)
	}
	out := append(make([]byte, 0, size), '{')
	for i, e := range all {
		if e.warn != nil {
			n.warns = append(n.warns, *e.warn)
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(quote(out, wanted[i]), ':'), e.json...)
	}
	n.json = append(out, '}')
}

// wait gives the answers. The warnings come once.
func (n *names) wait(ctx context.Context) ([]byte, []problem.Warning) {
	if n.ready != nil {
		select {
		case <-n.ready:
		case <-ctx.Done():
			return []byte("{}"), []problem.Warning{{Code: problem.WarnLookupFailed, Message: "names could not be looked up in time"}}
		}
	}
	warns := n.warns
	n.warns = nil
	return n.json, warns
}

// noNames is what is known where nothing is.
var noNames = &lookupEntry{json: []byte("null")}

// looked is one lookup's answer from the cache, where it has the key.
func (q *request) looked(name string) (key lookupKey, e *lookupEntry, ok bool) {
	if q.conn.Lookups[name] == nil {
		return key, noNames, true // lint refuses a mapping that reads an undeclared lookup
	}
	base, _ := q.context["base_url"].(string)
	key = lookupKey{q.acct.ID, name, base, q.conn.Hash}
	e, ok = q.lookups.get(key, q.Clock())
	return key, e, ok
}

// lookup is one lookup's answer, from the cache, or fetched once for all who wait. An error is the end of the wait.
func (q *request) lookup(ctx context.Context, name string) (*lookupEntry, error) {
	key, e, ok := q.looked(name)
	if ok {
		return e, nil
	}
	spec := q.conn.Lookups[name]
	flight := q.flights.DoChan(key.flight(), func() (any, error) {
		if e, ok := q.lookups.get(key, q.Clock()); ok { // fetched between the look and the flight
			return e, nil
		}
		// It outlives a caller who leaves: others may wait for the same names.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookupPatience)
		defer cancel()
		e := q.fetchLookup(ctx, spec)
		q.lookups.put(key, e, q.Clock())
		return e, nil
	})
	select {
	case r := <-flight:
		return r.Val.(*lookupEntry), nil
	case <-ctx.Done():
		return nil, ctx.Err()
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
		e.fault = problem.From(err)
		text := "names of " + spec.Name + " could not be looked up: " + e.fault.Message
		if errors.Is(err, context.DeadlineExceeded) {
			e.fault = problem.New(problem.UpstreamTimeout, "it takes longer than %s", lookupPatience).AsRemote()
			text = "names of " + spec.Name + " could not be looked up in " + lookupPatience.String()
		}
		text += needs(spec)
		e.warn = &problem.Warning{Code: problem.WarnLookupFailed, Message: text}
	case t.cut:
		e.warn = &problem.Warning{Code: problem.WarnLookupTruncated, Message: "the lookup " + spec.Name + " has more entries than the gateway keeps; some names are null"}
	}
	return e
}

// needs is what to do about a lookup that fails, as far as the connector says it.
func needs(spec *connector.Lookup) string {
	if spec.Scope == "" {
		return ""
	}
	return "; the credentials need " + spec.Scope
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
	scope := connector.Scope{Now: time.Unix(0, q.at.Now).UTC(), Context: q.context} // what the caller asks for is no business of a lookup
	l := listing{sess: q.sess.WithScopes(nil), method: spec.Method, scope: &scope, most: maxLookupPages}
	if spec.Scope != "" {
		l.sess = q.sess.WithScopes([]string{spec.Scope})
	}
	var err error
	for l.at, l.more, err = spec.Method.First(&scope); l.more && err == nil; {
		err = l.page(ctx, func(item record.Item) (bool, error) { return yield(item), nil })
	}
	return err
}
