package assembly

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/meterbridge/meterbridge/internal/admin"
	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/near"
	"github.com/meterbridge/meterbridge/internal/principal"
	"github.com/meterbridge/meterbridge/proxy"
)

// openTokens makes what finds the caller behind a token: the configuration, then the database where there is one.
func (h *House) openTokens(ctx context.Context, clock func() time.Time) (*principal.Authenticator, error) {
	finders := []principal.Finder{h.tokens}
	if h.database != nil {
		stored, err := principal.NewStored(ctx, h.database)
		if err != nil {
			return nil, StoreError{errors.Join(err, h.closeDatabase())}
		}
		h.storedTokens = stored
		h.cachedTokens = principal.NewCached(stored, time.Now) // how old an answer is, a clock that is set must not change
		finders = append(finders, h.cachedTokens)
	}
	return principal.NewAuthenticator("auth.tokens", h.keys, clock, finders...), nil
}

// tokenRoutes are the rows of tokens on the admin surface.
func (h *House) tokenRoutes() []admin.Route {
	tokens := &admin.Tokens{Clock: time.Now}
	if h.storedTokens != nil {
		tokens.Store, tokens.Changed = h.storedTokens, h.cachedTokens.Forget
	}
	return tokens.Routes()
}

// checkTokens says, at the line of the configuration, which resources of a token's nothing here has: it would be refused
// them without ever being told why.
func checkTokens(cfg *config.Config, catalog *proxy.Catalog) (errs config.Errors) {
	known := []string{principal.Everything, principal.AreaCustom, principal.AreaMetrics, proxy.ModelName + "/*", principal.AreaProxy + "/*"}
	for _, name := range catalog.Model.Names() {
		known = append(known, proxy.ModelName+"/"+name)
	}
	for _, name := range catalog.Connectors.Names() {
		c := catalog.Connectors.Get(name)
		for _, resources := range []map[string]*connector.Resource{c.Resources, c.Proxy} {
			for resource := range resources {
				known = append(known, principal.AreaProxy+"/"+resource)
			}
		}
	}
	slices.Sort(known) // of two that are as near, the same one each time
	for i, t := range cfg.Auth.Tokens {
		for j, word := range t.Resources {
			if !slices.Contains(known, word) {
				errs = append(errs, cfg.At(fmt.Sprintf("auth.tokens[%d].resources[%d]", i, j), "there is no %q; the nearest is %q", word, near.Any(word, known)))
			}
		}
	}
	return errs
}
