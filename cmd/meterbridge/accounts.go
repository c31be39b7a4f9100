package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/meterbridge/meterbridge/internal/admin"
	"github.com/meterbridge/meterbridge/proxy"
)

type accountsVerb struct {
	List   accountsListVerb   `cmd:"" help:"List integrated accounts."`
	Show   accountsShowVerb   `cmd:"" help:"Show one integrated account."`
	Add    accountsAddVerb    `cmd:"" help:"Create an integrated account and check it against its provider."`
	Set    accountsSetVerb    `cmd:"" help:"Change an integrated account; what is not given stays."`
	Remove accountsRemoveVerb `cmd:"" help:"Remove integrated accounts, with their credentials."`
	Check  accountsCheckVerb  `cmd:"" help:"Ask the providers whether they take the credentials, and keep what they say as status."`
}

type accountsListVerb struct {
	Tenant    string `help:"Only accounts of this customer." placeholder:"ID"`
	Status    string `help:"Only accounts with this status: active, connecting, validation_error, needs_reauth or blocked." placeholder:"STATUS"`
	Connector string `help:"Only accounts of this connector." placeholder:"NAME"`
	operatorFlags
}

func (v *accountsListVerb) Run(ctx context.Context, to std) error {
	return v.with(to, func(o *operator) error {
		all, err := o.all(ctx, url.Values{"tenant_id": {v.Tenant}, "status": {v.Status}, "connector": {v.Connector}})
		if err != nil {
			return err
		}
		if v.JSON {
			return printJSON(to.out, all)
		}
		g := &grid{columns: []column{{title: "id", long: true}, {title: "connector"}, {title: "tenant", long: true}, {title: "status"}, {title: "last error", long: true}}}
		for _, a := range all {
			g.add(a.ID, a.Connector, orEmpty(a.TenantID), string(a.Status), orEmpty(a.LastError))
		}
		if len(all) > 0 {
			g.write(to.out, "", widthOf(to.out))
			fmt.Fprintln(to.out)
		}
		fmt.Fprintln(to.out, count(len(all), "account"))
		return nil
	})
}

// all follows the pages of a list.
func (o *operator) all(ctx context.Context, query url.Values) ([]proxy.AccountView, error) {
	all := []proxy.AccountView{}
	query.Set("limit", "1000")
	for {
		var page proxy.AccountList
		if err := o.ask(ctx, http.MethodGet, "/integrated-account?"+query.Encode(), nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Result...)
		if page.Next == nil {
			return all, nil
		}
		query.Set("next_cursor", *page.Next)
	}
}

type accountsShowVerb struct {
	ID string `arg:"" help:"The account."`
	operatorFlags
}

func (v *accountsShowVerb) Run(ctx context.Context, to std) error {
	return v.with(to, func(o *operator) error { return o.show(ctx, to, http.MethodGet, pathOf(v.ID), nil) })
}

type accountsRemoveVerb struct {
	IDs []string `arg:"" help:"The accounts." name:"id"`
	operatorFlags
}

func (v *accountsRemoveVerb) Run(ctx context.Context, to std) error {
	return v.with(to, func(o *operator) error {
		for _, id := range v.IDs {
			if err := o.ask(ctx, http.MethodDelete, pathOf(id), nil, nil); err != nil {
				return err
			}
			if !v.JSON {
				fmt.Fprintln(to.out, "removed", printable(id))
			}
		}
		return nil
	})
}

type accountsCheckVerb struct {
	IDs []string `arg:"" optional:"" help:"The accounts; default: all." name:"id"`
	operatorFlags
}

func (v *accountsCheckVerb) Run(ctx context.Context, to std) error {
	return v.with(to, func(o *operator) error {
		ids := v.IDs
		if len(ids) == 0 {
			all, err := o.all(ctx, url.Values{})
			if err != nil {
				return err
			}
			for _, a := range all {
				ids = append(ids, a.ID)
			}
		}
		checked, bad := []admin.Account{}, 0
		for _, id := range ids {
			var a admin.Account
			if err := o.ask(ctx, http.MethodPost, pathOf(id)+"/check", nil, &a); err != nil {
				return err
			}
			if checked = append(checked, a); a.Status != "active" {
				bad++
			}
		}
		if v.JSON {
			if err := printJSON(to.out, checked); err != nil {
				return err
			}
		} else {
			g := &grid{columns: []column{{title: "id", long: true}, {title: "connector"}, {title: "status"}, {title: "last error", long: true}}}
			for _, a := range checked {
				g.add(a.ID, a.Connector, string(a.Status), orEmpty(a.LastError))
			}
			g.write(to.out, "", widthOf(to.out))
		}
		if bad > 0 {
			return errSaid
		}
		return nil
	})
}

// show makes a request and shows the account that it is answered with.
func (o *operator) show(ctx context.Context, to std, method, path string, body any) error {
	var a admin.Account
	if err := o.ask(ctx, method, path, body, &a); err != nil {
		return err
	}
	if o.json {
		return printJSON(to.out, a)
	}
	p := &sheet{w: to.out, width: widthOf(to.out)}
	for name := range a.Context {
		p.fitName(name)
	}
	fmt.Fprintln(to.out, printable(a.ID))
	p.line("connector", a.Connector)
	p.line("tenant", printable(orEmpty(a.TenantID)))
	p.line("status", string(a.Status))
	p.line("last error", printable(orEmpty(a.LastError)))
	for i, name := range sortedKeys(a.Context) {
		p.named(firstOnly(i, "context"), name, printable(oneLine(a.Context[name])))
	}
	p.line("credentials", strings.Join(a.Credentials, ", "))
	p.line("created", orEmpty(a.CreatedAt))
	p.line("changed", orEmpty(a.UpdatedAt))
	return nil
}

func pathOf(id string) string { return "/integrated-account/" + url.PathEscape(id) }

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
