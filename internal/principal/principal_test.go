package principal

import (
	"testing"

	"github.com/meterbridge/meterbridge/internal/problem"
)

func TestPrincipalSees(t *testing.T) {
	for _, c := range []struct {
		name     string
		accounts []string
		want     bool
		only     string
	}{
		{"everything", []string{"*"}, true, ""},
		{"its id", []string{"a1"}, true, "a1"},
		{"its tenant", []string{"tenant:acme"}, true, ""},
		{"several", []string{"b", "a1"}, true, ""},
		{"another id", []string{"a2"}, false, "a2"},
		{"another tenant", []string{"tenant:other"}, false, ""},
		{"no tenant", []string{"tenant:"}, false, ""},
		{"an id that is a tenant's", []string{"acme"}, false, "acme"},
		{"nothing", nil, false, ""},
	} {
		p := &Principal{Grants: Grants{Accounts: c.accounts}}
		if got := p.Sees("a1", "acme"); got != c.want || p.Only() != c.only {
			t.Errorf("%s: %v, bound to %q", c.name, got, p.Only())
		}
	}
	if (&Principal{Grants: Grants{Accounts: []string{"tenant:"}}}).Sees("a1", "") {
		t.Error("an account without a tenant is nobody's by tenant")
	}
	if (*Principal)(nil).Sees("a1", "") {
		t.Error("nobody sees an account")
	}
}

func TestAllows(t *testing.T) {
	all := Grants{Accounts: []string{"*"}, Write: true}
	usage := Action{Area: "usage-metering", Name: "usage", Format: FormatUnified}
	proxied := Action{Area: AreaProxy, Name: "invoices", Format: FormatPassthrough}
	custom := Action{Area: AreaCustom, Format: FormatPassthrough}
	metrics := Action{Area: AreaMetrics}
	write := custom
	write.Write = true
	narrow := func(change func(*Grants)) *Principal {
		p := &Principal{Grants: all}
		change(&p.Grants)
		return p
	}
	resources := func(words ...string) *Principal { return narrow(func(g *Grants) { g.Resources = words }) }
	formats := func(words ...string) *Principal { return narrow(func(g *Grants) { g.Formats = words }) }
	minted := func(g Grants, by *Principal) *Principal { return &Principal{Grants: g, minter: by} }
	const good = problem.Code("")
	for _, c := range []struct {
		name string
		who  *Principal
		act  Action
		want problem.Code
	}{
		{"nobody", nil, usage, problem.Unauthorized},
		{"everything, records", narrow(func(*Grants) {}), usage, good},
		{"everything, a write", narrow(func(*Grants) {}), write, good},
		{"everything, metrics", narrow(func(*Grants) {}), metrics, good},
		{"a reader writes", narrow(func(g *Grants) { g.Write = false }), write, problem.WriteForbidden},
		{"a reader reads", narrow(func(g *Grants) { g.Write = false }), custom, good},

		{"the resource", resources("usage-metering/usage"), usage, good},
		{"all of the model", resources("usage-metering/*"), usage, good},
		{"everything by name", resources("*"), custom, good},
		{"another resource", resources("usage-metering/users"), usage, problem.ResourceForbidden},
		{"another model's resource of that name", resources("crm/usage"), usage, problem.ResourceForbidden},
		{"a provider's resource of that name", resources("proxy/usage"), usage, problem.ResourceForbidden},
		{"the model alone", resources("usage-metering"), usage, problem.ResourceForbidden},
		{"the provider's", resources("proxy/invoices"), proxied, good},
		{"all of the provider's", resources("proxy/*"), proxied, good},
		{"all of the provider's, by path", resources("proxy/*"), custom, problem.ResourceForbidden},
		{"records, by path", resources("usage-metering/*"), custom, problem.ResourceForbidden},
		{"any path", resources("custom"), custom, good},
		{"any path, a listed resource", resources("custom"), proxied, problem.ResourceForbidden},
		{"records, metrics", resources("usage-metering/*"), metrics, problem.ResourceForbidden},
		{"metrics", resources("metrics"), metrics, good},

		{"the format", formats("unified"), usage, good},
		{"another format", formats("csv", "raw"), usage, problem.FormatForbidden},
		{"raw is no passthrough", formats("raw"), proxied, problem.FormatForbidden},
		{"passthrough is no raw", formats("passthrough"), Action{Area: "usage-metering", Name: "usage", Format: FormatRaw}, problem.FormatForbidden},
		{"what has no format", formats("csv"), metrics, good},

		{"an account token, metrics", minted(all, narrow(func(*Grants) {})), metrics, problem.ResourceForbidden},
		{"an account token, records", minted(all, narrow(func(*Grants) {})), usage, good},
		{"its minter may not write any more", minted(all, narrow(func(g *Grants) { g.Write = false })), write, problem.WriteForbidden},
		{"its minter reaches less", minted(all, resources("usage-metering/users")), usage, problem.ResourceForbidden},
		{"its minter gets less", minted(all, formats("csv")), usage, problem.FormatForbidden},
		{"narrower than its minter", minted(Grants{Formats: []string{"csv"}}, narrow(func(*Grants) {})), usage, problem.FormatForbidden},
	} {
		err := c.who.Allows(c.act)
		if got := codeOf(err); got != c.want {
			t.Errorf("%s: %q (%v), want %q", c.name, got, err, c.want)
		}
	}
	if minted(all, formats("csv")).Gets(FormatRemoteData) || !minted(all, formats("remote_data")).Gets(FormatRemoteData) {
		t.Error("an account token does not get what its minter gets")
	}
	if minted(Grants{Accounts: []string{"a"}}, &Principal{Grants: Grants{Accounts: []string{"b"}}}).Sees("a", "") {
		t.Error("an account token sees what its minter sees no more")
	}
}

func codeOf(err error) problem.Code {
	if err == nil {
		return ""
	}
	return problem.From(err).Code
}

func TestWordsOfGrants(t *testing.T) {
	for word, good := range map[string]bool{
		"*": true, "custom": true, "metrics": true, "proxy/*": true, "proxy/invoices": true, "usage-metering/usage": true,
		"": false, "proxy": false, "usage-metering": false, "usage-metering/": false, "/usage": false, "a/b/c": false, "custom/x": false, "metrics/*": false,
	} {
		if err := ResourceWord(word); (err == nil) != good {
			t.Errorf("resource %q: %v", word, err)
		}
	}
	for word, good := range map[string]bool{"raw": true, "passthrough": true, "remote_data": true, "sse": false, "": false, "RAW": false} {
		if err := FormatWord(word); (err == nil) != good {
			t.Errorf("format %q: %v", word, err)
		}
	}
	for word, good := range map[string]bool{"*": true, "a": true, "tenant:x": true, "": false, "tenant:": false} {
		if err := AccountWord(word); (err == nil) != good {
			t.Errorf("account %q: %v", word, err)
		}
	}
}

func TestBoundsOfGrants(t *testing.T) {
	words := func(n, size int) (out []string) {
		for range n {
			out = append(out, "proxy/"+string(make([]byte, size-len("proxy/"))))
		}
		return out
	}
	for _, c := range []struct {
		name string
		g    Grants
		good bool
	}{
		{"none", Grants{}, true},
		{"as many as may be", Grants{Resources: words(MaxGrants, 10)}, true},
		{"one more", Grants{Resources: words(MaxGrants+1, 10)}, false},
		{"as long as may be", Grants{Resources: words(1, MaxGrant)}, true},
		{"one byte more", Grants{Resources: words(1, MaxGrant+1)}, false},
		{"an account's id one byte too long", Grants{Accounts: words(1, MaxGrant+1)}, false},
		{"an empty list, which would be nothing", Grants{Formats: []string{}}, false},
	} {
		if err := c.g.Check(); (err == nil) != c.good {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
