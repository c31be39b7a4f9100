package proxy

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// resolveRange fixes the range with the walk's frozen clock, and with it everything that depends on it: the scope of
// the plan, the roots of the mapping, and the selection that a cursor is bound to.
func (q *request) resolveRange() error {
	now := time.Unix(0, q.at.Now).UTC()
	granularity, err := q.source().DefaultGranularity(q.context)
	if err != nil {
		return problem.Wrap(problem.AccountMisconfig, err, "the account's configuration is wrong: %v", err)
	}
	if q.span, err = resolveSpan(q.params, q.source(), q.method, granularity, now); err != nil {
		return err
	}
	q.scope = &connector.Scope{
		Now: now, Granularity: q.span.granularity, Filters: q.sent(), Context: q.context, Overrides: q.over,
		Remote: q.params.remote, PageSize: q.at.Size, ID: q.id,
	}
	if q.dated() {
		q.scope.Range = q.span.Range
	} else if err := q.params.idle(dateParams, q.undatedBecause()); err != nil {
		return err
	}
	q.warn(q.params.warnings...)
	if q.dated() {
		q.warn(q.span.warnings...)
		if q.method.Unclipped(q.scope) {
			q.warn(problem.Warning{Code: problem.WarnRemoteQueryRange, Message: "remote_query sets the provider's own range: the gateway neither slices nor clips it, and range says what was asked for"})
		}
	}
	q.selection = q.selectionHash()
	q.roots()
	return nil
}

// dateParams are the parameters that make a range.
var dateParams = []string{"start_date", "end_date", "date", "granularity"}

func (q *request) undatedBecause() string {
	why := q.resource.Name + " have no dates"
	if q.program == nil {
		why += " that the gateway knows; a parameter of the provider's with that name goes into remote_query[…]"
	}
	return why
}

// dated says whether the request's records lie in a range.
func (q *request) dated() bool { return q.method.Windowed() }

// selectionHash is the hash of what a cursor is bound to: the resource and everything that chooses or orders its records. How
// they are presented (limit, format, exclusions) is free.
func (q *request) selectionHash() (h [16]byte) {
	b := append(quote(append(quote(append(make([]byte, 0, aboutRequest), '['), q.mapped), ','), q.resource.Name), ',')
	b = append(strconv.AppendBool(b, q.program != nil), ',')
	b = append(strconv.AppendUint(b, q.at.Rev, 10), ',')
	b = append(quote(b, q.id), ',')
	for _, t := range [...]time.Time{q.span.Start, q.span.End} {
		b = append(t.AppendFormat(append(b, '"'), time.RFC3339Nano), `",`...)
	}
	b = append(quote(b, q.span.granularity), ',')
	b = append(q.appendFilters(b), ',')
	remote := make([][2]string, len(q.params.remote))
	for i, p := range q.params.remote {
		remote[i] = [2]string{p.Key, p.Value}
	}
	if len(remote) == 0 {
		b = append(b, `[]]`...)
	} else {
		b = append(append(b, marshal(remote)...), ']')
	}
	sum := sha256.Sum256(b)
	copy(h[:], sum[:])
	return h
}

// appendFilters writes the filters as an object, the values of each sorted.
func (q *request) appendFilters(b []byte) []byte {
	if len(q.filter) == 0 {
		return append(b, `{}`...)
	}
	filters := map[string][]string{}
	for k, v := range q.filter {
		filters[k] = slices.Sorted(slices.Values(v))
	}
	return append(b, marshal(filters)...)
}

// maxWarnings bounds the warnings of one kind: they go into headers too, which clients bound.
const maxWarnings = 20

// warn adds warnings, each once. Beyond their bound the last one counts those that are not listed.
func (q *request) warn(ws ...problem.Warning) {
	for _, w := range ws {
		if slices.Contains(q.warnings, w) {
			continue
		}
		n, last := 0, 0
		for i, have := range q.warnings {
			if have.Code == w.Code {
				n, last = n+1, i
			}
		}
		if n < maxWarnings {
			q.warnings = append(q.warnings, w)
			continue
		}
		if q.unlisted == nil {
			q.unlisted = map[string]int{}
		}
		q.unlisted[w.Code]++
		q.warnings[last].Message = fmt.Sprintf("and %d more; the last: %s", q.unlisted[w.Code]+1, w.Message)
	}
}

func (q *request) allWarnings() []problem.Warning { return q.warnings }

// open starts the source that the request's records come from.
func (q *request) open(ctx context.Context) source {
	if q.resource.Derived != "" {
		return &derived{request: q, ctx: ctx}
	}
	return q.newWalk(ctx)
}

// stateLimits passes the provider's rate limit on, normalised.
func (q *request) stateLimits(h http.Header) {
	for k, v := range q.limits {
		h[k] = v
	}
}

// gjsonPath is a path of plain names for gjson.
func gjsonPath(path []string) string {
	out := make([]string, len(path))
	for i, p := range path {
		out[i] = gjson.Escape(p)
	}
	return strings.Join(out, ".")
}
