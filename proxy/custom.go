package proxy

import (
	"net/http"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/principal"
)

// customParams are the gateway's parameters that mean something on /custom.
var customParams = []string{"integrated_account_id", "truto_response_format", "strict"}

// Custom answers ANY /custom/{path}: any path below the account's base URL, with its credentials.
func (p *Proxy) Custom(w http.ResponseWriter, r *http.Request, who *principal.Principal, path string) error {
	q, err := p.begin(r, who, p.Catalog(), principal.Action{Area: principal.AreaCustom, Format: principal.FormatPassthrough, Write: !reads(r.Method)})
	if err != nil {
		return err
	}
	if err := q.params.unsummed(); err != nil {
		return err
	}
	others := slices.DeleteFunc(ParameterNames(), func(n string) bool { return slices.Contains(customParams, n) })
	if err := q.params.idle(others, "it is the gateway's own and does not reach the provider; write remote_query[…] for a parameter of the provider's with that name"); err != nil {
		return err
	}
	q.warn(q.params.warnings...)
	call := connector.Call{Purpose: "custom", Path: "/" + strings.TrimLeft(path, "/"), Accept: r.Header.Get("Accept")}
	for _, pair := range q.params.forward {
		call.Query = append(call.Query, connector.Param{Key: pair.Key, Value: pair.Value, Owner: connector.OwnerCaller})
	}
	return q.forward(w, r, call)
}
