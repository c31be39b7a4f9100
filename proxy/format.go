package proxy

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/meterbridge/meterbridge/internal/principal"
)

// Format is a response format of the contract.
type Format string

const (
	Unified    Format = "unified"
	Raw        Format = "raw"
	Normalized Format = "normalized"
	Stream     Format = "stream"
	Debug      Format = "debug"
	SSE        Format = "sse" // stream as server-sent events, by Accept
	CSV        Format = "csv" // by Accept
)

// formats are those that truto_response_format takes.
var formats = []Format{Unified, Raw, Normalized, Stream, Debug}

// ofMedia are the formats that Accept chooses; of the others that a client names, the gateway has none.
var ofMedia = map[string]Format{
	"text/csv": CSV, "application/x-ndjson": Stream, "text/event-stream": SSE,
	"application/json": Unified, "application/*": Unified, "*/*": Unified,
}

// negotiate lets the headers choose what a browser or a pipe can't say in the query. unified and normalized yield to
// Accept; a stream may be had as events; any other format that was given stands.
func (p *params) negotiate(h http.Header) {
	asked := preferred(strings.Join(h.Values("Accept"), ","))
	switch {
	case asked == Unified:
	case p.format == Unified, p.format == Normalized, p.format == Stream && asked == SSE:
		p.format = asked
	}
	// A client of server-sent events reconnects to the URL it began with, and says by this header how far it came.
	if last := h.Get("Last-Event-ID"); p.format == SSE && last != "" {
		p.cursor = last
	}
}

// preferred is the format that an Accept header likes best, of those that the gateway has. Between equals a type that is
// named wins over a wildcard, then the first.
func preferred(accept string) Format {
	best, rank := Unified, 0
	for part := range strings.SplitSeq(accept, ",") {
		media, args, _ := strings.Cut(part, ";")
		media = strings.ToLower(strings.TrimSpace(media))
		f, ok := ofMedia[media]
		if !ok {
			continue
		}
		r := 2 * quality(args)
		if !strings.HasSuffix(media, "*") && r > 0 {
			r++
		}
		if r > rank {
			best, rank = f, r
		}
	}
	return best
}

// quality is the weight of a media range in thousandths.
func quality(args string) int {
	for arg := range strings.SplitSeq(args, ";") {
		name, v, _ := strings.Cut(strings.TrimSpace(arg), "=")
		if !strings.EqualFold(name, "q") {
			continue
		}
		if q, err := strconv.ParseFloat(v, 64); err == nil && q >= 0 && q <= 1 {
			return int(q * 1000)
		}
	}
	return 1000
}

// streams says whether the format has no deadline of its own: it ends when its records do.
func (f Format) streams() bool { return slices.Contains([]Format{Stream, SSE, CSV}, f) }

// grant is the word by which a token is given the format: events are a stream.
func (f Format) grant() string {
	if f == SSE {
		return principal.FormatStream
	}
	return string(f)
}
