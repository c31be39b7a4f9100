// Package problem is the house's one word for an answer that is an error: a stable code, the status that goes with
// it, a sentence that says what to do, and what the provider said. The table in codes.go is the only place that
// knows which code has which status; docs/errors.md is generated from it.
package problem

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"unicode/utf8"
)

// Problem is an error on its way to a client. The zero of every optional field is left out of the body.
type Problem struct {
	Code       Code
	Status     int // the code's own, or the provider's where Remote
	Message    string
	Details    map[string]any
	Remote     bool        // the provider's fault, not ours and not the caller's
	Raw        []byte      // the provider's body, bounded; parsed into raw_response where it is JSON
	Insight    *Insight    // Truto's truto_error_insight
	NextCursor string      // where the walk can go on
	RetryAfter int         // seconds, at least 1 where set
	Header     http.Header // normalised rate-limit headers of the provider's answer
	cause      error
}

// Insight sorts a provider's error for a client that wants to react to it.
type Insight struct {
	RateLimit                      string     `json:"rate_limit_error,omitempty"`
	Forbidden                      *Forbidden `json:"forbidden_error,omitempty"`
	Remote                         string     `json:"remote_error,omitempty"`
	MissingRequiredQueryParameters []string   `json:"missing_required_query_parameters,omitempty"`
}

// Forbidden names the scopes that the provider wants, where it or the connector says so.
type Forbidden struct {
	MissingScopes []string `json:"missing_scopes"`
}

// New is a problem of ours with the code's status.
func New(c Code, format string, args ...any) *Problem {
	return &Problem{Code: c, Status: c.Status(), Message: fmt.Sprintf(format, args...)}
}

// Wrap is New with the error behind it, kept for the log and never shown.
func Wrap(c Code, cause error, format string, args ...any) *Problem {
	p := New(c, format, args...)
	p.cause = cause
	return p
}

// Param is New for a query parameter, which details names.
func Param(c Code, param, format string, args ...any) *Problem {
	return New(c, format, args...).With("parameter", param)
}

// With adds a detail and returns the problem.
func (p *Problem) With(key string, value any) *Problem {
	if p.Details == nil {
		p.Details = map[string]any{}
	}
	p.Details[key] = value
	return p
}

// AsRemote marks the problem as the provider's and returns it.
func (p *Problem) AsRemote() *Problem {
	p.Remote = true
	return p
}

func (p *Problem) Error() string {
	if p.cause != nil {
		return fmt.Sprintf("%s: %s: %v", p.Code, p.Message, p.cause)
	}
	return fmt.Sprintf("%s: %s", p.Code, p.Message)
}

func (p *Problem) Unwrap() error { return p.cause }

// From is the problem in err's chain; any other error is a defect of ours, and says nothing of its inside.
func From(err error) *Problem {
	var p *Problem
	switch {
	case err == nil:
		return nil
	case errors.As(err, &p):
		return p
	case errors.Is(err, context.DeadlineExceeded):
		return Wrap(Timeout, err, "the request took longer than its deadline; ask for a smaller limit or range")
	case errors.Is(err, context.Canceled):
		return Wrap(ClientGone, err, "the client left")
	}
	return Wrap(Internal, err, "something broke inside the gateway; the log has it under this request id")
}

// body is the wire shape, in its order.
type body struct {
	StatusCode int             `json:"statusCode"`
	Error      string          `json:"error"`
	Message    string          `json:"message"`
	Code       Code            `json:"code"`
	RequestID  string          `json:"request_id"`
	Details    map[string]any  `json:"details,omitempty"`
	Remote     bool            `json:"truto_is_remote_error,omitempty"`
	Raw        json.RawMessage `json:"raw_response,omitempty"`
	Insight    *Insight        `json:"truto_error_insight,omitempty"`
	NextCursor string          `json:"next_cursor,omitempty"`
}

// Encode is the JSON body of the problem.
func (p *Problem) Encode(requestID string) []byte {
	b := body{
		StatusCode: p.Status, Error: http.StatusText(p.Status), Message: p.Message, Code: p.Code, RequestID: requestID,
		Details: p.Details, Remote: p.Remote, Raw: rawResponse(p.Raw), Insight: p.Insight, NextCursor: p.NextCursor,
	}
	if b.Error == "" {
		b.Error = "Error"
	}
	out, err := marshal(b)
	if err != nil { // a detail that does not encode must not hide the problem itself
		b.Details, b.Raw = nil, nil
		out, _ = marshal(b)
	}
	return out
}

// marshal leaves <, > and & as they are: the body is JSON and never a part of a page.
func marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), err
}

// rawResponse is the provider's body as JSON, or as a JSON string where it is not JSON. json.Valid stops at its own
// depth limit, so a hostile body can't exhaust the stack.
func rawResponse(raw []byte) json.RawMessage {
	if len(raw) == 0 {
		return nil
	}
	if json.Valid(raw) {
		return raw
	}
	s := string(raw)
	if !utf8.ValidString(s) {
		s = fmt.Sprintf("(%d bytes that are not text)", len(raw))
	}
	out, _ := marshal(s)
	return out
}
