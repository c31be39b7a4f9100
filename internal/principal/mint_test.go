package principal

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/secret"
)

const operators = "a-token-of-the-operators-own"

// desk is an authenticator over one token, at a time that a test can move.
type desk struct {
	*Authenticator
	tokens *Static
	minter *Principal
	at     time.Time
}

// failer is a test, or a property's.
type failer interface {
	Helper()
	Fatal(...any)
}

func newDesk(t failer, keys *secret.Keyring, change func(*Principal)) *desk {
	t.Helper()
	d := &desk{at: time.Date(2026, 9, 20, 12, 0, 0, 0, time.UTC)}
	d.minter = &Principal{ID: "config:app", Name: "app", Sum: SumOf(operators), Grants: Grants{Accounts: []string{"a", "b"}}}
	if change != nil {
		change(d.minter)
	}
	var err error
	if d.tokens, err = NewStatic(d.minter); err != nil {
		t.Fatal(err)
	}
	d.Authenticator = NewAuthenticator("auth.tokens", keys, func() time.Time { return d.at }, d.tokens)
	return d
}

func (d *desk) code(token string) problem.Code {
	_, err := d.Authenticate(context.Background(), "Bearer "+token)
	return codeOf(err)
}

func TestAuthenticate(t *testing.T) {
	d := newDesk(t, secret.RandomKeyring(), nil)
	whole := NewToken()
	for name, c := range map[string]struct {
		header string
		want   problem.Code
	}{
		"nothing": {"", problem.Unauthorized}, "another scheme": {"Basic " + operators, problem.Unauthorized}, "no token": {"Bearer", problem.Unauthorized}, "an empty one": {"Bearer  ", problem.Unauthorized},
		"a wrong one": {"Bearer wrong-token-of-sixteen", problem.Unauthorized}, "a wrong one of our form": {"Bearer " + whole, problem.Unauthorized}, "a cut one": {"Bearer " + whole[:len(whole)-1], problem.TokenMalformed},
		"a good one": {"Bearer " + operators, ""}, "lower case": {"bearer " + operators, ""}, "spaces": {"Bearer   " + operators + " ", ""},
		"two": {"Bearer " + operators + " " + operators, problem.Unauthorized}, "a sealed one of nobody's": {"Bearer " + checked(AccountPrefix+strings.Repeat("A", 100)), problem.Unauthorized}, "a sealed one that is no base64": {"Bearer " + checked(AccountPrefix+"!"), problem.Unauthorized},
	} {
		if _, err := d.Authenticate(t.Context(), c.header); codeOf(err) != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := NewAuthenticator("auth.tokens", secret.RandomKeyring(), time.Now).Authenticate(t.Context(), "Bearer "+operators); codeOf(err) != problem.Unauthorized {
		t.Errorf("a gateway without tokens: %v", err)
	}
}

func TestATokenExpiresAtItsMoment(t *testing.T) {
	d := newDesk(t, secret.RandomKeyring(), func(p *Principal) { p.Expires = time.Date(2026, 9, 20, 13, 0, 0, 0, time.UTC) })
	for at, want := range map[time.Time]problem.Code{d.minter.Expires.Add(-1): "", d.minter.Expires: problem.TokenExpired} {
		if d.at = at; d.code(operators) != want {
			t.Errorf("at %v: %q, want %q", at, d.code(operators), want)
		}
	}
}

type failing struct{}

func (failing) Find(context.Context, Sum) (*Principal, error) { return nil, errors.New("disk full") }

// A store that is lost takes the tokens that it has with it, and no others.
func TestAStoreThatIsLostIsNoAnswer(t *testing.T) {
	d := newDesk(t, secret.RandomKeyring(), nil)
	a := NewAuthenticator("auth.tokens", secret.RandomKeyring(), time.Now, d.tokens, failing{})
	if _, err := a.Authenticate(t.Context(), "Bearer "+operators); err != nil {
		t.Errorf("a token of the configuration: %v", err)
	}
	_, err := a.Authenticate(t.Context(), "Bearer "+NewToken())
	if p := problem.From(err); p.Code != problem.StoreUnavailable || p.RetryAfter < 1 {
		t.Errorf("a token of the store: %+v", p)
	}
}

func TestAnAccountTokenIsItsMintersForOneAccount(t *testing.T) {
	d := newDesk(t, secret.RandomKeyring(), func(p *Principal) { p.Limit.Requests = 7 })
	token, expires, err := d.Mint(d.minter, "a", Grants{Formats: []string{"csv"}}, time.Minute)
	if err != nil || !expires.Equal(d.at.Add(time.Minute)) || !Whole(token) {
		t.Fatalf("%q until %v, %v", token, expires, err)
	}
	p, err := d.Authenticate(t.Context(), "Bearer "+token)
	if err != nil {
		t.Fatal(err)
	}
	if p.Only() != "a" || !p.Sees("a", "") || p.Sees("b", "") || p.ID != d.minter.ID || p.Limit != d.minter.Limit || !p.Minted() || p.Write {
		t.Errorf("%+v", p)
	}
	if strings.Contains(token, "csv") || strings.Contains(token, "app") {
		t.Errorf("%q shows what it holds", token)
	}
	if _, _, err := d.Mint(p, "a", Grants{}, 0); codeOf(err) != problem.MintForbidden {
		t.Errorf("an account token mints: %v", err)
	}
	if d.at = expires.Add(-1); d.code(token) != "" {
		t.Errorf("in its last moment: %q", d.code(token))
	}
	if d.at = expires; d.code(token) != problem.TokenExpired {
		t.Errorf("after it: %q", d.code(token))
	}
}

func TestAnAccountTokenDiesWithItsMinter(t *testing.T) {
	for name, change := range map[string]struct {
		end  func(*desk)
		want problem.Code
	}{
		"revoked":     {func(d *desk) { d.tokens.Replace(nil) }, problem.Unauthorized},
		"replaced":    {func(d *desk) { d.tokens.Replace([]*Principal{{ID: d.minter.ID, Sum: SumOf("another secret")}}) }, problem.Unauthorized},
		"expired":     {func(d *desk) { d.minter.Expires = d.at }, problem.TokenExpired},
		"another key": {func(d *desk) { d.keys = secret.RandomKeyring() }, problem.Unauthorized},
	} {
		d := newDesk(t, secret.RandomKeyring(), nil)
		token, _, err := d.Mint(d.minter, "a", Grants{}, time.Hour)
		if err != nil || d.code(token) != "" {
			t.Fatalf("%v, %q", err, d.code(token))
		}
		if change.end(d); d.code(token) != change.want {
			t.Errorf("%s: %q, want %q", name, d.code(token), change.want)
		}
	}
	d := newDesk(t, secret.RandomKeyring(), func(p *Principal) { p.Expires = time.Date(2026, 9, 20, 12, 5, 0, 0, time.UTC) })
	if _, expires, err := d.Mint(d.minter, "a", Grants{}, time.Hour); err != nil || !expires.Equal(d.minter.Expires) {
		t.Errorf("it outlives its minter: %v, %v", expires, err)
	}
}

func TestMintingIsBounded(t *testing.T) {
	long := strings.Repeat("x", MaxGrant-len("proxy/"))
	many := func(n int) (out []string) {
		for range n {
			out = append(out, "proxy/"+long)
		}
		return out
	}
	for _, c := range []struct {
		name    string
		minter  Grants
		account string
		asked   Grants
		ttl     time.Duration
		want    problem.Code
	}{
		{"nothing said", Grants{}, "a", Grants{}, 0, ""},
		{"the longest life", Grants{}, "a", Grants{}, MaxAccountTokenTTL, ""},
		{"a second more", Grants{}, "a", Grants{}, MaxAccountTokenTTL + time.Second, problem.InvalidBody},
		{"the shortest life", Grants{}, "a", Grants{}, time.Second, ""},
		{"less", Grants{}, "a", Grants{}, -time.Second, problem.InvalidBody},
		{"everybody's account", Grants{}, "*", Grants{}, 0, problem.AccountNotFound},
		{"a tenant's accounts", Grants{}, "tenant:x", Grants{}, 0, problem.AccountNotFound},
		{"unknown words", Grants{}, "a", Grants{Formats: []string{"pdf"}}, 0, problem.InvalidBody},
		{"more than a header holds", Grants{}, "a", Grants{Resources: many(20)}, 0, problem.InvalidBody},

		{"writes, of a writer", Grants{Write: true}, "a", Grants{Write: true}, 0, ""},
		{"writes, of a reader", Grants{}, "a", Grants{Write: true}, 0, problem.WriteForbidden},
		{"a resource of all", Grants{}, "a", Grants{Resources: []string{"custom"}}, 0, ""},
		{"a resource of a model", Grants{Resources: []string{"usage-metering/*"}}, "a", Grants{Resources: []string{"usage-metering/usage"}}, 0, ""},
		{"another resource", Grants{Resources: []string{"usage-metering/users"}}, "a", Grants{Resources: []string{"usage-metering/usage"}}, 0, problem.ResourceForbidden},
		{"all of a model, of one resource", Grants{Resources: []string{"usage-metering/usage"}}, "a", Grants{Resources: []string{"usage-metering/*"}}, 0, problem.ResourceForbidden},
		{"everything, of a model", Grants{Resources: []string{"usage-metering/*"}}, "a", Grants{Resources: []string{"*"}}, 0, problem.ResourceForbidden},
		{"everything, of everything", Grants{Resources: []string{"*"}}, "a", Grants{Resources: []string{"*"}}, 0, ""},
		{"a format", Grants{Formats: []string{"csv", "raw"}}, "a", Grants{Formats: []string{"raw"}}, 0, ""},
		{"another format", Grants{Formats: []string{"csv"}}, "a", Grants{Formats: []string{"csv", "raw"}}, 0, problem.FormatForbidden},
	} {
		d := newDesk(t, secret.RandomKeyring(), func(p *Principal) { p.Grants = c.minter })
		token, _, err := d.Mint(d.minter, c.account, c.asked, c.ttl)
		if codeOf(err) != c.want || (err == nil) != (token != "") {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if len(token) > MaxAccountToken {
			t.Errorf("%s: %d bytes", c.name, len(token))
		}
	}
}

// Whatever is done to an account token, it opens for nobody; and the two ways to refuse it tell apart only what its own
// checksum tells anybody.
func TestAnAlteredAccountTokenIsRefused(t *testing.T) {
	d := newDesk(t, secret.RandomKeyring(), nil)
	token, _, err := d.Mint(d.minter, "a", Grants{}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	body := token[:len(token)-sumDigits]
	for i := len(AccountPrefix); i < len(body)-1; i++ { // the last digit of base64 has bits that mean nothing
		other := byte('A')
		if body[i] == other {
			other = 'B'
		}
		flipped := body[:i] + string(other) + body[i+1:]
		if got := d.code(flipped + token[len(body):]); got != problem.TokenMalformed {
			t.Errorf("byte %d with the old checksum: %q", i, got)
		}
		if got := d.code(checked(flipped)); got != problem.Unauthorized {
			t.Errorf("byte %d with its own checksum: %q", i, got)
		}
	}
	for name, token := range map[string]string{"at the bound": checked(AccountPrefix + strings.Repeat("A", MaxAccountToken-len(AccountPrefix)-sumDigits)), "past it": checked(AccountPrefix + strings.Repeat("A", MaxAccountToken))} {
		if got := d.code(token); got != problem.Unauthorized {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// Still looks at a principal again as a new request with its token would be looked at.
func TestStillSaysWhatAuthenticateWould(t *testing.T) {
	d := newDesk(t, secret.RandomKeyring(), func(p *Principal) { p.Expires = time.Date(2026, 9, 20, 13, 0, 0, 0, time.UTC) })
	token, ends, err := d.Mint(d.minter, "a", Grants{}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	own, _ := d.Authenticate(t.Context(), "Bearer "+operators)
	minted, _ := d.Authenticate(t.Context(), "Bearer "+token)
	for _, c := range []struct {
		name        string
		at          time.Time
		revoked     bool
		own, minted problem.Code
	}{
		{"at once", d.at, false, "", ""},
		{"the account token has ended", ends, false, "", problem.TokenExpired},
		{"both have", d.minter.Expires, false, problem.TokenExpired, problem.TokenExpired},
		{"revoked", d.at, true, problem.Unauthorized, problem.Unauthorized},
	} {
		if d.at = c.at; c.revoked {
			d.tokens.Replace(nil)
		}
		if got := codeOf(d.Still(t.Context(), own)); got != c.own || got != d.code(operators) {
			t.Errorf("%s: a token: %q", c.name, got)
		}
		if got := codeOf(d.Still(t.Context(), minted)); got != c.minted || got != d.code(token) {
			t.Errorf("%s: an account token: %q", c.name, got)
		}
	}
}

// Without keys an account token is nobody's, whatever it says.
func TestWhereNoAccountTokensAreTaken(t *testing.T) {
	d := newDesk(t, secret.RandomKeyring(), nil)
	token, _, err := d.Mint(d.minter, "a", Grants{}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	closed := NewAuthenticator("admin.tokens", nil, time.Now, d.tokens)
	if _, err := closed.Authenticate(t.Context(), "Bearer "+token); codeOf(err) != problem.Unauthorized || !strings.Contains(err.Error(), "admin.tokens") {
		t.Errorf("an account token: %v", err)
	}
	if _, err := closed.Authenticate(t.Context(), "Bearer "+operators); err != nil {
		t.Errorf("a token: %v", err)
	}
}

// A token's check is on the path of every request.
func TestATokenOfTheConfigurationIsCheckedWithoutAllocating(t *testing.T) {
	ours := NewToken()
	for name, token := range map[string]string{"of any text": operators, "of our form": ours} {
		d := newDesk(t, secret.RandomKeyring(), func(p *Principal) { p.Sum = SumOf(token) })
		header, act := "Bearer "+token, Action{Area: "usage-metering", Name: "usage", Format: FormatUnified}
		if n := testing.AllocsPerRun(100, func() {
			p, err := d.Authenticate(context.Background(), header)
			if err != nil || !p.Sees("a", "") || p.Allows(act) != nil {
				t.Fatal(err)
			}
		}); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func FuzzAuthenticate(f *testing.F) {
	d := newDesk(f, secret.RandomKeyring(), nil)
	token, _, err := d.Mint(d.minter, "a", Grants{}, time.Minute)
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"", "umt_", "uat_", "uat_AAAAAAA", NewToken(), token, checked(AccountPrefix + "AAAA")} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := d.Authenticate(context.Background(), "Bearer "+s)
		if good := strings.TrimSpace(s) == token; (err == nil) != good || (p != nil) != good {
			t.Errorf("%q: %v, %v", s, p, err)
		}
		if c := codeOf(err); err != nil && c != problem.Unauthorized && c != problem.TokenMalformed {
			t.Errorf("%q: %v", s, err)
		}
	})
}

func BenchmarkAuthenticate(b *testing.B) {
	d := newDesk(b, secret.RandomKeyring(), nil)
	sealed, _, err := d.Mint(d.minter, "a", Grants{}, time.Minute)
	if err != nil {
		b.Fatal(err)
	}
	cached := NewAuthenticator("auth.tokens", nil, time.Now, NewCached(d.tokens, time.Now))
	for name, c := range map[string]struct {
		*Authenticator
		token string
	}{"configured": {d.Authenticator, operators}, "cached": {cached, operators}, "account": {d.Authenticator, sealed}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			header := "Bearer " + c.token
			for b.Loop() {
				if _, err := c.Authenticate(context.Background(), header); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
