package proxy_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
)

// manyLines are lines of none to three records, enough for a second core to be of use.
func manyLines() []line {
	var out []line
	for i := range 48 {
		var records []string
		for k := range []int{1, 2, 0, 3}[i%4] {
			r := totalRecord(fmt.Sprintf("r%02d-%d", i, k), "2026-01-05", "1.10")
			records = append(records, r[:len(r)-1]+`,"dimensions":{"text":"`+strings.Repeat("x", 1000)+`"}}`)
		}
		out = append(out, linesOf("2026-01-05", records...))
	}
	return out
}

// TestALargeStreamThatBreaksResumesBehindItsLastRecord: also where two cores map it.
func TestALargeStreamThatBreaksResumesBehindItsLastRecord(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	lines := manyLines()
	acme := newAcme(t, lines...)
	acme.per = len(lines)
	h := newHouse(t, acme.URL)
	const query = "start_date=2026-01" + asStream
	want := h.good(query).stream(t).records
	if len(want) != 72 {
		t.Fatalf("%d records", len(want))
	}
	same(t, "in pages", h.walk("start_date=2026-01&limit=31"), want)
	for _, f := range faults() {
		for k := range len(lines) + 1 {
			acme.breakOnce(f, k)
			got, next := h.untilBroken("stream", query)
			if next == "" {
				got = nil
			}
			got = append(got, h.good(query+"&next_cursor="+next).stream(t).records...)
			same(t, fmt.Sprintf("%s at item %d", f.name, k), got, want)
		}
	}
}

// TestAClientThatLeavesALargeStream: both cores let go of it, which the end of all tests proves.
func TestAClientThatLeavesALargeStream(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	acme := newAcme(t)
	block := ""
	for _, l := range manyLines() {
		block += l.raw + ","
	}
	gone := make(chan struct{})
	acme.handle("/lines", func(w http.ResponseWriter, r *http.Request) {
		defer close(gone)
		io.WriteString(w, `{"data":{"lines":[`)
		for r.Context().Err() == nil {
			if _, err := io.WriteString(w, block); err != nil {
				return
			}
		}
	})
	h := newHouse(t, acme.URL)
	ctx, leave := context.WithCancel(t.Context())
	resp, err := h.open(ctx, "start_date=2026-01"+asStream)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.CopyN(io.Discard, resp.Body, 8<<20); err != nil {
		t.Fatal(err)
	}
	leave()
	<-gone
}
