package proxy

import (
	"bytes"
	"io"
	"net/http"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/upstream"
)

// answer makes the call, or lives through the job that it starts.
func (w *walk) answer(call connector.Call, spec *connector.CallSpec) (*upstream.Reply, error) {
	var reply *upstream.Reply
	var err error
	switch {
	case spec.Constant != nil:
		w.ahead.pass(w, nil, nil)
		return w.constant()
	case call.Purpose == "submit":
		w.ahead.pass(w, nil, nil)
		reply, err = w.job(call, spec.Job)
	default:
		reply, err = w.ask(call)
	}
	if err == nil {
		w.limits = reply.RateLimit
	}
	return reply, err
}

// constant is a list that the account's context makes, as a provider would have answered it.
func (w *walk) constant() (*upstream.Reply, error) {
	body, err := w.method.Constants(w.scope, w.pos)
	if err != nil {
		return nil, err
	}
	return &upstream.Reply{Status: http.StatusOK, Header: http.Header{"Content-Type": {contentJSON}}, Body: io.NopCloser(bytes.NewReader(body))}, nil
}
