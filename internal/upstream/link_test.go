package upstream

import (
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// TestARefusedLinkSaysNothingOfCredentials: a download carries none, so its refusal is not about them.
func TestARefusedLinkSaysNothingOfCredentials(t *testing.T) {
	rules := `errors: { rules: [ { status: 403, when: '.body.code == "AccessDenied"', as: unauthorized, message: "the key is wrong" } ] }`
	for _, c := range []struct {
		name   string
		status int
		body   string
		code   problem.Code
	}{
		{"403", 403, `{}`, problem.JobFailed},
		{"401", 401, `{}`, problem.JobFailed},
		{"a rule of the connector's takes it for a wrong key", 403, `{"code":"AccessDenied"}`, problem.JobFailed},
		{"404", 404, `{}`, problem.RemoteError},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newAcme(t, answers(c.status, map[string]string{"Content-Type": "application/json"}, c.body), Config{}, keyAuth, rules)
			p := a.fails(connector.Call{Purpose: "download", Method: "GET", URL: a.url + "/x.csv?sig=1", NoAuth: true}, c.code)
			if strings.Contains(p.Message, "credentials") || strings.Contains(p.Message, "key") || p.Insight.Forbidden != nil || p.Details["status"] != c.status {
				t.Errorf("%s %+v %v", p.Message, p.Insight, p.Details)
			}
			if st := a.states.Get("acct-1").Status; st != account.Active {
				t.Errorf("the account is %s", st)
			}
		})
	}
}
