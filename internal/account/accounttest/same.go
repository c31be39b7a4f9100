package accounttest

import (
	"maps"
	"reflect"
	"testing"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/secret"
)

// same compares by hand, because a secret.Value hides from every reflecting comparison what it holds.
func same(t *testing.T, got, want *account.Account) {
	t.Helper()
	if got.ID != want.ID || got.Connector != want.Connector || got.TenantID != want.TenantID || got.BaseURLSet != want.BaseURLSet {
		t.Errorf("got account %q of %q (tenant %q, base URL set %v), want %q of %q (%q, %v)",
			got.ID, got.Connector, got.TenantID, got.BaseURLSet, want.ID, want.Connector, want.TenantID, want.BaseURLSet)
	}
	if (len(got.Context) > 0 || len(want.Context) > 0) && !reflect.DeepEqual(got.Context, want.Context) {
		t.Errorf("account %q: context %v, want %v", want.ID, got.Context, want.Context)
	}
	if !maps.EqualFunc(got.Credentials, want.Credentials, func(a, b secret.Value) bool { return a.Reveal() == b.Reveal() }) {
		t.Errorf("account %q: other credentials than given", want.ID)
	}
}
