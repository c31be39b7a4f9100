package requestlog

import (
	"context"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/meterbridge/meterbridge/internal/telemetry"
)

// Entry is a row. Its names are those of the access log.
type Entry struct {
	ID            int64     `json:"-"`
	At            time.Time `json:"-"` // when the request began
	RequestID     string    `json:"request_id"`
	TraceID       string    `json:"trace_id,omitempty"`
	Method        string    `json:"method"`
	Route         string    `json:"route"`
	Status        int       `json:"status"`
	Code          string    `json:"code"`
	Format        string    `json:"format"`
	AccountID     string    `json:"integrated_account_id"`
	TenantID      string    `json:"tenant_id"`
	Connector     string    `json:"connector"`
	Resource      string    `json:"resource"`
	TokenID       string    `json:"token"`
	Caller        string    `json:"caller"`
	Duration      int64     `json:"duration_us"`
	FirstByte     int64     `json:"ttfb_us"`
	Upstream      int64     `json:"upstream_us"`
	UpstreamCalls int       `json:"upstream_calls"`
	Mapping       int64     `json:"mapping_us"`
	Records       int       `json:"records"`
	Bytes         int64     `json:"bytes"`
}

// steps make the table; see database.Migrate. A step that was released is never changed.
var steps = []string{
	`CREATE TABLE request_log (
	id $serial, at BIGINT NOT NULL, request_id $text NOT NULL, trace_id $text NOT NULL, method $text NOT NULL, route $text NOT NULL,
	status INTEGER NOT NULL, code $text NOT NULL, format $text NOT NULL, account_id $text NOT NULL, tenant_id $text NOT NULL,
	connector $text NOT NULL, resource $text NOT NULL, token_id $text NOT NULL, caller $text NOT NULL,
	duration_us BIGINT NOT NULL, ttfb_us BIGINT NOT NULL, upstream_us BIGINT NOT NULL, upstream_calls BIGINT NOT NULL,
	mapping_us BIGINT NOT NULL, records BIGINT NOT NULL, bytes BIGINT NOT NULL)`,
	`CREATE INDEX request_log_at ON request_log (at)`,
	`CREATE INDEX request_log_account ON request_log (account_id, id)`,
	`CREATE INDEX request_log_tenant ON request_log (tenant_id, id)`,
	`CREATE INDEX request_log_token ON request_log (token_id, id)`,
}

const columns = `at, request_id, trace_id, method, route, status, code, format, account_id, tenant_id, connector, resource, token_id, caller, duration_us, ttfb_us, upstream_us, upstream_calls, mapping_us, records, bytes`

// values are those of the columns.
func (e *Entry) values() []any {
	return []any{e.At.UnixMilli(), e.RequestID, e.TraceID, e.Method, e.Route, e.Status, e.Code, e.Format, e.AccountID, e.TenantID, e.Connector, e.Resource,
		e.TokenID, e.Caller, e.Duration, e.FirstByte, e.Upstream, e.UpstreamCalls, e.Mapping, e.Records, e.Bytes}
}

// scan reads the id and the columns.
func (e *Entry) scan(scan func(...any) error) error {
	var at int64
	err := scan(&e.ID, &at, &e.RequestID, &e.TraceID, &e.Method, &e.Route, &e.Status, &e.Code, &e.Format, &e.AccountID, &e.TenantID, &e.Connector, &e.Resource,
		&e.TokenID, &e.Caller, &e.Duration, &e.FirstByte, &e.Upstream, &e.UpstreamCalls, &e.Mapping, &e.Records, &e.Bytes)
	e.At = time.UnixMilli(at).UTC()
	return err
}

// maxText bounds a text of a row, in bytes: names are a configuration's and may be of any length.
const maxText = 200

func entryOf(l *telemetry.Line) Entry {
	calls, upstream := l.Calls()
	return Entry{
		At: l.Began, RequestID: text(l.RequestID), TraceID: l.TraceID, Method: text(l.Method), Route: l.Route, Status: l.Status, Code: l.Code, Format: l.Format,
		AccountID: text(l.AccountID), TenantID: text(l.Tenant), Connector: l.Connector, Resource: text(l.Resource), TokenID: text(l.TokenID), Caller: text(l.Caller),
		Duration: l.Took.Microseconds(), FirstByte: l.FirstByte.Microseconds(), Upstream: upstream.Microseconds(), UpstreamCalls: calls,
		Mapping: l.Mapping().Microseconds(), Records: l.Records, Bytes: l.Bytes,
	}
}

// text is a text that every database takes, cut to its bound.
func text(s string) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "")
	if len(s) <= maxText {
		return s
	}
	n := maxText
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// insert writes rows in one statement.
func (l *Log) insert(batch []Entry) error {
	var b strings.Builder
	b.WriteString(`INSERT INTO request_log (` + columns + `) VALUES `)
	var args []any
	for i := range batch {
		if i > 0 {
			b.WriteString(", ")
		}
		for j, v := range batch[i].values() {
			b.WriteByte("(,"[min(j, 1)])
			b.WriteByte('$')
			args = append(args, v)
			b.WriteString(strconv.Itoa(len(args)))
		}
		b.WriteByte(')')
	}
	_, err := l.DB.Exec(context.Background(), b.String(), args...)
	return err
}
