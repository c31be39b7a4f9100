package proxy

import (
	"io"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/telemetry"
)

// mapSpan begins the span of a page's items: they are read and mapped in turn, so it holds the time of both, and says how much
// of it the mapping worked. It is nil where nothing is mapped.
func (w *walk) mapSpan() *telemetry.Span {
	if w.span == nil || w.runner == nil {
		return nil
	}
	_, span := telemetry.StartSpan(w.ctx, "map")
	return span
}

// mappedPage ends the span of a page.
func (w *walk) mappedPage(pg *page) {
	if pg.span == nil {
		return
	}
	pg.span.Number("meterbridge.items", pg.count)
	pg.span.Number("meterbridge.mapping_us", (w.worked - pg.worked).Microseconds())
	if pg.cached {
		pg.span.Text("meterbridge.page_cache", "hit")
	}
	pg.span.End()
	pg.span = nil
}

// ended ends the walk's span.
func (w *walk) ended() {
	if w.span == nil {
		return
	}
	w.span.Text("meterbridge.connector", w.conn.Name)
	w.span.Text("meterbridge.resource", w.resource.Name)
	w.span.Number("meterbridge.records", int64(w.given))
	if w.err != nil && w.err != io.EOF {
		w.span.Fail(string(problem.From(w.err).Code))
	}
	w.span.End()
	w.span = nil
}
