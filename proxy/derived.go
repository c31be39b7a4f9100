package proxy

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// maxDerived bounds a list that is derived from usage.
const maxDerived = 10_000

// derived is the list of a resource that the provider has no list of: the distinct values of a field over the usage of
// the range, sorted by id. Usage is walked to its end once; the list is kept for the next page.
type derived struct {
	*request
	ctx   context.Context
	walk  *walk
	list  []string // records
	at    int
	ready bool
}

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
	after := d.request.at
	after.Item, after.Anchor = int64(d.at), anchor(json)
	return record.Rec{JSON: json, After: after}, nil
}

// load walks usage, or takes the list that an earlier page kept, and goes to where the cursor stands.
func (d *derived) load() error {
	kept, ok := d.Pages.Get(d.ctx, d.key())
	if ok && d.resumes {
		d.list = strings.Split(strings.TrimSuffix(string(kept), "\n"), "\n")
	} else if err := d.collect(); err != nil {
		return err
	}
	at := d.request.at
	if at.Item == 0 {
		return nil
	}
	for _, i := range append([]int{int(at.Item) - 1}, indices(len(d.list))...) {
		if i < len(d.list) && anchor([]byte(d.list[i])) == at.Anchor {
			d.at = i + 1
			return nil
		}
	}
	return problem.New(problem.CursorStale, "the record that the cursor stands on is no longer in the usage of the range; start again without a cursor")
}

func indices(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func (d *derived) collect() error {
	usage := *d.request
	usage.at.Item, usage.at.Out, usage.at.Anchor, usage.resumes = 0, 0, 0, false
	d.walk = usage.newWalk(d.ctx)
	d.walk.keepPg = false
	defer func() { d.warnings, d.limits = usage.warnings, usage.limits }()
	field := strings.TrimPrefix(d.resource.Derived, "usage.")
	found := map[string]string{}
	for {
		rec, err := d.walk.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		v := gjson.GetBytes(rec.JSON, field)
		id := v.Get("id").Str
		if id == "" {
			continue
		}
		name := v.Get("name").Raw
		if was, ok := found[id]; !ok && len(found) == maxDerived {
			d.walk.warn(problem.Warning{Code: problem.WarnDerivedTruncated, Message: "the list is derived from usage and stops at 10,000 entries; ask for a shorter range"})
			usage.span.partial = true
			break
		} else if !ok || was == "" || was == "null" {
			found[id] = name
		}
	}
	for id, name := range found {
		d.list = append(d.list, derivedRecord(id, name, field))
	}
	slices.Sort(d.list)
	return nil
}

// derivedRecord has the shape of the resource in the model.
func derivedRecord(id, name, field string) string {
	if name == "" {
		name = "null"
	}
	b := append(quote([]byte(`{"id":`), id), `,"name":`...)
	b = append(b, name...)
	if field == "user" {
		b = append(b, `,"email":null`...)
	}
	return string(append(b, `,"created_at":null,"updated_at":null}`...))
}

func (d *derived) key() [32]byte {
	at := d.request.at
	at.Item, at.Out, at.Anchor = 0, 0, 0
	b, _ := at.AppendBinary(nil)
	return d.Pages.Key([]byte(d.acct.ID), []byte("derived"), d.selection[:], b)
}

func (d *derived) pageID() any                { return d }
func (d *derived) pageStart() record.Position { return d.request.at }

func (d *derived) giveUp() (record.Position, bool) { return d.request.at, d.resumes }

func (d *derived) remember() {
	d.Pages.Put(context.WithoutCancel(d.ctx), d.key(), []byte(strings.Join(d.list, "\n")))
}

func (d *derived) Close() {
	if d.walk != nil {
		d.walk.Close()
	}
}
