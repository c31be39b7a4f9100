package proxy

import (
	"strings"
	"sync"
	"sync/atomic"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/upstream"
)

// standing is what an account's requests have in common for as long as neither the account nor what is installed
// changes: both are replaced and never changed, so that their identity says so. Its holders share it.
type standing struct {
	acct    *account.Account
	catalog *Catalog

	conn        *connector.Connector
	context     map[string]any
	sess        *upstream.Session
	program     *mapping.Program // with its overrides; nil where the connector has no mapping
	rev         uint64           // tells one version of connector, mapping and overrides from another
	accountJSON []byte           // $account of mappings
	naming      map[string]*naming
	sessions    map[string]*upstream.Session // with the permissions that each resource needs
}

// standings has the latest of each account: one of before a reload is replaced by the account's next request. Past
// account.MaxCached all are made anew: accounts of a database come and go.
type standings struct {
	byID sync.Map
	made atomic.Int64
}

// of is the account's standing with what is installed.
func (s *standings) of(up *upstream.Client, acct *account.Account, catalog *Catalog) (*standing, error) {
	if known, ok := s.byID.Load(acct.ID); ok {
		if st := known.(*standing); st.acct == acct && st.catalog == catalog {
			return st, nil
		}
	}
	st, err := newStanding(up, acct, catalog)
	if err == nil {
		if s.made.Add(1) > account.MaxCached {
			s.byID.Clear()
			s.made.Store(1)
		}
		s.byID.Store(acct.ID, st)
	}
	return st, err
}

func newStanding(up *upstream.Client, acct *account.Account, catalog *Catalog) (*standing, error) {
	st := &standing{acct: acct, catalog: catalog, conn: catalog.Connectors.Get(acct.Connector)}
	if st.conn == nil {
		return nil, problem.New(problem.AccountMisconfig, "the account names the connector %q, which is not installed; installed are %s", acct.Connector, strings.Join(catalog.Connectors.Names(), ", "))
	}
	var err error
	if st.context, err = st.conn.ResolveContext(acct.Context); err != nil {
		return nil, problem.Wrap(problem.AccountMisconfig, err, "the account's configuration is incomplete: %v", err)
	}
	if acct.Unreadable {
		return nil, problem.New(problem.SecretUnreadable, "the account's credentials don't open; put the key that sealed them back into secret_key, or set them anew")
	}
	if _, err := catalog.Own(acct); err != nil {
		return nil, problem.Wrap(problem.AccountMisconfig, err, "the account's overrides don't fit what is installed: %v", err)
	}
	st.sess = up.For(acct, st.conn, st.context)
	st.accountJSON = marshal(map[string]any{"id": acct.ID, "connector": st.conn.Name, "tenant_id": acct.TenantID, "context": st.context})
	_, st.rev = catalog.requests(st.conn.Name, acct, "")
	if st.program = catalog.Program(st.conn.Name, acct); st.program != nil {
		st.rev ^= st.program.Hash()
	}
	st.rev ^= st.conn.Hash
	st.naming = st.namings()
	st.sessions = map[string]*upstream.Session{}
	for name, r := range st.conn.Resources {
		st.sessions[name] = st.sess.WithScopes(r.Scopes)
	}
	return st, nil
}
