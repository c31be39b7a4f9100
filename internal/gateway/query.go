package gateway

import (
	"errors"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/meterbridge/meterbridge/internal/bracket"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/proxy"
)

// query reads the parameters of a route that describes and fetches nothing: the account and strict. It is as strict as
// the proxy's reading: malformed is a 400, and what nothing understands is a warning, or a 400 where the caller is strict.
func (g *gateway) query(c echo.Context) (account string, err error) {
	pairs, err := bracket.Parse(c.Request().URL.RawQuery)
	if err != nil {
		var at *bracket.Error
		if errors.As(err, &at) {
			return "", problem.Param(problem.InvalidParameter, at.Key, "malformed query string: %s", at.Error())
		}
		return "", problem.Wrap(problem.InvalidParameter, err, "malformed query string")
	}
	strict, unknown, seen := false, []string(nil), map[string]bool{}
	for _, p := range pairs {
		switch p.Key {
		case "integrated_account_id", "strict":
			if seen[p.Key] {
				return "", problem.Param(problem.InvalidParameter, p.Key, "%s is given twice; it takes one value", p.Key)
			}
			seen[p.Key] = true
		default:
			unknown = append(unknown, p.Key)
		}
		switch {
		case p.Key == "integrated_account_id":
			account = p.Value
		case p.Key != "strict", p.Value == "", p.Value == "false", p.Value == "0":
		case p.Value == "true", p.Value == "1":
			strict = true
		default:
			return "", problem.Param(problem.InvalidParameter, "strict", "strict is true or false (or 1 or 0); got %q", p.Value)
		}
	}
	for _, key := range unknown {
		text := "this route has no parameter " + strconv.Quote(key) + "; it takes integrated_account_id and strict"
		if strict {
			return "", problem.Param(problem.UnknownParameter, key, "%s", text)
		}
		quoted := strconv.QuoteToASCII(problem.WarnUnknownParameter + " " + text)
		c.Response().Header().Add(proxy.HeaderWarning, quoted[1:len(quoted)-1])
	}
	return account, nil
}
