package recorder

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/upstream"
)

// token writes a token call by what the connector says of it, and of the answer what is no secret.
func (c *composer) token(t *upstream.Taken) error {
	if t.Status >= 300 || slices.ContainsFunc(c.exchanges, func(e *exchange) bool { return e.purpose == "token" }) {
		return nil
	}
	o, auth := c.tokenAuth()
	if o == nil {
		return fmt.Errorf("the connector says of no token how it is fetched")
	}
	if !slices.ContainsFunc(c.Connector.Context, func(v connector.ContextVar) bool { return v.Name == "token_url" }) {
		return fmt.Errorf("a cassette needs token_url in the connector's context, to stand in for %s", t.Target.Host)
	}
	var said struct {
		Type    string      `json:"token_type"`
		Expires json.Number `json:"expires_in"`
		Scope   string      `json:"scope"`
	}
	if err := json.Unmarshal(t.Body, &said); err != nil {
		said.Type = "Bearer"
	}
	body := `{"access_token":"{token}","token_type":` + string(quoted(orText(said.Type, "Bearer")))
	if said.Expires != "" {
		body += `,"expires_in":` + said.Expires.String()
	}
	if said.Scope != "" {
		body += `,"scope":` + string(quoted(c.scrub.text(said.Scope)))
	}
	c.exchanges = append(c.exchanges, &exchange{
		purpose: "token", method: "POST", target: c.tokenPath(t), times: 1, status: t.Status,
		directives: []string{"form: { grant_type: " + o.Grant + " }", "auth: " + flow(auth)},
		headers:    []string{"Content-Type: application/json"}, body: []byte(body + "}"),
	})
	return nil
}

func (c *composer) tokenPath(t *upstream.Taken) string {
	if p := c.scrub.text(t.Target.EscapedPath()); p != "" && p != "/" {
		return p
	}
	return "/oauth/token"
}

// tokensIn are the tokens that a token call brought.
func tokensIn(t *upstream.Taken) (out []string) {
	if t.Call.Purpose != "token" {
		return nil
	}
	var said map[string]any
	if json.Unmarshal(t.Body, &said) != nil {
		return nil
	}
	for key, v := range said {
		if s, ok := v.(string); ok && strings.Contains(strings.ToLower(key), "token") && key != "token_type" {
			out = append(out, s)
		}
	}
	return out
}
