package connector

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/tidwall/gjson"
	"go.yaml.in/yaml/v3"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// ErrorSpec is how a provider's errors read.
type ErrorSpec struct {
	Message []string      `yaml:"message" form:"path" doc:"dotted paths of the message, the first that is a non-empty text"`
	Detail  []string      `yaml:"detail" form:"path" doc:"dotted paths of what is appended to the message where it differs"`
	Code    []string      `yaml:"code" form:"path" doc:"dotted paths of the provider's code"`
	Fields  string        `yaml:"details" form:"path" doc:"dotted path of a list or object that is copied to details.fields"`
	Confirm time.Duration `yaml:"confirm_unauthorized" doc:"a 401 is tried once more after this, for a provider that answers so to throttled logins"`
	Rules   []ErrorRule   `yaml:"rules" scope:"reply" doc:"what particular answers mean; the first that matches counts"`
}

// ErrorRule says what an answer means. A rule matches when its status and its condition do.
type ErrorRule struct {
	Status  Statuses    `yaml:"status" doc:"one status or a list; every error where there is none. A good status counts where it is named"`
	When    *Expr       `yaml:"when" doc:"a condition on the answer. Of a good answer that is longer than an error can be it reads the members beside the items, at the page's end"`
	As      string      `yaml:"as" default:"fail" enum:"fail|empty|unauthorized|rate_limited|retry|missing_scope" doc:"fail with code, an answer without items, refused credentials, a rate limit, a fault that passes, or a permission that is missing"`
	Code    ProblemCode `yaml:"code" doc:"the code of the problem"`
	Message Template    `yaml:"message" doc:"what to do about it"`
	Scopes  []string    `yaml:"scopes" doc:"of missing_scope: the provider's permissions that are missing; the resource's where there are none"`
}

func (r *ErrorRule) check(d *decoder, n *yaml.Node) {
	switch {
	case len(r.Status) == 0 && r.When == nil:
		d.add(n, "missing", "the rule matches every answer", "add status or when")
	case r.As == "fail" && r.Code == "" && d.at(n, "code") == n:
		d.add(n, "missing", "the rule says neither code nor as", "add code: …, or as: empty")
	case r.As == "empty" && r.Code != "":
		d.add(d.key(n, "code"), "exclusive", "an empty answer is no problem and has no code", "remove code or as")
	case len(r.Scopes) > 0 && r.As != "missing_scope":
		d.add(d.key(n, "scopes"), "unused", "the rule names scopes and does not say that they are missing", "add as: missing_scope")
	}
}

// Rule is the first rule that matches an answer, nil where none does. A condition that fails does not match, nor one on
// the body of an answer that has not come whole.
func (e *ErrorSpec) Rule(a Answer) *ErrorRule {
	var in map[string]any
	for i := range e.Rules {
		r := &e.Rules[i]
		if len(r.Status) > 0 && !slices.Contains(r.Status, a.Status) {
			continue
		}
		if a.Partial && r.When.reads("body", "") {
			continue
		}
		if r.When != nil && in == nil {
			in = a.input()
		}
		if ok, err := r.When.holds(in); err == nil && ok {
			return r
		}
	}
	return nil
}

// Problem is the rule's code, "" where it leaves it to the status, and its message, "" where it has none.
func (r *ErrorRule) Problem(a Answer) (problem.Code, string) {
	msg, _, err := r.Message.text(a.input())
	if err != nil {
		msg = r.Message.String()
	}
	return problem.Code(r.Code), msg
}

// Read finds the provider's message and code in a body, and the fields to copy into details (nil where there are
// none). A body that is not JSON has none of them.
func (e *ErrorSpec) Read(body []byte) (message, code string, fields json.RawMessage) {
	if !record.IsDocument(body) {
		return "", "", nil
	}
	message = firstText(body, e.Message)
	if detail := firstText(body, e.Detail); detail != "" && detail != message {
		if message != "" {
			message += ": "
		}
		message += detail
	}
	if e.Fields != "" {
		if r := find(body, e.Fields); r.Type == gjson.JSON {
			fields = json.RawMessage(r.Raw)
		}
	}
	return message, firstText(body, e.Code), fields
}
