package main

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/proxy"
)

type callVerb struct {
	Model    string `arg:"" help:"The unified model: usage-metering."`
	Resource string `arg:"" help:"usage, products, organizations, workspaces or users."`

	Account string `help:"The integrated account." placeholder:"ID" short:"a"`

	Start       string   `help:"First day, month or instant; default: start of the current month." placeholder:"DATE"`
	End         string   `help:"Last day or month, or an exclusive instant; default: end of the start's month." placeholder:"DATE"`
	Date        string   `help:"One day." placeholder:"DATE"`
	Granularity string   `help:"hour, day, week or month; default: the provider's own." placeholder:"PERIOD" short:"g"`
	Limit       int      `help:"At most so many records; default: all." placeholder:"N" short:"n"`
	Filter      []string `help:"Only these, such as product_id=ID; may be repeated." placeholder:"K=V" sep:"none"`
	SummaryBy   string   `help:"Sums in place of records, by any of ${dimensions}." placeholder:"A,B"`
	Remote      []string `help:"A parameter for the provider itself, such as page=2 or filter[tag]=x; may be repeated." placeholder:"K=V" sep:"none"`
	Cursor      string   `help:"Go on from a cursor." placeholder:"CURSOR"`

	Format string `help:"${enum}." default:"table" enum:"table,json,ndjson,csv" short:"f"`
	JSON   bool   `help:"The same as --format json." name:"json"`
	Exact  bool   `help:"All digits in the table too."`

	Explain bool `help:"One page, and where it comes from: what was said to the provider, and which of its fields feeds each value of a record. With json, the body of the debug format."`
	Items   int  `help:"So many of the provider's items are explained." default:"${explained}" placeholder:"N"`

	URL   string `help:"A running gateway; default: MB_URL from the environment, else the configuration's accounts in this process." name:"url" placeholder:"URL"`
	Token string `help:"The gateway's token; default: MB_TOKEN from the environment." placeholder:"TOKEN"`
	ownAccount
}

func (v *callVerb) Help() string {
	return `Examples:
  meterbridge call usage-metering usage --account acme-1 --start 2026-01 --end 2026-03
  meterbridge call usage-metering usage --account acme-1 --date 2026-01-31 --filter product_id=kafka --format csv
  meterbridge call usage-metering usage --account acme-1 --start 2026-01 --end 2026-03 --summary-by product_id,month
  MB_ACME_API_KEY=… meterbridge call usage-metering usage --connector acme      (connectors show NAME lists the names)
  MB_ACME_API_KEY=… meterbridge call usage-metering usage --connector ./work --explain     (work/connectors/acme.yaml, work/mappings/…)
  MB_URL=http://127.0.0.1:8080 MB_TOKEN=… meterbridge call usage-metering products --account acme-1`
}

func (v *callVerb) Run(ctx context.Context, to std) error {
	if v.JSON {
		v.Format = "json"
	}
	if err := v.place(); err != nil {
		return err
	}
	query, err := v.query()
	if err != nil {
		return err
	}
	who, account, done, err := v.asker(to)
	if err != nil {
		return err
	}
	defer done()
	r := &reading{asker: who, path: target(v.Model, v.Resource), limit: v.Limit, cursor: v.Cursor, to: to}
	if account != "" {
		query = append([]string{"integrated_account_id=" + url.QueryEscape(account)}, query...)
	}
	r.query = strings.Join(query, "&")
	if v.Explain {
		return r.explain(ctx, v.Items, v.Format)
	}
	if v.SummaryBy != "" && v.Format != "csv" {
		return r.summary(ctx, strings.Split(v.SummaryBy, ","), v.Format == "json", v.Exact)
	}
	switch v.Format {
	case "csv":
		return r.csv(ctx)
	case "ndjson":
		return r.ndjson(ctx)
	case "json":
		return r.json(ctx)
	}
	return r.table(ctx, v.Resource == "usage", v.Exact)
}

// query is the request's parameters but for account, limit, cursor and format, in the order of the flags: a provider's
// own parameters keep theirs.
func (v *callVerb) query() ([]string, error) {
	if v.Limit < 0 {
		return nil, badInput("--limit takes a number of records, 1 or more")
	}
	if v.Explain && v.SummaryBy != "" {
		return nil, badInput("--explain tells of records, --summary-by of sums; take one of them")
	}
	if v.Explain && v.Format != "table" && v.Format != "json" {
		return nil, badInput("--explain is for reading, or for --format json; leave --format %s out", v.Format)
	}
	if v.Explain && (v.Items < 1 || v.Items > proxy.MaxExplained) {
		return nil, badInput("--items takes a number from 1 to %d", proxy.MaxExplained)
	}
	if v.Date != "" && (v.Start != "" || v.End != "") {
		return nil, badInput("--date is one day; take it, or --start and --end")
	}
	if v.SummaryBy != "" && (v.Limit > 0 || v.Cursor != "" || v.Format == "ndjson") {
		return nil, badInput("--summary-by sums all records in one answer: leave --limit and --cursor out, and take --format table, json or csv")
	}
	if v.Account != "" && v.Connector != "" {
		return nil, badInput("--account takes a configured account, --connector makes one of the environment; take one of them")
	}
	if v.Connector != "" && v.URL != "" {
		return nil, badInput("--connector calls the provider from this process; a gateway (--url) knows accounts: take --account")
	}
	var q []string
	add := func(key, value string) {
		if value != "" {
			q = append(q, url.QueryEscape(key)+"="+url.QueryEscape(value))
		}
	}
	add("start_date", v.Start)
	add("end_date", v.End)
	add("date", v.Date)
	add("granularity", v.Granularity)
	add("summary_by", v.SummaryBy)
	for _, f := range v.Filter {
		key, value, err := pair("--filter", f)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(proxy.Filters, key) {
			return nil, badInput("--filter takes %s, and no %q", strings.Join(proxy.Filters, ", "), key)
		}
		add(key+"[]", value)
	}
	for _, r := range v.Remote {
		key, value, err := pair("--remote", r)
		if err != nil {
			return nil, err
		}
		head, rest, nested := strings.Cut(key, "[")
		if nested {
			rest = "[" + rest
		}
		q = append(q, url.QueryEscape("remote_query["+head+"]"+rest)+"="+url.QueryEscape(value))
	}
	return q, nil
}

func pair(flag, s string) (key, value string, err error) {
	key, value, ok := strings.Cut(s, "=")
	if !ok || key == "" {
		return "", "", badInput("%s wants KEY=VALUE, and got %q", flag, s)
	}
	return key, value, nil
}
