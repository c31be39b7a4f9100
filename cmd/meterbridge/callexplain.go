package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/proxy"
)

// explainedPage is what the debug format says of a page.
type explainedPage struct {
	Result page `json:"result"`
	Debug  struct {
		Exchanges []toldExchange `json:"exchanges"`
		Count     int            `json:"resultCount"`
		Explain   struct {
			Picked struct {
				Resource string       `json:"resource"`
				Derived  string       `json:"derived_from"`
				Mapping  string       `json:"mapping"`
				Pages    []pickedPage `json:"pages"`
			} `json:"picked"`
			Items  []explainedItem `json:"items"`
			Unread []string        `json:"unread"`
			Over   int             `json:"unread_over"`
			More   int             `json:"unread_more"`
		} `json:"explain"`
	} `json:"debug"`
}

type toldExchange struct {
	Purpose string  `json:"purpose"`
	Method  string  `json:"method"`
	URL     string  `json:"url"`
	Status  int     `json:"status"`
	Ms      float64 `json:"ms"`
	Bytes   int64   `json:"bytes"`
}

type pickedPage struct {
	Call   string   `json:"call"`
	Why    string   `json:"why"`
	Window *rangeOf `json:"window"`
	Path   string   `json:"path"`
	Items  int64    `json:"items"`
	Cached bool     `json:"cached"`
}

type explainedItem struct {
	Input   json.RawMessage `json:"input"`
	Shapes  []string        `json:"shapes"`
	Partial bool            `json:"partial"`
	Records []struct {
		Fields []struct {
			Field string          `json:"field"`
			Value json.RawMessage `json:"value"`
			From  []string        `json:"from"`
			Line  string          `json:"line"`
			Layer string          `json:"layer"`
		} `json:"fields"`
	} `json:"records"`
}

// explain asks for one page and tells how it came about.
func (r *reading) explain(ctx context.Context, items int, format string) error {
	query := r.query + "&truto_response_format=debug&explain=" + strconv.Itoa(items)
	if r.limit > 0 {
		query += "&limit=" + strconv.Itoa(min(r.limit, proxy.MaxLimit))
	}
	var p explainedPage
	body, err := r.answer(ctx, r.path, strings.TrimPrefix(query, "&"), r.cursor, &p)
	if err != nil {
		return r.explainProblem(err)
	}
	if format == "json" {
		return printJSON(r.to.out, json.RawMessage(body))
	}
	w, width := r.to.out, widthOf(r.to.out)
	tellExchanges(w, p.Debug.Exchanges, width)
	p.tellPicked(w, width)
	for i, item := range p.Debug.Explain.Items {
		if err := item.tell(w, i+1, width); err != nil {
			return environmentError{err}
		}
	}
	p.tellUnread(w, width)
	for _, one := range p.Result.Warnings {
		fmt.Fprintf(w, "! %s (%s)\n", printable(one.Message), one.Code)
	}
	r.more(w, p.Result.Next)
	return nil
}

// explainProblem shows what was said to the provider until a problem came.
func (r *reading) explainProblem(err error) error {
	var p *problem.Problem
	if !errors.As(err, &p) || p.Details["exchanges"] == nil {
		return err
	}
	var list []toldExchange
	if text, bad := json.Marshal(p.Details["exchanges"]); bad == nil && json.Unmarshal(text, &list) == nil {
		tellExchanges(r.to.out, list, widthOf(r.to.out))
	}
	delete(p.Details, "exchanges")
	return err
}

func tellExchanges(w io.Writer, list []toldExchange, width int) {
	if len(list) == 0 {
		fmt.Fprintln(w, "Nothing was said to the provider.")
		return
	}
	g := &grid{columns: []column{{title: "purpose"}, {title: "status", number: true}, {title: "ms", number: true}, {title: "bytes", number: true}, {title: ""}, {title: "url", long: true}}}
	for _, e := range list {
		status := strconv.Itoa(e.Status)
		if e.Status == 0 {
			status = "none"
		}
		g.add(e.Purpose, status, strconv.FormatFloat(e.Ms, 'f', 1, 64), grouped(strconv.FormatInt(e.Bytes, 10)), e.Method, e.URL)
	}
	fmt.Fprintln(w, "What was said to the provider:")
	g.write(w, "", width)
}
