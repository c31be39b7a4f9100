package proxy

import (
	"context"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/principal"
)

// AccountView is an integrated account as the wire shows it: never a secret.
type AccountView struct {
	ID        string         `json:"id"`
	Connector string         `json:"connector"`
	TenantID  *string        `json:"tenant_id"`
	Status    account.Status `json:"status"`
	LastError *string        `json:"last_error"`
	Context   map[string]any `json:"context"`
}

// ListAccounts are the accounts that the caller may see.
func (p *Proxy) ListAccounts(ctx context.Context, who *principal.Principal) ([]AccountView, error) {
	out := []AccountView{}
	err := account.All(ctx, p.Accounts, account.Query{}, func(a *account.Account) bool {
		if who.Sees(a.ID, a.TenantID) {
			out = append(out, p.view(a))
		}
		return true
	})
	return out, err
}

// GetAccount is one of them.
func (p *Proxy) GetAccount(ctx context.Context, who *principal.Principal, id string) (AccountView, error) {
	a, err := p.account(ctx, who, id)
	if err != nil {
		return AccountView{}, err
	}
	return p.view(a), nil
}

func (p *Proxy) view(a *account.Account) AccountView {
	v := AccountView{ID: a.ID, Connector: a.Connector, Context: a.Context}
	if v.Context == nil {
		v.Context = map[string]any{}
	}
	if a.TenantID != "" {
		v.TenantID = &a.TenantID
	}
	st := p.States.Get(a.ID)
	if v.Status = st.Status; st.LastError != "" {
		v.LastError = &st.LastError
	}
	return v
}
