package admin

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/secret"
)

// AccountDraft is an account that is to be created.
type AccountDraft struct {
	ID          string             `json:"id,omitempty"` // made where it is not given
	Connector   string             `json:"connector"`
	TenantID    string             `json:"tenant_id,omitempty"`
	Context     json.RawMessage    `json:"context,omitempty"`
	Credentials map[string]*string `json:"credentials,omitempty"`
	Overrides   *Overrides         `json:"overrides,omitempty"`
}

// AccountChange is what is to be changed of an account; what is not given stays.
type AccountChange struct {
	TenantID    *string            `json:"tenant_id,omitempty"`
	Context     json.RawMessage    `json:"context,omitempty"`
	Credentials map[string]*string `json:"credentials,omitempty"`
	Overrides   *Overrides         `json:"overrides,omitempty"`
	Status      *string            `json:"status,omitempty"`
}

// Overrides are an account's own mappings and requests: jq by resource, and an object by resource. Empty ones are none.
type Overrides struct {
	Mappings map[string]string `json:"mappings,omitempty"`
	Requests json.RawMessage   `json:"requests,omitempty"`
}

func (o *Overrides) account() *account.Overrides {
	requests := string(o.Requests)
	if requests == "null" {
		requests = ""
	}
	return account.NewOverrides(o.Mappings, requests)
}

func (d *AccountDraft) account() (*account.Account, error) {
	switch err := account.ValidID(d.ID); {
	case d.ID != "" && err != nil:
		return nil, problem.Param(problem.InvalidBody, "id", "id %s", err)
	case d.Connector == "":
		return nil, problem.Param(problem.InvalidBody, "connector", "connector is missing; meterbridge connectors list says what is installed")
	}
	a := &account.Account{ID: d.ID, Connector: d.Connector, TenantID: d.TenantID, Context: map[string]any{}, Credentials: reveal(d.Credentials)}
	if err := storable("tenant_id", d.TenantID); err != nil {
		return nil, err
	}
	if d.Overrides != nil {
		a.Overrides = d.Overrides.account()
	}
	return a, mergeContext(a, d.Context)
}

// check says what a change can't be, whatever the account is.
func (c *AccountChange) check() error {
	if c.Status != nil && *c.Status != string(account.Active) && *c.Status != string(account.Blocked) {
		return problem.Param(problem.InvalidBody, "status", "status is set to active or blocked; the others follow from what the provider says")
	}
	if c.TenantID != nil {
		return storable("tenant_id", *c.TenantID)
	}
	return nil
}

func (c *AccountChange) apply(a *account.Account) error {
	if c.TenantID != nil {
		a.TenantID = *c.TenantID
	}
	if c.Overrides != nil {
		a.Overrides = c.Overrides.account()
	}
	a.Context = maps.Clone(a.Context)
	if err := mergeContext(a, c.Context); err != nil {
		return err
	}
	if len(c.Credentials) > 0 {
		merged := map[string]secret.Value{}
		if !a.Unreadable { // then what is given are all that it has
			maps.Copy(merged, a.Credentials)
		}
		for _, name := range slices.Sorted(maps.Keys(c.Credentials)) {
			delete(merged, name)
		}
		maps.Copy(merged, reveal(c.Credentials))
		a.Credentials, a.Unreadable = merged, false
	}
	return nil
}

// mergeContext lays context over an account's, key by key; null takes a key out.
func mergeContext(a *account.Account, given json.RawMessage) error {
	if len(given) == 0 || string(given) == "null" {
		return nil
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(given, &keys); err != nil {
		return problem.Param(problem.InvalidBody, "context", "context wants an object")
	}
	values, err := account.DecodeContext(given)
	if err != nil {
		return problem.Param(problem.InvalidBody, "context", "context wants an object")
	}
	for name := range keys {
		delete(a.Context, name)
	}
	maps.Copy(a.Context, values)
	a.BaseURLSet = account.SetsAddress(a.Context)
	return nil
}

// storable refuses a text that not every database can hold.
func storable(field, text string) error {
	if strings.ContainsRune(text, 0) || len(text) > account.MaxID {
		return problem.Param(problem.InvalidBody, field, "%s has at most %d bytes, and none of them zero", field, account.MaxID)
	}
	return nil
}
