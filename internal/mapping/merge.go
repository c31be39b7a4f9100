package mapping

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/meterbridge/meterbridge/internal/record"
)

// Replace is the key of an override's output whose object takes the whole record's place: {"$replace": {…}}.
const Replace = "$replace"

// fixed are the fields that an override can't change but by replacing the record: upserts and cursors go by the id, and
// the start date says which window a record belongs to. It may fill them where they are null.
var fixed = []string{"id", "start_date"}

// lay is the record with an override's output laid over it, where that changes nothing that is fixed.
func lay(fields []*Field, base map[string]any, output any) (map[string]any, error) {
	merged, err := laid(base, output)
	if err != nil {
		return nil, err
	}
	over := output.(map[string]any) // laid has taken it
	for _, f := range fields {
		if v, ok := over[f.Name]; ok && slices.Contains(fixed, f.Name) && !keeps(f, base[f.Name], v) {
			return nil, fmt.Errorf("%s can't change, and is %s where it was %s: stores and cursors go by it (only {%q: …} takes a record's place)",
				f.Name, shown(v), shown(base[f.Name]), Replace)
		}
	}
	return merged, nil
}

// laid is an output over a record. Neither of the two is changed: programs share their values.
func laid(base map[string]any, output any) (map[string]any, error) {
	over, ok := output.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%w; `empty` leaves the record as it is", wrongOutput(output))
	}
	if whole, ok := over[Replace]; ok {
		m, isObject := whole.(map[string]any)
		switch {
		case len(over) > 1:
			return nil, errors.New(Replace + " stands alone: it takes the whole record's place")
		case !isObject:
			return nil, fmt.Errorf("%s is %s, and must be an object", Replace, shown(whole))
		}
		return withRemote(m, base), nil
	}
	merged := merge(base, over, 1)
	for _, name := range beside {
		if v, ok := over[name]; ok {
			merged[name] = v
		}
	}
	return merged, nil
}

// withRemote is m with the provider's bytes that stood behind the record before, where it names none of its own.
func withRemote(m, before map[string]any) map[string]any {
	remote, narrowed := before[RemoteData]
	if _, own := m[RemoteData]; own || !narrowed {
		return m
	}
	m = maps.Clone(m)
	m[RemoteData] = remote
	return m
}

// keeps says whether a value is the same as before in the record's own form, or fills what was null.
func keeps(f *Field, before, now any) bool {
	was, some, err := appendField(nil, f, before)
	if err != nil || !some {
		return err == nil
	}
	is, _, err := appendField(nil, f, now)
	return err == nil && string(was) == string(is)
}

// merge lays one object over another: objects by key, everything else replaces, null too. What nests deeper than any
// record is not looked into: no encoder will take it.
func merge(base, over map[string]any, depth int) map[string]any {
	out := maps.Clone(base)
	if out == nil {
		out = make(map[string]any, len(over))
	}
	for k, v := range over {
		below, isObject := out[k].(map[string]any)
		if above, ok := v.(map[string]any); ok && isObject && depth < record.MaxDepth {
			v = merge(below, above, depth+1)
		}
		out[k] = v
	}
	return out
}
