package gateway_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/principal"
	"github.com/meterbridge/meterbridge/internal/secret"
)

// spellings are how a secret may stand in a text.
func spellings(canary string) map[string]string {
	return map[string]string{
		"plain": canary, "hex": hex.EncodeToString([]byte(canary)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(canary))), "escaped": url.QueryEscape(canary),
		"base64": base64.StdEncoding.EncodeToString([]byte(canary))[:len(canary)], "base64url": base64.URLEncoding.EncodeToString([]byte(canary))[:len(canary)], "quoted": fmt.Sprintf("%q", canary)[1 : len(canary)+1],
	}
}

// I10: a gateway whose every secret is a canary is used in every way, well and badly, with a log at its most talkative; and
// none of them stands in an answer, a header, the log, the metrics or Redis.
func TestNoSecretIsSeenAnywhere(t *testing.T) {
	const (
		credential = "Canary/cred+ntial=7f3a91c2e5"
		key        = "Canary.secret.key.of.32.bytes..."
	)
	token, wrong := principal.NewToken(), principal.NewToken()
	canaries := map[string]string{"the credential": credential, "the secret key": key, "the token": token, "a wrong token": wrong}
	var panics atomic.Bool
	var cfg *config.Config
	h, redis := newQuarter(t, func(c *config.Config, o *assembly.Options) {
		c.SecretKeys = []secret.Value{secret.New(key)}
		c.Accounts.Static[0].Credentials["api_key"] = secret.New("MARKnorth-key" + credential)
		c.Auth.Tokens = append(c.Auth.Tokens, config.NewToken("canary", secret.New(token), []string{"*"}, true))
		cfg, o.Clock = c, func() time.Time {
			if panics.Load() { // in the middle of a request, with all that is known in its hands
				panic(fmt.Errorf("%v %+v %#v: %w", c, c.Accounts.Static[0], c.Auth.Tokens, errors.New("a defect")))
			}
			return today
		}
	})
	var seen bytes.Buffer
	ask := func(method, target, token string, change ...func(*http.Request)) reply {
		got := h.ask(t, method, target, token, change...)
		fmt.Fprintf(&seen, "%d %v\n%s\n", got.status, got.header, got.body)
		return got
	}
	minted := h.mint(t, token, "account-of-north", `{"write":true,"expires_in":60}`) // shown this once, and to its maker
	canaries["an account token"] = minted
	good := 0
	use := func() {
		for _, target := range asks("account-of-north") {
			for _, who := range []string{token, minted, wrong, token[:40]} {
				for _, accept := range []string{"", "text/csv", "text/event-stream"} {
					if got := ask(http.MethodGet, target, who, func(r *http.Request) { r.Header.Set("Accept", accept) }); got.status == http.StatusOK {
						good++
					}
				}
			}
		}
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
			ask(method, "/custom/things?integrated_account_id=account-of-north", token, func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(`{"a":1}`)) })
			ask(method, "/integrated-account/account-of-north/token", minted)
		}
		ask(http.MethodPost, "/integrated-account/account-of-north/token", token, func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(`{"token":1}`)) })
		ask(http.MethodGet, "/integrated-account", "", func(r *http.Request) {
			r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("x:y")))
		})
		ask(http.MethodGet, "/metrics", token)
	}
	use()
	if good < 100 {
		t.Fatalf("only %d good answers: the run proves nothing", good)
	}
	panics.Store(true)
	if got := ask(http.MethodGet, "/unified/usage-metering/usage?integrated_account_id=account-of-north", tenants[0].token); got.status != http.StatusInternalServerError || !strings.Contains(h.log.String(), `"panic"`) {
		t.Errorf("a panic: %d %s", got.status, got.body)
	}
	panics.Store(false)

	refused := *cfg // a provider that refuses, and one that is not there
	refused.Accounts.Static[0].Credentials["api_key"] = secret.New(credential)
	if err := h.built.Load(&refused); err != nil {
		t.Fatal(err)
	}
	use()
	refused.Accounts.Static[0].Context["base_url"] = "http://127.0.0.1:1/x"
	if err := h.built.Load(&refused); err != nil {
		t.Fatal(err)
	}
	ask(http.MethodGet, asks("account-of-north")[0], token)
	ask(http.MethodGet, asks("account-of-north")[4], token)
	refused.Accounts.Static[0].Connector = "nobody"
	if err := h.built.Load(&refused); err == nil {
		t.Error("a configuration with a mistake is taken")
	} else {
		fmt.Fprintln(&seen, err)
	}
	redis.Kill()
	ask(http.MethodGet, asks("account-of-south")[0], token)
	ask(http.MethodGet, "/readyz", "")
	redis.Restart()

	for what, canary := range canaries {
		for how, text := range spellings(canary) {
			if i := strings.Index(seen.String(), text); i >= 0 {
				t.Errorf("%s (%s) in an answer: %.300s", what, how, seen.String()[max(0, i-100):])
			}
			if i := strings.Index(h.log.String(), text); i >= 0 {
				t.Errorf("%s (%s) in the log: %.300s", what, how, h.log.String()[max(0, i-100):])
			}
		}
	}
}
