package assembly

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/admin"
	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/near"
	"github.com/meterbridge/meterbridge/proxy"
)

// check says, at the line of the configuration, what only the connectors can know of an account, and takes the account's
// overrides into the catalog.
func check(cfg *config.Config, catalog layering) error {
	errs := checkTokens(cfg, catalog.Catalog)
	for i, a := range cfg.Accounts.Static {
		over, defects, findings := catalog.judge(a)
		for _, d := range defects {
			errs = append(errs, cfg.At(fmt.Sprintf("accounts.static[%d].%s", i, d.Field), "%s", d.Message))
		}
		errs = append(errs, configErrors(findings)...)
		if a.Overrides != nil {
			catalog.Accounts[a.ID] = over
		}
	}
	if len(errs) > 0 {
		return errs
	}
	return nil
}

// judge holds an account to what is installed: the one place that knows what an account may be, wherever it comes from. Its
// overrides come compiled, with what lint finds in them.
func (c layering) judge(a *account.Account) (over proxy.Overrides, defects []admin.Defect, findings []jq.Finding) {
	at := func(field, format string, args ...any) {
		defects = append(defects, admin.Defect{Field: field, Message: fmt.Sprintf(format, args...)})
	}
	conn := c.Connectors.Get(a.Connector)
	if conn == nil {
		names := c.Connectors.Names()
		at("connector", "no connector %q is installed; the nearest is %q, and there are %s", a.Connector, near.Any(a.Connector, names), strings.Join(names, ", "))
		return over, defects, nil
	}
	if _, err := conn.ResolveContext(a.Context); err != nil {
		if wrong := (*connector.ContextError)(nil); errors.As(err, &wrong) {
			at("context."+wrong.Key, "%s", wrong.Reason)
		} else {
			at("context", "%v", err)
		}
	}
	for _, lack := range conn.MissingCredentials(a.Has) {
		at("credentials", "%s", missing(conn, lack))
	}
	for _, name := range slices.Sorted(maps.Keys(a.Credentials)) {
		if _, known := conn.Credential(name); !known {
			at("credentials."+name, "%s has no credential %s; %s", conn.Name, name, credentialsOf(conn, name))
		}
	}
	over, findings = c.account(conn, a.Overrides)
	return over, defects, findings
}

func credentialsOf(conn *connector.Connector, meant string) string {
	var names []string
	for _, cr := range conn.Credentials {
		names = append(names, cr.Name)
	}
	if len(names) == 0 {
		return "it takes none"
	}
	return "the nearest is " + near.Any(meant, names)
}

// missing says what an account lacks, with the provider's own name for it.
func missing(conn *connector.Connector, lack connector.Lack) string {
	if len(lack) == 1 && len(lack[0]) == 1 {
		c, _ := conn.Credential(lack[0][0])
		return fmt.Sprintf("the credential %s (%s) is missing", c.Name, c.Title)
	}
	return fmt.Sprintf("credentials are missing: %s takes %s", conn.Name, lack)
}
