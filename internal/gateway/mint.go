package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/meterbridge/meterbridge/internal/principal"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// maxOrder bounds the body of a request that is an order to the gateway, and not passed on.
const maxOrder = 16 << 10

// mintOrder is what an account token shall be able to do. What is left out is as wide as the minter; write is not.
type mintOrder struct {
	ExpiresIn int      `json:"expires_in"` // seconds
	Write     bool     `json:"write"`
	Resources []string `json:"resources"`
	Formats   []string `json:"formats"`
}

// minted is an account token, shown this once.
type minted struct {
	Token     string    `json:"token"`
	Account   string    `json:"integrated_account_id"`
	ExpiresAt time.Time `json:"expires_at"`
	Write     bool      `json:"write"`
	Resources []string  `json:"resources,omitempty"` // absent: all that the minter has
	Formats   []string  `json:"formats,omitempty"`
}

// mint makes a short-lived token for one account.
func (g *gateway) mint(c echo.Context) error {
	if _, err := g.query(c); err != nil {
		return err
	}
	view, err := g.Proxy.GetAccount(c.Request().Context(), caller(c), param(c, "id"))
	if err != nil {
		return err
	}
	var o mintOrder
	if err := order(c, &o); err != nil {
		return err
	}
	grants := principal.Grants{Write: o.Write, Resources: o.Resources, Formats: o.Formats}
	if o.ExpiresIn < 0 || o.ExpiresIn > int(principal.MaxAccountTokenTTL/time.Second) {
		o.ExpiresIn = -1 // not a Duration that has overflowed
	}
	token, expires, err := g.Auth.Mint(caller(c), view.ID, grants, time.Duration(o.ExpiresIn)*time.Second)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return encode(c, http.StatusCreated, minted{token, view.ID, expires, grants.Write, grants.Resources, grants.Formats})
}

// order reads a body of ours: one JSON object or nothing, and no key that has no meaning.
func order(c echo.Context, dst any) error {
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), c.Request().Body, maxOrder))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		return problem.New(problem.TooLarge, "the body is larger than %d bytes", maxOrder)
	}
	if err != nil {
		return problem.Wrap(problem.InvalidBody, err, "the body did not arrive whole")
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(dst); err != nil {
		return problem.Wrap(problem.InvalidBody, err, "the body is no JSON object of this request: %v", err)
	}
	if dec.More() {
		return problem.New(problem.InvalidBody, "the body has something behind its JSON object")
	}
	return nil
}

func resourceWords() object {
	return array(text().with("maxLength", principal.MaxGrant), principal.MaxGrants).with("description", "`usage-metering/RESOURCE`, `proxy/RESOURCE` (`*` for all of them), `custom`. Absent: all that the minter has.")
}

func formatWords() object {
	return array(oneOf(principal.Formats()...), principal.MaxGrants).with("description", "`stream` is events, too; `remote_data` is the provider's item in a record; `passthrough` is `/proxy` and `/custom`. Absent: all that the minter has.")
}

// mintBody is the body of a request for an account token.
func mintBody() object {
	props := object{
		{"expires_in", integer(1, int(principal.MaxAccountTokenTTL/time.Second)).with("default", int(principal.DefaultAccountTokenTTL/time.Second)).with("description", "Seconds; the token never outlives its minter.")},
		{"write", boolean()}, {"resources", resourceWords()}, {"formats", formatWords()},
	}
	schema := object{{"type", "object"}, {"properties", props}, {"additionalProperties", false}}
	content := object{{"schema", schema}, {"example", map[string]any{"expires_in": 600, "formats": []string{principal.FormatUnified}}}}
	return object{{"description", "What the token may do; nothing is a good body."}, {"content", object{{"application/json", content}}}}
}

func accountTokenSchema() object {
	return closed(object{
		{"token", text()}, {"integrated_account_id", text()}, {"expires_at", text().with("format", "date-time")},
		{"write", object{{"type", "boolean"}}}, {"resources", resourceWords()}, {"formats", formatWords()},
	}, "token", "integrated_account_id", "expires_at", "write")
}
