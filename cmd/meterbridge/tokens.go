package main

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/meterbridge/meterbridge/internal/admin"
	"github.com/meterbridge/meterbridge/internal/principal"
)

type tokensVerb struct {
	List   tokensListVerb   `cmd:"" help:"List API tokens and what each may do; never a token itself."`
	Create tokensCreateVerb `cmd:"" help:"Create an API token, and show it this once."`
	Revoke tokensRevokeVerb `cmd:"" help:"Revoke API tokens, and the account tokens that they minted."`
	New    tokensNewVerb    `cmd:"" help:"Print a token and its hash for auth.tokens of a configuration; nothing is kept."`
}

type tokensListVerb struct{ operatorFlags }

func (v *tokensListVerb) Run(ctx context.Context, to std) error {
	return v.with(to, func(o *operator) error {
		var all admin.TokenList
		if err := o.ask(ctx, http.MethodGet, "/token", nil, &all); err != nil {
			return err
		}
		if v.JSON {
			return printJSON(to.out, all.Result)
		}
		g := &grid{columns: []column{{title: "id"}, {title: "name", long: true}, {title: "accounts", long: true}, {title: "write"}, {title: "narrowed to", long: true}, {title: "expires"}, {title: "limit"}}}
		for _, t := range all.Result {
			write, limit := "", ""
			if t.Write {
				write = "yes"
			}
			if t.Limit != nil {
				limit = fmt.Sprintf("%d in %s", t.Limit.Rate, t.Limit.Per)
			}
			g.add(t.ID, t.Name, strings.Join(t.Accounts, ", "), write, strings.Join(append(t.Resources, t.Formats...), ", "), cmp.Or(t.Expires, "never"), limit)
		}
		if len(all.Result) > 0 {
			g.write(to.out, "", widthOf(to.out))
			fmt.Fprintln(to.out)
		}
		fmt.Fprintln(to.out, count(len(all.Result), "token"))
		return nil
	})
}

type tokensCreateVerb struct {
	Name      string        `arg:"" help:"For people and the log."`
	Account   []string      `help:"An account that it sees: an id, tenant:ID, or * for all." placeholder:"ID" required:""`
	Write     bool          `help:"/proxy and /custom may do more than GET and HEAD."`
	Resource  []string      `help:"Only this: usage-metering/RESOURCE, proxy/RESOURCE (* for all of them), custom or metrics." placeholder:"WHAT"`
	Format    []string      `help:"Only this: ${formats}." placeholder:"FORMAT"`
	ExpiresIn time.Duration `help:"How long it is good for, such as 720h; default: for ever." placeholder:"DURATION"`
	Rate      int           `help:"A limit of its own: requests in each --per." placeholder:"N"`
	Per       time.Duration `help:"The period of --rate." default:"1s" placeholder:"DURATION"`
	operatorFlags
}

func (v *tokensCreateVerb) Run(ctx context.Context, to std) error {
	d := admin.TokenDraft{Name: v.Name, Accounts: v.Account, Write: v.Write, Resources: v.Resource, Formats: v.Format}
	if v.ExpiresIn > 0 {
		d.Expires = time.Now().Add(v.ExpiresIn).UTC().Format(time.RFC3339)
	}
	if v.Rate > 0 {
		d.Limit = &admin.TokenRate{Rate: v.Rate, Per: v.Per.String()}
	}
	return v.with(to, func(o *operator) error {
		var made admin.NewToken
		if err := o.ask(ctx, http.MethodPost, "/token", d, &made); err != nil {
			return err
		}
		if v.JSON {
			return printJSON(to.out, made)
		}
		fmt.Fprintln(to.out, made.Token)
		fmt.Fprintf(to.err, "This is the token of %s, shown this once. Its id is %s: meterbridge tokens revoke %s\n", printable(made.View.Name), made.View.ID, made.View.ID)
		return nil
	})
}

type tokensRevokeVerb struct {
	IDs []string `arg:"" help:"The tokens, by the id that tokens list shows." name:"id"`
	operatorFlags
}

func (v *tokensRevokeVerb) Run(ctx context.Context, to std) error {
	return v.with(to, func(o *operator) error {
		for _, id := range v.IDs {
			if err := o.ask(ctx, http.MethodDelete, "/token/"+url.PathEscape(id), nil, nil); err != nil {
				return err
			}
			if !v.JSON {
				fmt.Fprintln(to.out, "revoked", printable(id))
			}
		}
		return nil
	})
}

type tokensNewVerb struct {
	JSON bool `help:"As JSON." name:"json"`
}

func (v *tokensNewVerb) Run(to std) error {
	token := principal.NewToken()
	sum := principal.SumOf(token)
	if v.JSON {
		return printJSON(to.out, map[string]string{"token": token, "token_sha256": hex.EncodeToString(sum[:])})
	}
	fmt.Fprintf(to.out, "token:        %s\ntoken_sha256: %x\n", token, sum)
	return nil
}
