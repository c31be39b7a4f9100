package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
)

type checkVerb struct {
	Accounts []string `arg:"" optional:"" help:"Ids of integrated accounts; default: all." name:"account"`
	JSON     bool     `help:"As JSON." name:"json"`
	ownAccount
}

// checked is what the check of one account found.
type checked struct {
	Account   string            `json:"account"`
	Connector string            `json:"connector"`
	OK        bool              `json:"ok"`
	Code      problem.Code      `json:"code,omitempty"`
	Message   string            `json:"message,omitempty"`
	Do        []string          `json:"do,omitempty"`
	Newest    string            `json:"newest,omitempty"` // where the newest usage record ends
	Records   int               `json:"records"`          // usage records that were seen
	Warnings  []problem.Warning `json:"warnings,omitempty"`
}

// recent is how far back the newest usage is looked for.
const recent = 7 * 24 * time.Hour

func (v *checkVerb) Run(ctx context.Context, to std) error {
	if v.Connector != "" && len(v.Accounts) > 0 {
		return badInput("ids are of configured accounts, --connector makes one of the environment; take one of them")
	}
	if err := v.place(); err != nil {
		return err
	}
	cfg, err := v.configuration("or a connector with --connector and credentials in the environment")
	if err != nil {
		return err
	}
	house, who, err := inProcessAsker(cfg, to)
	if err != nil {
		return err
	}
	defer house.Close()
	who.notes = nil
	if v.Connector != "" {
		if _, err := v.fromEnvironment(house, os.LookupEnv); err != nil {
			return err
		}
	}
	var ids []string
	err = account.All(ctx, house.Accounts, account.Query{}, func(a *account.Account) bool {
		ids = append(ids, a.ID)
		return true
	})
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return badInput("%s has no accounts; add one, or check a connector with --connector", cmp.Or(v.Config, defaultConfig))
	}
	names, err := pick("account", v.Accounts, ids)
	if err != nil {
		return err
	}
	var results []checked
	for _, id := range names {
		a, err := house.Accounts.Get(ctx, id)
		if err != nil {
			return err
		}
		results = append(results, checkAccount(ctx, house, who, a))
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if v.JSON {
		err = printJSON(to.out, results)
	} else {
		printChecks(to, results)
	}
	if err == nil && slices.ContainsFunc(results, func(c checked) bool { return !c.OK }) {
		return errSaid
	}
	return err
}

// checkAccount proves the credentials and the plan with the connector's check call, then reads usage as a client would.
func checkAccount(ctx context.Context, house *assembly.House, who *asker, a *account.Account) checked {
	conn := house.Catalog().Connectors.Get(a.Connector)
	c := checked{Account: a.ID, Connector: a.Connector}
	values, err := conn.ResolveContext(a.Context)
	if err == nil {
		err = house.Upstream.For(a, conn, values).Check(ctx)
	}
	if err == nil && conn.Resources["usage"] != nil {
		err = c.newest(ctx, who, time.Now().UTC())
	}
	if err != nil {
		c.failed(err, conn, a)
		return c
	}
	c.OK = true
	return c
}

// newest looks for the newest usage of the last days and, where there is none, since the start of last month.
func (c *checked) newest(ctx context.Context, who *asker, now time.Time) error {
	for _, start := range []time.Time{now.Add(-recent), time.Date(now.Year(), now.Month()-1, 1, 0, 0, 0, 0, time.UTC)} {
		query := "integrated_account_id=" + url.QueryEscape(c.Account) + "&truto_ignore_remote_data=true&limit=1000" +
			"&start_date=" + start.Format(time.DateOnly) + "&end_date=" + now.Format(time.DateOnly)
		p, err := who.page(ctx, target("", "usage"), query, "")
		if err != nil {
			return err
		}
		c.Records = len(p.Result)
		// The range was this check's own idea.
		c.Warnings = slices.DeleteFunc(p.Warnings, func(w problem.Warning) bool { return w.Code == problem.WarnRangeWidened })
		for _, raw := range p.Result {
			var r struct {
				End string `json:"end_date"`
			}
			if err := json.Unmarshal(raw, &r); err == nil && r.End > c.Newest {
				c.Newest = r.End
			}
		}
		if c.Records > 0 {
			return nil
		}
	}
	return nil
}

// failed says what is wrong and what to do, with what the connector knows of where to do it.
func (c *checked) failed(err error, conn *connector.Connector, a *account.Account) {
	var p *problem.Problem
	if !errors.As(err, &p) {
		if wrong := (*connector.ContextError)(nil); errors.As(err, &wrong) {
			p = problem.New(problem.AccountMisconfig, "%s", wrong)
		} else {
			p = problem.From(err)
		}
	}
	c.Code, c.Message = p.Code, p.Message
	switch {
	case len(missingScopes(p)) > 0:
		c.Do = append(c.Do, "grant the credentials: "+strings.Join(missingScopes(p), ", "))
	case p.Code == problem.NeedsReauth:
		for _, cr := range conn.Credentials {
			if a.Has(cr.Name) {
				c.Do = append(c.Do, "renew credentials."+cr.Name+": "+join(cr.Title, cr.Docs))
			}
		}
	default:
		c.Do = append(c.Do, whatToDo(p))
	}
	if conn.Docs != "" {
		c.Do = append(c.Do, "the provider's documentation: "+conn.Docs)
	}
}

func printChecks(to std, results []checked) {
	g := &grid{columns: []column{{paint: mark(isTerminal(to.out))}, {title: "account", long: true}, {title: "connector"}, {title: "result", long: true}, {title: "newest usage"}}}
	failed := 0
	for _, c := range results {
		sign, result, newest := good, "ok", "none since the start of last month"
		if c.Newest != "" {
			newest = "until " + day(c.Newest) + ", " + count(c.Records, "record") + " looked at"
		}
		if !c.OK {
			sign, result, newest = bad, string(c.Code), ""
			failed++
		}
		g.add(sign, c.Account, c.Connector, result, newest)
	}
	g.write(to.out, "", widthOf(to.out))
	for _, c := range results {
		if c.OK && len(c.Warnings) == 0 {
			continue
		}
		fmt.Fprintf(to.out, "\n%s: %s\n", printable(c.Account), printable(cmp.Or(c.Message, "it works, but:")))
		for _, w := range c.Warnings {
			fmt.Fprintf(to.out, "  ! %s (%s)\n", printable(w.Message), w.Code)
		}
		for _, do := range c.Do {
			fmt.Fprintf(to.out, "  → %s\n", do)
		}
	}
	fmt.Fprintf(to.out, "\n%s, %d ok, %d failed\n", count(len(results), "account"), len(results)-failed, failed)
}

const good, bad = "✓", "✗"

// mark colours a sign for a terminal.
func mark(terminal bool) func(string) string {
	return func(sign string) string {
		switch {
		case !terminal:
			return sign
		case sign == good:
			return "\x1b[32m" + sign + "\x1b[0m"
		}
		return "\x1b[31m" + sign + "\x1b[0m"
	}
}
