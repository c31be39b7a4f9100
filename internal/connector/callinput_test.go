package connector

import (
	"reflect"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/record"
)

// TestACallHasEveryVariableOfItsSlots: each that lint lets a slot read is there, the same alone and among all.
func TestACallHasEveryVariableOfItsSlots(t *testing.T) {
	at := func(day int) time.Time { return time.Date(2026, 3, day, 0, 0, 0, 0, time.FixedZone("", 3600)) }
	s := &Scope{
		Now: at(9), Range: Range{at(1), at(9)}, Granularity: "day", Filters: map[string][]string{"user_id": {"a", "b"}},
		Context: map[string]any{"site": "eu"}, Lookups: map[string]any{"names": "x"}, ID: "id-1",
	}
	in := s.input(record.Position{Job: []byte("j"), Carry: []byte(`{"n":1}`), Parent: []byte(`["k",{"id":"p"}]`)}, Range{at(1), at(2)})
	in.pageSize, in.token, in.report = 100, "t", map[string]any{"state": "done"}
	all := in.All()
	for _, kind := range []string{"list", "parents", "job", "fetch", "get", "list+token"} {
		for _, name := range varsOf(kind) {
			v, ok := all[name]
			if !ok || v == nil {
				t.Errorf("%s: there is no .%s", kind, name)
			}
			one := in.Member(name)
			if o, ok := one.(jq.Object); ok {
				one = o.All()
			}
			if !reflect.DeepEqual(one, v) {
				t.Errorf(".%s is %v alone, and %v among all", name, one, v)
			}
		}
	}
	if got := all["window"].(map[string]any); got["start"] != "2026-02-28T23:00:00Z" || got["end"] != "2026-03-01T23:00:00Z" {
		t.Errorf("the window is %v", got)
	}
}

// TestAnEmptyCallHasItsVariablesToo: has("granularity") holds, and what is not there is null.
func TestAnEmptyCallHasItsVariablesToo(t *testing.T) {
	in := new(Scope).input(record.Position{}, Range{})
	all := in.All()
	for _, name := range variables {
		if _, ok := all[name]; !ok {
			t.Errorf("there is no .%s", name)
		}
	}
	for _, name := range []string{"granularity", "range", "window", "carry", "parent"} {
		if all[name] != nil || in.Member(name) != nil {
			t.Errorf(".%s is %v", name, all[name])
		}
	}
	if _, ok := all["page_size"]; ok {
		t.Error("a call without pages has a page size")
	}
}
