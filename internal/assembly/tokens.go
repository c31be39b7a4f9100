package assembly

import (
	"context"
	"errors"
	"time"

	"github.com/meterbridge/meterbridge/internal/principal"
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
	return principal.NewAuthenticator(h.keys, clock, finders...), nil
}
