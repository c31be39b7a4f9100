// Package audit keeps a trail of what operators do: who did what to what, when and from where, and which fields they set.
// There is no value in it, and so no secret.
//
// An entry is written in the transaction of the change that it is about, so that there is never the one without the other:
// what can't be audited does not happen.
package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/meterbridge/meterbridge/internal/database"
)

const (
	maxText   = 200 // bytes of a text of an entry; a longer one is cut
	maxFields = 100 // fields of an entry that are named
)

// Entry is one action of an operator.
type Entry struct {
	ID        int64     `json:"-"`
	At        time.Time `json:"-"`
	Actor     string    `json:"actor"`      // the name of the operator's token
	Action    string    `json:"action"`     // as the OpenAPI document names it: createAccount
	Target    string    `json:"target"`     // the path: /integrated-account/acme-1
	Fields    []string  `json:"fields"`     // that were set, such as context.site or credentials.api_key
	From      string    `json:"from"`       // the address that the request came from
	RequestID string    `json:"request_id"` // as in the access log
}

// steps make the table; see database.Migrate. A step that was released is never changed.
var steps = []string{
	`CREATE TABLE audit_log (id $serial, at BIGINT NOT NULL, actor $text NOT NULL, action $text NOT NULL, target $text NOT NULL,
	fields $text NOT NULL, from_address $text NOT NULL, request_id $text NOT NULL)`,
	`CREATE INDEX audit_log_target ON audit_log (target, id)`,
}

// Trail is where entries are kept.
type Trail struct{ db *database.DB }

// Open makes the table where it is missing.
func Open(ctx context.Context, db *database.DB) (*Trail, error) {
	if err := db.Migrate(ctx, "audit_log", steps...); err != nil {
		return nil, err
	}
	return &Trail{db}, nil
}

// Do does what an operator asked for, with an entry about it: in the transaction of the first change that do makes with its
// context, or, where it makes none, after it. An error of do leaves no entry where nothing was changed.
func (t *Trail) Do(ctx context.Context, e Entry, do func(context.Context) error) error {
	with, beside := database.With(ctx, func(ctx context.Context, tx *database.Tx) error { return write(ctx, tx, e) })
	if err := do(with); err != nil || beside.Written() {
		return err
	}
	return write(ctx, t.db, e)
}

// writer is a database or a transaction.
type writer interface {
	Exec(ctx context.Context, statement string, args ...any) (int64, error)
}

func write(ctx context.Context, to writer, e Entry) error {
	fields := make([]string, 0, min(len(e.Fields), maxFields))
	for _, f := range e.Fields[:min(len(e.Fields), maxFields)] {
		fields = append(fields, text(f))
	}
	named, err := json.Marshal(fields)
	if err != nil {
		return fmt.Errorf("writing the audit log: %w", err)
	}
	_, err = to.Exec(ctx, `INSERT INTO audit_log (at, actor, action, target, fields, from_address, request_id) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		e.At.UnixMilli(), text(e.Actor), text(e.Action), text(e.Target), string(named), text(e.From), text(e.RequestID))
	if err != nil {
		return fmt.Errorf("writing the audit log: %w", err)
	}
	return nil
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

// Filter says which entries are asked for; what is zero filters nothing.
type Filter struct {
	Actor, Action, Target string
	From, To              time.Time // To is exclusive
	Before                int64     // entries older than the one of this id: the next page
	Limit                 int
}

// List gives entries, the newest first. next is the Before of the next page, 0 where there is none.
func (t *Trail) List(ctx context.Context, f Filter) (entries []Entry, next int64, err error) {
	q := database.Where()
	q.Is("actor", f.Actor)
	q.Is("action", f.Action)
	q.Is("target", f.Target)
	q.From("at", f.From)
	q.To("at", f.To)
	q.Below("id", f.Before)
	query, args := q.Newest(`SELECT id, at, actor, action, target, fields, from_address, request_id FROM audit_log`, f.Limit+1)
	err = t.db.Each(ctx, query, args, func(scan func(...any) error) error {
		var e Entry
		var at int64
		var fields string
		if err := scan(&e.ID, &at, &e.Actor, &e.Action, &e.Target, &fields, &e.From, &e.RequestID); err != nil {
			return err
		}
		e.At = time.UnixMilli(at).UTC()
		entries = append(entries, e)
		return json.Unmarshal([]byte(fields), &entries[len(entries)-1].Fields)
	})
	if err != nil {
		return nil, 0, fmt.Errorf("reading the audit log: %w", err)
	}
	if len(entries) > f.Limit {
		entries = entries[:f.Limit]
		next = entries[f.Limit-1].ID
	}
	return entries, next, nil
}
