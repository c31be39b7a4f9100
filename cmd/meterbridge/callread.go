package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/proxy"
)

// reading follows the pages of one request.
type reading struct {
	*asker
	path, query, cursor string
	limit               int // 0: all
	to                  std
}

// gathered is what all pages held together.
type gathered struct {
	records  []json.RawMessage
	next     string // where a limit stopped
	span     *rangeOf
	partial  bool
	warnings []problem.Warning
}

// all follows the pages to their end, or to the limit.
func (r *reading) all(ctx context.Context, extra string) (*gathered, error) {
	bar := newProgress(r.to.err)
	defer bar.done()
	out := &gathered{next: r.cursor}
	seen := map[problem.Warning]bool{}
	for {
		size := proxy.MaxLimit
		if r.limit > 0 {
			size = min(size, r.limit-len(out.records))
		}
		p, err := r.page(ctx, r.path, r.query+extra+"&limit="+strconv.Itoa(size), out.next)
		if err != nil {
			return nil, err
		}
		bar.add(len(p.Result))
		out.records = append(out.records, p.Result...)
		out.next, out.span, out.partial = p.Next, p.Range, out.partial || p.Partial
		for _, w := range p.Warnings {
			if !seen[w] {
				seen[w] = true
				out.warnings = append(out.warnings, w)
			}
		}
		if out.next == "" || r.limit > 0 && len(out.records) >= r.limit {
			return out, nil
		}
	}
}

// json prints one list of all pages, in the shape of a page.
func (r *reading) json(ctx context.Context) error {
	got, err := r.all(ctx, "")
	if err != nil {
		return err
	}
	list := struct {
		Result   []json.RawMessage `json:"result"`
		Next     *string           `json:"next_cursor"`
		Prev     *string           `json:"prev_cursor"`
		Count    int               `json:"result_count"`
		Range    *rangeOf          `json:"range"`
		Partial  bool              `json:"is_partial_response,omitempty"`
		Warnings []problem.Warning `json:"warnings,omitempty"`
	}{Result: got.records, Count: len(got.records), Range: got.span, Partial: got.partial, Warnings: got.warnings}
	if list.Result == nil {
		list.Result = []json.RawMessage{}
	}
	if got.next != "" {
		list.Next = &got.next
		r.more(r.to.err, got.next)
	}
	return printJSON(r.to.out, list)
}

// printJSON is indented JSON with every number's own digits, and nothing escaped for HTML.
func printJSON(w io.Writer, v any) error {
	var plain, pretty bytes.Buffer
	enc := json.NewEncoder(&plain)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	if err := json.Indent(&pretty, plain.Bytes(), "", "  "); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	_, err := w.Write(pretty.Bytes())
	return err
}

// chunks asks for as many records as are wanted: a request takes so many at most, and all where it names no limit.
func (r *reading) chunks(one func(query string) (next string, err error)) error {
	cursor, left := r.cursor, r.limit
	for {
		params := ""
		if r.limit > 0 {
			params = "&limit=" + strconv.Itoa(min(left, proxy.MaxLimit))
		}
		if cursor != "" {
			params += "&next_cursor=" + url.QueryEscape(cursor)
		}
		var err error
		if cursor, err = one(r.query + params); err != nil {
			return err
		}
		if left -= proxy.MaxLimit; cursor == "" || left <= 0 {
			break
		}
	}
	r.more(r.to.err, cursor)
	return nil
}

// csv passes the gateway's table on as it comes.
func (r *reading) csv(ctx context.Context) error {
	first := true
	return r.chunks(func(query string) (next string, err error) {
		resp, err := r.get(ctx, r.path+"?"+query, "text/csv")
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		body := bufio.NewReader(resp.Body)
		if !first { // the header stands already; none of its names holds a line's end
			if _, err := body.ReadString('\n'); err != nil {
				return "", r.broken(ctx, err)
			}
		}
		first = false
		if _, err := io.Copy(r.to.out, body); err != nil {
			return "", r.broken(ctx, err)
		}
		for _, h := range []http.Header{resp.Header, resp.Trailer} {
			for _, w := range h.Values(proxy.HeaderWarning) {
				fmt.Fprintln(r.to.err, "warning:", printable(w))
			}
			next = cmp.Or(next, h.Get(proxy.HeaderNextCursor))
		}
		return next, nil
	})
}

// broken is a body that ended before its end.
func (r *reading) broken(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return environmentError{fmt.Errorf("the answer broke off, what stands above is not all: %w", err)}
}

// ndjson passes a stream on, a record a line, and says on the side how it ended.
func (r *reading) ndjson(ctx context.Context) error {
	out := bufio.NewWriter(r.to.out)
	defer out.Flush()
	return r.chunks(func(query string) (string, error) {
		resp, err := r.get(ctx, r.path+"?"+query+"&truto_response_format=stream&stream_meta=true", "application/x-ndjson")
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		return r.lines(ctx, out, bufio.NewReaderSize(resp.Body, 64<<10))
	})
}

// lines writes a stream's records and gives the cursor that its end carries.
func (r *reading) lines(ctx context.Context, out *bufio.Writer, in *bufio.Reader) (next string, err error) {
	for {
		line, err := in.ReadBytes('\n')
		switch {
		case errors.Is(err, io.EOF) && len(line) == 0:
			return "", r.broken(ctx, io.ErrUnexpectedEOF) // a stream says its end
		case err != nil:
			return "", r.broken(ctx, err)
		case bytes.HasPrefix(line, []byte(`{"checkpoint":`)):
			continue
		case bytes.HasPrefix(line, []byte(`{"error":`)):
			return "", streamError(line)
		case bytes.HasPrefix(line, []byte(`{"end":`)):
			return r.streamEnd(line)
		}
		out.Write(line)
		if in.Buffered() == 0 {
			if err := out.Flush(); err != nil {
				return "", fmt.Errorf("writing a record: %w", err)
			}
		}
	}
}

func streamError(line []byte) error {
	var e struct {
		Error json.RawMessage `json:"error"`
	}
	var status struct {
		Code int `json:"statusCode"`
	}
	if err := errors.Join(json.Unmarshal(line, &e), json.Unmarshal(e.Error, &status)); err != nil {
		return environmentError{fmt.Errorf("reading the stream's error: %w", err)}
	}
	return readProblem(status.Code, http.Header{}, e.Error)
}

func (r *reading) streamEnd(line []byte) (next string, err error) {
	var e struct {
		End struct {
			Next     string            `json:"next_cursor"`
			Warnings []problem.Warning `json:"warnings"`
		} `json:"end"`
	}
	if err := json.Unmarshal(line, &e); err != nil {
		return "", environmentError{fmt.Errorf("reading the stream's end: %w", err)}
	}
	for _, w := range e.End.Warnings {
		fmt.Fprintf(r.to.err, "warning: %s (%s)\n", printable(w.Message), w.Code)
	}
	return e.End.Next, nil
}
