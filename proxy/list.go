package proxy

import (
	"bytes"
	"context"
	"net/http"
	"strconv"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

const (
	contentJSON = "application/json; charset=utf-8"
	maxHeld     = 32 << 20 // formats that need the page in memory stop here
)

// list answers with one page of the unified format.
func (q *request) list(ctx context.Context, w http.ResponseWriter) error {
	s := q.open(ctx)
	defer s.Close()
	if q.params.keyBy != nil {
		return q.keyed(ctx, w, s)
	}
	c, shape := newCommit(w, contentJSON), q.shaper()
	c.Write([]byte(`{"result":[`))
	n := 0
	var buf []byte
	out := q.fill(ctx, s, q.params.limit, func(rec record.Rec) error {
		buf = buf[:0]
		if n++; n > 1 {
			buf = append(buf, ',')
		}
		buf = shape.append(buf, rec)
		_, err := c.Write(buf)
		return err
	})
	return q.finish(ctx, c, out, `]`)
}

// finish ends a list: the envelope behind its records, or the problem that kept it from being one.
func (q *request) finish(ctx context.Context, c *commit, out filled, shut string) error {
	if out.err == nil {
		token, err := q.mint(ctx, out.next)
		if err == nil {
			q.Observer.Records(q.conn.Name, q.mapped, string(q.params.format), out.n)
			q.stateLimits(c.w.Header())
			c.Write(q.envelope([]byte(shut), token, out.n))
			return c.end()
		}
		out.err = err
	}
	p := q.fail(ctx, out.err, out.back)
	if c.started {
		q.Log.WarnContext(ctx, "a body under way was aborted", "code", p.Code, "error", p.Error())
		c.abort()
	}
	return p
}

// envelope is what stands behind a list's records.
func (q *request) envelope(b []byte, token string, n int) []byte {
	b = append(b, `,"next_cursor":`...)
	if token == "" {
		b = append(b, `null`...)
	} else {
		b = quote(b, token)
	}
	b = append(b, `,"prev_cursor":null,"result_count":`...)
	b = strconv.AppendInt(b, int64(n), 10)
	b = append(append(b, `,"range":`...), q.rangeJSON()...)
	if q.span.partial {
		b = append(b, `,"is_partial_response":true`...)
	}
	if warns := q.allWarnings(); len(warns) > 0 {
		b = append(append(b, `,"warnings":`...), marshal(warns)...)
	}
	return append(b, '}')
}

// rangeView is how every answer states its range.
type rangeView struct {
	Start           *string `json:"start"`
	End             *string `json:"end"`
	Granularity     *string `json:"granularity"`
	PreliminaryFrom *string `json:"preliminary_from"`
}

func (q *request) rangeJSON() []byte {
	var v rangeView
	text := func(s string) *string { return &s }
	if q.dated() {
		v.Start, v.End = text(stamp(q.span.Start)), text(stamp(q.span.End))
		if q.span.granularity != "" {
			v.Granularity = text(q.span.granularity)
		}
		if !q.span.preliminaryFrom.IsZero() {
			v.PreliminaryFrom = text(stamp(q.span.preliminaryFrom))
		}
	}
	return marshal(v)
}

// keyed answers with an object whose keys are a field of the records. It is held whole, since a second record with the
// same key must be an error and never a silent loss.
func (q *request) keyed(ctx context.Context, w http.ResponseWriter, s source) error {
	var body bytes.Buffer
	seen, shape, path := map[string]bool{}, q.shaper(), gjsonPath(q.params.keyBy)
	body.WriteString(`{"result":{`)
	var buf []byte
	out := q.fill(ctx, s, q.params.limit, func(rec record.Rec) error {
		key := gjson.GetBytes(rec.JSON, path)
		id := gjson.GetBytes(rec.JSON, "id").String()
		switch {
		case !key.Exists() || key.Type == gjson.Null || key.IsObject() || key.IsArray():
			return problem.Param(problem.DuplicateKey, "truto_key_by", "the record %q has no value at %s to be keyed by", id, path)
		case seen[key.String()]:
			return problem.Param(problem.DuplicateKey, "truto_key_by", "two records have %s = %q (the second is %q); key by a unique field such as id", path, key.String(), id)
		}
		buf = buf[:0]
		if seen[key.String()] = true; len(seen) > 1 {
			buf = append(buf, ',')
		}
		buf = append(quote(buf, key.String()), ':')
		body.Write(shape.append(buf, rec))
		return held(body.Len())
	})
	c := newCommit(w, contentJSON)
	c.Write(body.Bytes())
	return q.finish(ctx, c, out, `}`)
}

// held refuses to hold more than the bound.
func held(n int) error {
	if n > maxHeld {
		return problem.New(problem.ResponseTooLarge, "this format holds the page in memory and stops at %d bytes; lower limit, or use truto_response_format=stream", maxHeld)
	}
	return nil
}
