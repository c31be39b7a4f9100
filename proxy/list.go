package proxy

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/cursor"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

const (
	contentJSON = "application/json; charset=utf-8"
	maxHeld     = 32 << 20 // formats that need the page in memory stop here
)

// list answers with one page of the unified format. An object by a field is held whole, since a second record with the
// same key must be an error and never a silent loss.
func (q *request) list(ctx context.Context, w http.ResponseWriter, s source) error {
	defer s.Close()
	s.tune(nil, cursor.MaxPage)
	c := newCommit(w, contentJSON)
	c.head = q.stateLimits
	r := q.results(q.shaper().append)
	if q.params.keyBy == nil {
		r.to = c
	}
	out := q.fillPage(ctx, s, r)
	token, p := q.ended(ctx, out)
	if p != nil {
		if c.started {
			q.logBroken(ctx, p)
			c.abort()
		}
		return p
	}
	if r.to == nil {
		c.Write(q.envelope(r.end(r.held.Bytes()), out.n, token))
	} else {
		c.wrote(q.envelope(r.end(c.room(aroundRecord)), out.n, token))
	}
	return c.end()
}

// fillPage fills one page of a list.
func (q *request) fillPage(ctx context.Context, s source, r *results) filled {
	limit := q.params.limit
	if q.params.ignoreLimit && !q.params.limitGiven {
		limit = MaxIgnoredLimit
	}
	out := q.fill(ctx, s, limit, q.params.ignoreLimit, r.add)
	q.observe(out.n)
	return out
}

// ended is the cursor behind a page, or the problem in the page's place.
func (q *request) ended(ctx context.Context, out filled) (token string, p *problem.Problem) {
	if out.err != nil {
		return "", q.fail(ctx, out.err, out.back)
	}
	token, err := q.mint(ctx, out.next)
	if err != nil {
		return "", q.fail(ctx, err, nil)
	}
	return token, nil
}

// envelope is what stands behind a list's records.
func (q *request) envelope(b []byte, n int, token string) []byte {
	b = append(b, `,"next_cursor":`...)
	if token == "" {
		b = append(b, `null`...)
	} else {
		b = quote(b, token)
	}
	b = append(b, `,"prev_cursor":null,"result_count":`...)
	return q.about(strconv.AppendInt(b, int64(n), 10))
}

// about is the end of an envelope: which range it covers, and what there is to say of it.
func (q *request) about(b []byte) []byte {
	b = q.appendRange(append(b, `,"range":`...))
	if q.span.partial {
		b = append(b, `,"is_partial_response":true`...)
	}
	if len(q.warnings) > 0 {
		b = appendWarnings(append(b, `,"warnings":`...), q.warnings)
	}
	return append(b, '}')
}

// appendWarnings writes warnings as JSON.
func appendWarnings(b []byte, ws []problem.Warning) []byte {
	for i, w := range ws {
		b = quote(append(append(b, "[,"[min(i, 1)]), `{"code":`...), w.Code)
		b = append(quote(append(b, `,"message":`...), w.Message), '}')
	}
	return append(b, ']')
}

// rangeView is how every answer states its range.
type rangeView struct {
	Start           *string `json:"start"`
	End             *string `json:"end"`
	Granularity     *string `json:"granularity"`
	PreliminaryFrom *string `json:"preliminary_from"`
}

func (q *request) rangeView() (v rangeView) {
	if !q.dated() {
		return v
	}
	text := func(s string) *string { return &s }
	v.Start, v.End = text(stamp(q.span.Start)), text(stamp(q.span.End))
	if q.span.granularity != "" {
		v.Granularity = text(q.span.granularity)
	}
	if !q.span.preliminaryFrom.IsZero() {
		v.PreliminaryFrom = text(stamp(q.span.preliminaryFrom))
	}
	return v
}

// appendRange writes the rangeView as JSON.
func (q *request) appendRange(b []byte) []byte {
	if !q.dated() {
		return append(b, `{"start":null,"end":null,"granularity":null,"preliminary_from":null}`...)
	}
	b = append(appendStamp(append(b, `{"start":`...), q.span.Start), `,"end":`...)
	b = append(appendStamp(b, q.span.End), `,"granularity":`...)
	if q.span.granularity == "" {
		b = append(b, `null`...)
	} else {
		b = quote(b, q.span.granularity)
	}
	b = append(b, `,"preliminary_from":`...)
	if q.span.preliminaryFrom.IsZero() {
		return append(b, `null}`...)
	}
	return append(appendStamp(b, q.span.preliminaryFrom), '}')
}

// results are the records of a page as JSON: an array that is written as it grows, or is held, or a held object by a
// field of theirs.
type results struct {
	to    *commit // nil: held
	row   func(dst []byte, rec record.Rec) []byte
	extra func() int // what is held beside the rows; nil: nothing
	key   []string   // of an object; nil: an array
	seen  map[string]bool
	held  bytes.Buffer
	buf   []byte
	n     int
}

func (q *request) results(row func([]byte, record.Rec) []byte) *results {
	r := &results{row: row, key: q.params.keyBy}
	if r.key != nil {
		r.seen = map[string]bool{}
	}
	return r
}

func (r *results) add(rec record.Rec) error {
	b := r.buf[:0]
	if r.to != nil {
		b = r.to.room(len(rec.JSON) + len(rec.Remote) + aroundRecord)
	}
	if r.n > 0 {
		b = append(b, ',')
	} else {
		b = r.open(b)
	}
	if r.key != nil {
		key, err := r.keyOf(rec)
		if err != nil {
			return err
		}
		b = append(quote(b, key), ':')
	}
	r.n++
	b = r.row(b, rec)
	if r.to != nil {
		return r.to.wrote(b)
	}
	r.buf = b
	r.held.Write(b)
	held := r.held.Len()
	if r.extra != nil {
		held += r.extra()
	}
	return tooLarge(held)
}

func (r *results) open(b []byte) []byte {
	b = append(b, `{"result":`...)
	if r.key != nil {
		return append(b, '{')
	}
	return append(b, '[')
}

// end appends to what there is the end of the array or object.
func (r *results) end(b []byte) []byte {
	if r.n == 0 {
		b = r.open(b)
	}
	if r.key != nil {
		return append(b, '}')
	}
	return append(b, ']')
}

// keyOf is the record's key, which must be there and its own.
func (r *results) keyOf(rec record.Rec) (string, error) {
	field, from, path := strings.Join(r.key, "."), rec.JSON, r.key
	if path[0] == "remote_data" {
		from, path = rec.Remote, path[1:]
	}
	key := gjson.GetBytes(from, gjsonPath(path))
	id := gjson.GetBytes(rec.JSON, "id").String()
	switch {
	case len(path) == 0 || !key.Exists() || key.Type == gjson.Null || key.IsObject() || key.IsArray():
		return "", problem.Param(problem.DuplicateKey, "truto_key_by", "the record %q has no value at %s to be keyed by", id, field)
	case r.seen[key.String()]:
		return "", problem.Param(problem.DuplicateKey, "truto_key_by", "two records have %s = %q (the second is %q); key by a unique field such as id", field, key.String(), id)
	}
	r.seen[key.String()] = true
	return key.String(), nil
}

// tooLarge refuses to hold more than the bound.
func tooLarge(n int) error {
	if n > maxHeld {
		return problem.New(problem.ResponseTooLarge, "this format holds the page in memory and stops at %d bytes; lower limit, or use truto_response_format=stream", maxHeld)
	}
	return nil
}
