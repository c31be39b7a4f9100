package account

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/meterbridge/meterbridge/internal/jq"
)

// steps make the tables. An account's secrets are rows of their own, sealed one by one; its other columns are no secrets.
// The revision counts changes of the account, and not of its status.
var steps = []string{`
CREATE TABLE account (
	seq        $serial,
	id         $text NOT NULL UNIQUE,
	connector  $text NOT NULL,
	tenant_id  $text NOT NULL,
	context    TEXT NOT NULL,
	overrides  TEXT NOT NULL,
	status     TEXT NOT NULL,
	last_error TEXT NOT NULL,
	since      BIGINT NOT NULL,
	data_key   $bytes NOT NULL,
	revision   BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL
);
CREATE INDEX account_tenant ON account (tenant_id, seq);
CREATE TABLE account_secret (
	account_id $text NOT NULL REFERENCES account (id) ON DELETE CASCADE,
	name       $text NOT NULL,
	sealed     $bytes NOT NULL,
	PRIMARY KEY (account_id, name)
)`}

const columns = `seq, id, connector, tenant_id, context, overrides, status, last_error, since, data_key, revision, created_at, updated_at`

// row is an account as its table has it.
type row struct {
	seq                                   int64
	id, connector, tenant                 string
	context, overrides                    string
	status, lastError                     string
	since, revision, createdAt, updatedAt int64
	dataKey                               []byte
}

func (r *row) into() []any {
	return []any{&r.seq, &r.id, &r.connector, &r.tenant, &r.context, &r.overrides, &r.status, &r.lastError, &r.since, &r.dataKey, &r.revision, &r.createdAt, &r.updatedAt}
}

func (r *row) state() State {
	return State{Status: Status(r.status), LastError: r.lastError, Since: time.UnixMilli(r.since)}
}

// account is the row without its secrets.
func (r *row) account() (*Account, error) {
	a := &Account{ID: r.id, Connector: r.connector, TenantID: r.tenant, Created: time.UnixMilli(r.createdAt), Updated: time.UnixMilli(r.updatedAt)}
	var err error
	if a.Context, err = DecodeContext([]byte(r.context)); err != nil {
		return nil, fmt.Errorf("reading the context of account %q: %w", r.id, err)
	}
	if a.Overrides, err = decodeOverrides(r.overrides); err != nil {
		return nil, fmt.Errorf("reading the overrides of account %q: %w", r.id, err)
	}
	a.BaseURLSet = SetsAddress(a.Context)
	return a, nil
}

// fill sets what a change may have changed.
func (r *row) fill(a *Account) (err error) {
	r.id, r.connector, r.tenant = a.ID, a.Connector, a.TenantID
	if r.context, err = encode(a.Context); err == nil {
		r.overrides, err = encodeOverrides(a.Overrides)
	}
	return err
}

// SetsAddress says whether a context names where calls go: then it was the operator's choice, and private addresses that
// the configuration allows are open to it.
func SetsAddress(context map[string]any) bool {
	for _, name := range []string{"base_url", "token_url"} {
		if v, ok := context[name]; ok && v != "" {
			return true
		}
	}
	return false
}

// DecodeContext reads a context from JSON with the types that a configuration file gives: int, or json.Number, which
// keeps the digits of what is none. null is not given.
func DecodeContext(text []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	out := map[string]any{}
	if err := d.Decode(&out); err != nil {
		return nil, err
	}
	if out == nil { // null
		out = map[string]any{}
	}
	for k, v := range out {
		if v == nil {
			delete(out, k)
		} else {
			out[k] = plain(v)
		}
	}
	return out, nil
}

func plain(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return int(i)
		}
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = plain(v[k])
		}
	}
	return v
}

// overridesText are overrides as their column has them: texts, whose places are their names.
type overridesText struct {
	Mappings map[string]string `json:"mappings,omitempty"`
	Requests string            `json:"requests,omitempty"`
}

// NewOverrides are overrides of texts that stand in no file: findings name them as they are set. Whoever may change an account
// is not whoever runs the gateway, so that they are untrusted.
func NewOverrides(mappings map[string]string, requests string) *Overrides {
	if len(mappings) == 0 && requests == "" {
		return nil
	}
	o := &Overrides{Mappings: map[string]jq.Source{}, Untrusted: true}
	for resource, text := range mappings {
		o.Mappings[resource] = jq.Source{File: "overrides.mappings." + resource, Text: text}
	}
	if requests != "" {
		o.Requests = jq.Source{File: "overrides.requests", Text: requests}
	}
	return o
}

func encodeOverrides(o *Overrides) (string, error) {
	if o == nil {
		return "", nil
	}
	t := overridesText{Mappings: map[string]string{}, Requests: o.Requests.Text}
	for resource, src := range o.Mappings {
		t.Mappings[resource] = src.Text
	}
	return encode(t)
}

func decodeOverrides(text string) (*Overrides, error) {
	if text == "" {
		return nil, nil
	}
	var t overridesText
	err := json.Unmarshal([]byte(text), &t)
	return NewOverrides(t.Mappings, t.Requests), err
}

func encode(v any) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return string(bytes.TrimSpace(b.Bytes())), err
}
