package gateway

import (
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/proxy"
)

// query reads the parameters of a route that describes and fetches nothing: the account, strict, and those of the route's
// own. It is as strict as the proxy's reading: malformed is a 400, and what nothing understands is a warning, or a 400 where
// the caller is strict.
func (g *gateway) query(c echo.Context, own ...string) (map[string]string, error) {
	names := append([]string{"integrated_account_id", "strict"}, own...)
	given, unknown, err := proxy.PlainQuery(c.Request().URL.RawQuery, names...)
	if err != nil {
		return nil, err
	}
	strict := false
	switch text := given["strict"]; text {
	case "", "false", "0":
	case "true", "1":
		strict = true
	default:
		return nil, problem.Param(problem.InvalidParameter, "strict", "strict is true or false (or 1 or 0); got %q", text)
	}
	for _, key := range unknown {
		text := proxy.UnknownParameter(key, names)
		if strict {
			return nil, problem.Param(problem.UnknownParameter, key, "%s", text)
		}
		quoted := strconv.QuoteToASCII(problem.WarnUnknownParameter + " " + text)
		c.Response().Header().Add(proxy.HeaderWarning, quoted[1:len(quoted)-1])
	}
	return given, nil
}
