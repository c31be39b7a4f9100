package connector

import (
	"time"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/record"
)

// callInput is what the slots of a call read. Most name one or two variables, and the rest is never made.
type callInput struct {
	scope    *Scope
	at       record.Position
	window   Range
	pageSize any // these three are nil where the call has none
	token    any
	report   any
}

var _, _ jq.Object = (*callInput)(nil), Range{}

// input is the value that slots of a call read.
func (s *Scope) input(p record.Position, w Range) *callInput {
	return &callInput{scope: s, at: p, window: w}
}

// variables are those of every call, in scopeVars.
var variables = []string{"now", "granularity", "context", "lookups", "range", "window", "query", "carry", "id", "job", "parent"}

// Member is a variable.
func (in *callInput) Member(name string) any {
	s := in.scope
	switch name {
	case "now":
		return stamp(s.Now)
	case "granularity":
		if s.Granularity != "" {
			return s.Granularity
		}
	case "context":
		return orEmpty(s.Context)
	case "lookups":
		return orEmpty(s.Lookups)
	case "range":
		return s.Range.input()
	case "window":
		return in.window.input()
	case "query":
		return filtersInput(s.Filters)
	case "carry":
		if v, err := jq.Decode(in.at.Carry); err == nil && len(in.at.Carry) > 0 {
			return v
		}
	case "id":
		return s.ID
	case "job":
		return string(in.at.Job)
	case "parent":
		return parentOf(in.at)
	case "page_size":
		return in.pageSize
	case "token":
		return in.token
	case "report":
		return in.report
	}
	return nil
}

// All is every variable that the call has.
func (in *callInput) All() map[string]any {
	all := make(map[string]any, len(variables)+1)
	for _, name := range variables {
		v := in.Member(name)
		if r, ok := v.(Range); ok {
			v = r.All()
		}
		all[name] = v
	}
	for name, v := range map[string]any{"page_size": in.pageSize, "token": in.token, "report": in.report} {
		if v != nil {
			all[name] = v
		}
	}
	return all
}

// stamp is a time as slots have it.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) } // which is Z in UTC

// input is the range for slots, nil for none.
func (r Range) input() any {
	if r.IsZero() {
		return nil
	}
	return r
}

// Member is the range's start or end.
func (r Range) Member(name string) any {
	switch name {
	case "start":
		return stamp(r.Start)
	case "end":
		return stamp(r.End)
	}
	return nil
}

// All is both.
func (r Range) All() map[string]any {
	return map[string]any{"start": stamp(r.Start), "end": stamp(r.End)}
}

// filtersInput is the caller's filters for slots.
func filtersInput(filters map[string][]string) map[string]any {
	out := make(map[string]any, len(filters))
	for name, values := range filters {
		list := make([]any, len(values))
		for i, v := range values {
			list[i] = v
		}
		out[name] = list
	}
	return out
}

func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}
