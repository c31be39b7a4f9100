package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
)

// tolerance is how far two numbers may lie apart: some engines calculate in doubles.
const tolerance = 1e-9

// same says where two arrays of records differ first. The order of an object's keys is free.
func same(want, got []byte) error {
	var a, b []any
	if err := json.Unmarshal(want, &a); err != nil {
		return fmt.Errorf("reading what is wanted: %w", err)
	}
	if err := json.Unmarshal(got, &b); err != nil {
		return fmt.Errorf("reading the records: %w", err)
	}
	if len(a) != len(b) {
		return fmt.Errorf("%d records, want %d", len(b), len(a))
	}
	for i := range a {
		if at, ok := equal(a[i], b[i], fmt.Sprintf("[%d]", i)); !ok {
			return fmt.Errorf("the records differ at %s", at)
		}
	}
	return nil
}

func equal(a, b any, at string) (string, bool) {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return fmt.Sprintf("%s: the keys are %v, want %v", at, slices.Sorted(maps.Keys(b)), slices.Sorted(maps.Keys(a))), false
		}
		for k, v := range a {
			w, there := b[k]
			if !there {
				return at + "." + k + ": missing", false
			}
			if at, ok := equal(v, w, at+"."+k); !ok {
				return at, false
			}
		}
		return "", true
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return at + ": another list", false
		}
		for i := range a {
			if at, ok := equal(a[i], b[i], fmt.Sprintf("%s[%d]", at, i)); !ok {
				return at, false
			}
		}
		return "", true
	case float64:
		b, ok := b.(float64)
		if ok && math.Abs(a-b) <= tolerance*max(1, math.Abs(a)) {
			return "", true
		}
	}
	return fmt.Sprintf("%s: %v, want %v", at, b, a), a == b
}
