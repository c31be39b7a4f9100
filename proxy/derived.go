package proxy

import (
	"context"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// maxDerived bounds a list that is derived from usage.
const maxDerived = 10_000

// derived is the list of a resource that the provider has no list of: the distinct values of a field over the usage of
// the range, sorted by id. Usage is walked to its end once; the list is kept for the next page.
type derived struct {
	*request
	ctx    context.Context
	walk   *walk
	before func()
	list   []string // records
	at     int      // the next of them
	ready  bool
}

func (d *derived) tune(before func(), _ int) { d.before = before }

func (d *derived) expect(int, bool) {} // all of usage is, whatever is wanted of the list

func (d *derived) Next() (record.Rec, error) {
	if !d.ready {
		if err := d.load(); err != nil {
			return record.Rec{}, err
		}
		d.ready = true
	}
	if d.at >= len(d.list) {
		return record.Rec{}, io.EOF
	}
	json := []byte(d.list[d.at])
	d.at++
	after, _ := d.here()
	return record.Rec{JSON: json, After: after}, nil
}

// load takes the list that an earlier page kept, or walks usage, and goes to where the cursor stands.
func (d *derived) load() error {
	if !d.recall() {
		if err := d.collect(); err != nil {
			return err
		}
	}
	at := d.request.at
	if at.Item == 0 {
		return nil
	}
	d.at = 1 + slices.IndexFunc(d.list, func(json string) bool { return anchor([]byte(json)) == at.Anchor })
	if d.at == 0 {
		return problem.New(problem.CursorStale, "the record that the cursor stands on is no longer in the usage of the range; start again without a cursor")
	}
	return nil
}

// collect walks usage for the distinct values of the field. The first name that is met stands.
func (d *derived) collect() error {
	usage := *d.request
	usage.at.Item, usage.at.Out, usage.at.Anchor, usage.resumes = 0, 0, 0, false
	d.walk = usage.newWalk(d.ctx)
	d.walk.tune(d.before, 0)
	defer func() { d.warnings, d.limits = usage.warnings, usage.limits }()
	field := strings.TrimPrefix(d.resource.Derived, "usage.")
	paths := []string{field}
	if field == "workspace" {
		paths = append(paths, "resources.#.workspace")
	}
	found := map[string]string{}
	for len(found) <= maxDerived {
		rec, err := d.walk.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		for _, path := range paths {
			eachOf(gjson.GetBytes(rec.JSON, path), func(v gjson.Result) {
				id := v.Get("id").Str
				if was, ok := found[id]; id != "" && (!ok || gjson.Get(was, "name").Type == gjson.Null) {
					found[id] = derivedRecord(v, field)
				}
			})
		}
	}
	ids := slices.Sorted(maps.Keys(found))
	if len(ids) > maxDerived {
		d.walk.warn(problem.Warning{Code: problem.WarnDerivedTruncated, Message: "the list is derived from usage and stops at " + strconv.Itoa(maxDerived) + " entries; ask for a shorter range"})
		d.span.partial = true
		ids = ids[:maxDerived]
	}
	for _, id := range ids {
		d.list = append(d.list, found[id])
	}
	return nil
}

// eachOf calls for a value, or for each element of an array.
func eachOf(v gjson.Result, do func(gjson.Result)) {
	if v.IsArray() {
		for _, e := range v.Array() {
			do(e)
		}
		return
	}
	do(v)
}

// derivedRecord has the shape of the resource in the model: what usage says of it, and null for the rest.
func derivedRecord(v gjson.Result, field string) string {
	var r row
	r.val("id", v.Get("id"))
	r.val("name", v.Get("name"))
	if field == "user" {
		r.val("email", v.Get("email"))
	}
	r.raw("created_at", "null")
	r.raw("updated_at", "null")
	return string(r.done())
}

// key names the list in the cache: it is the same for all positions of a walk.
func (d *derived) key() [32]byte {
	at := d.request.at
	at.Item, at.Out, at.Anchor = 0, 0, 0
	b, _ := at.AppendBinary(nil)
	return d.Pages.Key([]byte(d.acct.ID), []byte("derived"), d.selection[:], b)
}

func (d *derived) recall() bool {
	if !d.resumes {
		return false
	}
	kept, ok := d.Pages.Get(d.ctx, d.key())
	if ok {
		d.list = strings.Split(string(kept), "\n")
	}
	return ok
}

func (d *derived) remember() {
	if d.walk != nil { // else the list came from there
		d.Pages.Put(context.WithoutCancel(d.ctx), d.key(), []byte(strings.Join(d.list, "\n")))
	}
}

func (d *derived) here() (at record.Position, moved bool) {
	at = d.request.at
	if d.at > 0 {
		at.Item, at.Anchor = int64(d.at), anchor([]byte(d.list[d.at-1]))
	}
	return at, d.resumes || d.at > 0
}

// pageOf is the same for all: the list is one page.
func (d *derived) pageOf() (any, record.Position) { return d, d.request.at }

func (d *derived) said() (connector.Call, []byte) {
	if d.walk == nil {
		return connector.Call{}, nil
	}
	return d.walk.said()
}

func (d *derived) Close() {
	if d.walk != nil {
		d.walk.Close()
	}
}
