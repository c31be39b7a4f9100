package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// tourRows are the records that the tour shows of each provider.
const tourRows = 3

// tour asks a real request of each account, over HTTP like any client, and says what to try next.
func (d *demoHouse) tour(ctx context.Context, to std, once bool) error {
	w, width, month := to.out, widthOf(to.out), lastMonth(time.Now())
	fmt.Fprintf(w, "Meterbridge answers at %s\n", d.url)
	if d.moved {
		fmt.Fprintf(w, "(%s is taken, so it is another port; --listen ADDR chooses one)\n", demoListen)
	}
	fmt.Fprintf(w, "\n  token      %s\n  reference  %s/docs\n  providers  simulated at %s, one account each, named like its connector\n", demoToken, d.url, d.providers)

	who := &asker{base: d.url, token: demoToken, http: http.DefaultClient}
	var (
		sample     json.RawMessage
		of, cursor string
		failed     error
	)
	for _, a := range d.accounts {
		query := "integrated_account_id=" + url.QueryEscape(a.Connector) + "&start_date=" + month + "&limit=" + strconv.Itoa(tourRows)
		fmt.Fprintf(w, "\nGET %s?%s\n\n", target("", "usage"), query)
		p, err := who.page(ctx, target("", "usage"), query, "")
		if err == nil {
			err = usageTable(w, p.Result, "  ", width, false, false)
		}
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("asking for the usage of %s: %w", a.Connector, err))
			indented(w, "  ", err.Error())
			continue
		}
		if p.Next != "" {
			fmt.Fprintln(w, "  …")
		}
		if len(p.Result) > 0 && cursor == "" {
			sample, of, cursor = p.Result[0], a.Connector, p.Next
		}
	}
	if sample != nil {
		text, err := brief(sample, "  ", 118)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "\nThe first record of %s, with the provider's own item in remote_data:\n\n  %s\n", of, text)
		d.next(w, of, month, cursor)
	}
	if failed == nil && !once {
		fmt.Fprintf(w, "\nServing until Ctrl-C.\n")
	}
	return failed
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
