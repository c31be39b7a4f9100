// Package telemetrytest is a receiver of traces for tests: it speaks OTLP over HTTP, and keeps what it was sent.
package telemetrytest

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Span is a span as it was sent.
type Span struct {
	Trace, ID, Parent string
	Name, Kind        string
	Failed            bool
	Nanos             uint64
	About             map[string]any // its attributes
}

// Receiver is an OTLP receiver on a socket.
type Receiver struct {
	URL string

	mu       sync.Mutex
	refuse   []int // the statuses of the next answers
	headers  []http.Header
	resource map[string]any
	spans    []Span
}

// NewReceiver is a receiver for as long as the test runs.
func NewReceiver(t testing.TB) *Receiver {
	r := new(Receiver)
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	r.URL = s.URL
	return r
}

// Refuse answers the next batches with these statuses.
func (r *Receiver) Refuse(statuses ...int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refuse = statuses
}

// Got is what was taken so far: the spans, what they say of the process, and the headers of all batches.
func (r *Receiver) Got() (spans []Span, resource map[string]any, headers []http.Header) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.spans, r.resource, r.headers
}

func (r *Receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.headers = append(r.headers, q.Header)
	var data otlp.TracesData
	switch {
	case q.URL.Path != "/v1/traces" || q.Method != http.MethodPost:
		http.NotFound(w, q)
	case len(r.refuse) > 0:
		w.WriteHeader(r.refuse[0])
		r.refuse = r.refuse[1:]
	case err != nil || q.Header.Get("Content-Type") != "application/x-protobuf" || proto.Unmarshal(body, &data) != nil:
		w.WriteHeader(http.StatusBadRequest)
	default:
		r.keep(&data)
		w.Header().Set("Content-Type", "application/x-protobuf") // an empty message: all was taken
	}
}

func (r *Receiver) keep(data *otlp.TracesData) {
	for _, rs := range data.GetResourceSpans() {
		r.resource = attributes(rs.GetResource().GetAttributes())
		for _, ss := range rs.GetScopeSpans() {
			for _, s := range ss.GetSpans() {
				r.spans = append(r.spans, Span{
					Trace: hex.EncodeToString(s.GetTraceId()), ID: hex.EncodeToString(s.GetSpanId()), Parent: hex.EncodeToString(s.GetParentSpanId()),
					Name: s.GetName(), Kind: s.GetKind().String(), Failed: s.GetStatus().GetCode() == otlp.Status_STATUS_CODE_ERROR,
					Nanos: s.GetEndTimeUnixNano() - s.GetStartTimeUnixNano(), About: attributes(s.GetAttributes()),
				})
			}
		}
	}
}

func attributes(list []*common.KeyValue) map[string]any {
	out := map[string]any{}
	for _, kv := range list {
		switch v := kv.GetValue().GetValue().(type) {
		case *common.AnyValue_StringValue:
			out[kv.GetKey()] = v.StringValue
		case *common.AnyValue_IntValue:
			out[kv.GetKey()] = v.IntValue
		default:
			out[kv.GetKey()] = v
		}
	}
	return out
}
