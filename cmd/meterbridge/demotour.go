package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// tourRows are the records that the tour shows of one provider.
const tourRows = 3

// tourAtOnce bounds the providers that are asked at the same time.
const tourAtOnce = 8

// tour asks real requests of each account, over HTTP like any client, and says what to try next.
func (d *demoHouse) tour(ctx context.Context, to std, once bool) error {
	w, width, month := to.out, widthOf(to.out), lastMonth(time.Now())
	fmt.Fprintf(w, "Meterbridge answers at %s\n", d.url)
	if d.moved {
		fmt.Fprintf(w, "(%s is taken, so it is another port; --listen ADDR chooses one)\n", demoListen)
	}
	fmt.Fprintf(w, "\n  token      %s\n  reference  %s/docs\n  providers  simulated at %s, one account each, named like its connector\n", demoToken, d.url, d.providers)

	who := &asker{base: d.url, token: demoToken, http: http.DefaultClient}
	account, err := d.overview(ctx, who, w, width, month)
	if err != nil {
		return err
	}
	query := "integrated_account_id=" + url.QueryEscape(account) + "&start_date=" + month + "&limit=" + strconv.Itoa(tourRows)
	fmt.Fprintf(w, "\nGET %s?%s\n\n", target("", "usage"), query)
	p, err := who.page(ctx, target("", "usage"), query, "")
	if err == nil {
		err = usageTable(w, p.Result, "  ", width, false, false)
	}
	if err != nil || len(p.Result) == 0 {
		return err
	}
	if p.Next != "" {
		fmt.Fprintln(w, "  …")
	}
	text, err := brief(p.Result[0], "  ", 118)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\nThe first record, with the provider's own item in remote_data:\n\n  %s\n", text)
	d.next(w, account, month, p.Next)
	if !once {
		fmt.Fprintf(w, "\nServing until Ctrl-C.\n")
	}
	return nil
}

// overview shows what every account cost in a month, and gives the one with the most records.
func (d *demoHouse) overview(ctx context.Context, who *asker, w io.Writer, width int, month string) (most string, err error) {
	fmt.Fprintf(w, "\nGET %s?integrated_account_id=…&start_date=%s&summary_by=month\n\n", target("", "usage"), month)
	sums := make([]summary, len(d.accounts))
	errs := make([]error, len(d.accounts))
	var asking sync.WaitGroup
	places := make(chan struct{}, tourAtOnce)
	for i, a := range d.accounts {
		asking.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			query := "integrated_account_id=" + url.QueryEscape(a.Connector) + "&start_date=" + month + "&summary_by=month"
			if _, err := who.answer(ctx, target("", "usage"), query, "", &sums[i]); err != nil {
				errs[i] = fmt.Errorf("asking for the usage of %s: %w", a.Connector, err)
			}
		})
	}
	asking.Wait()
	if err := errors.Join(errs...); err != nil {
		return "", err
	}
	g := &grid{columns: []column{{title: "account"}, {title: "provider", long: true}, {title: "records", number: true}, {title: "cost", number: true}, {title: "currency"}, {title: ""}}}
	records, write := -1, numbers{}
	for i, a := range d.accounts {
		if sums[i].Totals.Records > records {
			most, records = a.Connector, sums[i].Totals.Records
		}
		costs, err := sums[i].Totals.costs()
		if err != nil {
			return "", err
		}
		name, title, n := a.Connector, d.house.Catalog().Connectors.Get(a.Connector).Title, strconv.Itoa(sums[i].Totals.Records)
		for k := range max(1, len(costs)) {
			amount, currency, remark := "", "", ""
			if k < len(costs) {
				amount, currency, remark = write.text(costs[k].amount, leastMoney), costs[k].currency, costs[k].remark()
			}
			g.add(name, title, n, amount, currency, remark)
			name, title, n = "", "", ""
		}
	}
	g.write(w, "  ", width)
	return most, nil
}

// next are commands that work as they stand.
func (d *demoHouse) next(w io.Writer, account, month, cursor string) {
	base := d.url + target("", "usage") + "?integrated_account_id=" + url.QueryEscape(account) + "&start_date=" + month
	curl := func(what, flags, address string) {
		fmt.Fprintf(w, "\n# %s\ncurl -sSg %s-H 'Authorization: Bearer %s' '%s'\n", what, flags, demoToken, address)
	}
	fmt.Fprintln(w, "\nTo try next, each line as it stands:")
	curl("a page of unified records", "", base+"&limit=5")
	if cursor != "" {
		curl("the next page of the request above", "", base+"&limit="+strconv.Itoa(tourRows)+"&next_cursor="+cursor)
	}
	curl("flat rows and the tables they refer to, ready to load", "", base+"&truto_response_format=normalized")
	curl("all records, a line each, as they arrive", "-N ", base+"&truto_response_format=stream")
	curl("a spreadsheet", "-H 'Accept: text/csv' ", base)
	curl("without the provider's item and two more fields; brackets as in qs", "", base+"&limit=1&truto_ignore_remote_data=true&truto_exclude_fields[]=resources&truto_exclude_fields[]=dimensions")
	curl("what each product has cost", "", base+"&summary_by=product_id,month")
	curl("what the account can do", "", d.url+"/integrated-account/"+url.PathEscape(account)+"/capabilities")
	fmt.Fprintf(w, "\n# the provider's next answer is a 429; ask again to see what a client gets\ncurl -sS -X POST '%s/_simulate/faults?connector=%s&fault=429&retry_after=2'\n", d.providers, url.QueryEscape(account))
	fmt.Fprintf(w, "\n# a table with sums and a chart\nMB_URL=%s MB_TOKEN=%s %s call usage-metering usage --account %s --start %s\n", d.url, demoToken, self(), account, month)
}

// self is how this program was started: `go run` leaves no file that could be started again.
func self() string {
	if name := os.Args[0]; !strings.Contains(name, "go-build") {
		return name
	}
	return "go run ./cmd/meterbridge"
}
