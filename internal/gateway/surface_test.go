package gateway_test

import (
	"strings"

	"github.com/meterbridge/meterbridge/internal/gateway"
)

func gatewayRoutes() []gateway.RouteInfo { return gateway.RouteTable() }

// fill is a route's path with something for each parameter that the provider has, for the account acme-1.
func fill(path string) string {
	accounts := strings.HasPrefix(path, "/integrated-account")
	for name, value := range map[string]string{":model": "usage-metering", ":resource": "workspaces", ":method": "list", ":connector": "acme", "docs/*": "docs/docs.js", "custom/*": "custom/things"} {
		path = strings.Replace(path, name, value, 1)
	}
	if accounts {
		return strings.Replace(path, ":id", "acme-1", 1)
	}
	return strings.Replace(path, ":id", "w1", 1) + "?integrated_account_id=acme-1"
}
