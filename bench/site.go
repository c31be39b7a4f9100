package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/meterbridge/meterbridge/bench/shapes"
)

const (
	walkPages  = 50      // of a walk
	walkItems  = 20      // of each of its pages
	blockBytes = 4 << 20 // of items that a stream repeats
	blockRows  = 1000    // of a report that repeats them
	callsName  = "calls" // answers how many pages were asked for
	costsPath  = "/billing/v1/costs"
)

// site is the provider behind every gateway. The first part of a path says how it answers, so that an account chooses it
// by its base URL: 1k, 100k and 100r are pages, stream-BYTES is one long page, walk-MS and windows-MS answer late,
// csv-ROWS is a report, idle answers one item and no more.
type site struct {
	seed  uint64
	month time.Time
	pages map[string][]byte
	block []byte       // of cost lines
	rows  []byte       // of a report
	calls atomic.Int64 // for pages
}

// upstreamVerb serves a site: upstream LISTEN SEED MONTH.
func upstreamVerb(args []string) error {
	seed, err := strconv.ParseUint(args[1], 10, 64)
	if err != nil {
		return err
	}
	month, err := time.Parse(time.DateOnly, args[2])
	if err != nil {
		return err
	}
	s := newSite(seed, month)
	listeners, err := listen(args[0])
	if err != nil {
		return err
	}
	ended := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() { ended <- http.Serve(l, s) }()
	}
	return <-ended
}

// listen opens an address, and its port at further addresses of the machine itself: a gateway has so many connections to
// one host and no more.
func listen(addr string) ([]net.Listener, error) {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	var all []net.Listener
	for i := range siteHosts {
		l, err := net.Listen("tcp", siteHost(i)+":"+port)
		if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	return all, nil
}

// siteHosts are the addresses that the site listens at.
const siteHosts = 32

func siteHost(i int) string { return fmt.Sprintf("127.0.0.%d", i+1) }

func newSite(seed uint64, month time.Time) *site {
	s := &site{seed: seed, month: month, pages: map[string][]byte{}}
	lines := shapes.Confluent(month)
	for name, size := range map[string]int{"1k": 1 << 10, "100k": pageSize} {
		s.pages[name], _ = lines.Page(shapes.New(seed, month), size, `"more"`)
	}
	s.pages["100r"] = s.lines(shapes.New(seed, month), guardRecords, `"more"`)
	s.block, _ = lines.Items(shapes.New(seed, month), nil, blockBytes, ",\n")
	g := shapes.New(seed, month)
	for range blockRows {
		s.rows = shapes.SumoRow(g, s.rows)
	}
	return s
}

// lines is a page of so many cost lines.
func (s *site) lines(g *shapes.Gen, n int, next string) []byte {
	shape := shapes.Confluent(s.month)
	b := []byte(shape.Open())
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		b = shape.Item(g, b)
	}
	return fmt.Appendf(b, `],"metadata":{"first":null,"next":%s}}`, next)
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	how, path, _ := strings.Cut(r.URL.Path[1:], "/")
	how, arg, _ := strings.Cut(how, "-")
	n, _ := strconv.ParseInt(arg, 10, 64)
	w.Header().Set("Content-Type", "application/json")
	switch {
	case path == "org/v2/organizations":
		io.WriteString(w, `{"data":[{"id":"5d0c7a7e-4a1b-4f0e-9c53-0b2f6f0f7a11","display_name":"Acme Streaming"}],"metadata":{"next":null}}`)
	case path == "org/v2/environments":
		io.WriteString(w, `{"data":[{"id":"env-7n2x4q","display_name":"production"},{"id":"env-k31r8w","display_name":"staging \"eu\""}],"metadata":{"next":null}}`)
	case how == callsName:
		fmt.Fprint(w, s.calls.Load())
	case s.pages[how] != nil:
		s.calls.Add(1)
		w.Header().Set("Content-Length", strconv.Itoa(len(s.pages[how])))
		w.Write(s.pages[how])
	case how == "stream":
		s.long(w, n)
	case how == "walk":
		s.walk(w, r, time.Duration(n)*time.Millisecond)
	case how == "windows":
		s.window(w, r, time.Duration(n)*time.Millisecond)
	case how == "csv":
		s.report(w, r, path, n)
	case how == "idle":
		lines := shapes.Confluent(s.month)
		w.Write(append(lines.Item(shapes.New(s.seed, s.month), []byte(lines.Open())), ','))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	default:
		http.NotFound(w, r)
	}
}

// long is one page of about n bytes.
func (s *site) long(w io.Writer, n int64) {
	io.WriteString(w, shapes.Confluent(s.month).Open())
	for sent := int64(0); sent < n; sent += int64(len(s.block)) {
		if sent > 0 {
			io.WriteString(w, ",\n")
		}
		if _, err := w.Write(s.block); err != nil {
			return // the client has left
		}
	}
	io.WriteString(w, `],"metadata":{"first":null,"next":null}}`)
}

// walk is one of many pages, each leading to the next one.
func (s *site) walk(w http.ResponseWriter, r *http.Request, late time.Duration) {
	time.Sleep(late)
	at, _ := strconv.Atoi(r.URL.Query().Get("page_token"))
	next := "null"
	if at+1 < walkPages {
		next = fmt.Sprintf(`"http://%s%s?page_token=%d"`, r.Host, r.URL.Path, at+1)
	}
	g := shapes.New(s.seed+uint64(at), s.month)
	g.N = at * walkItems
	w.Write(s.lines(g, walkItems, next))
}

// window is the one page of a window of hours.
func (s *site) window(w http.ResponseWriter, r *http.Request, late time.Duration) {
	time.Sleep(late)
	at := r.URL.Query().Get("filter[timestamp][start]")
	fmt.Fprintf(w, `{"data":[{"type":"usage_timeseries","id":"%s","attributes":{"product_family":"infra_hosts","org_name":"Acme","public_id":"8c1e5a90b7d2","region":"us",`+
		`"timestamp":"%s:00:00+00:00","measurements":[{"usage_type":"host_count","value":7}]}}],"meta":{"pagination":{"next_record_id":null}}}`, at, at)
}

// report is a report's three calls: submit, status, download.
func (s *site) report(w http.ResponseWriter, r *http.Request, path string, rows int64) {
	base, _, _ := strings.Cut(r.URL.Path, "/v1/")
	switch {
	case r.Method == http.MethodPost:
		io.WriteString(w, `{"jobId":"1"}`)
	case strings.HasSuffix(path, "/status"):
		file := url.URL{Scheme: "http", Host: r.Host, Path: base + "/file.csv"}
		fmt.Fprintf(w, `{"status":"Success","reportDownloadURL":"%s"}`, file.String())
	default:
		w.Header().Set("Content-Type", "text/csv")
		w.Write(shapes.SumoHeader())
		for sent := int64(0); sent < rows; sent += blockRows {
			if _, err := w.Write(s.rows); err != nil {
				return
			}
		}
	}
}
