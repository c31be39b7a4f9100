package coverage

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/jq"
)

// recordsOf are the records of unified lists, each once: a golden may show what another one shows too.
func recordsOf(goldens [][]byte) ([]any, error) {
	var out []any
	seen := map[string]bool{}
	for _, g := range goldens {
		var list struct{ Result []any }
		if err := decode(g, &list); err != nil {
			return nil, err
		}
		for _, r := range list.Result {
			key, err := json.Marshal(r)
			if err != nil {
				return nil, err
			}
			if !seen[string(key)] {
				seen[string(key)] = true
				out = append(out, r)
			}
		}
	}
	return out, nil
}

// filled reports whether a record has a value at a path of the model; of a list, whether one of its elements has.
func filled(v any, path []string) bool {
	if len(path) == 0 {
		m, isMap := v.(map[string]any)
		return v != nil && (!isMap || len(m) > 0)
	}
	name, list := strings.CutSuffix(path[0], "[]")
	m, _ := v.(map[string]any)
	if !list {
		return filled(m[name], path[1:])
	}
	elems, _ := m[name].([]any)
	return slices.ContainsFunc(elems, func(e any) bool { return filled(e, path[1:]) })
}

// unread are the leaves of the items that none of the refs reaches, by name. Where a mapping gets the items of a
// window as one list, a leaf of the list's items is the same as one of an item alone.
func unread(items [][]byte, refs []jq.Ref) ([]string, error) {
	read := map[string]bool{}
	for _, text := range items {
		var item any
		if err := decode(text, &item); err != nil {
			return nil, err
		}
		eachLeaf(item, nil, func(path []string) {
			name := dotted(path)
			if len(path) > 1 && path[0] == "[]" {
				name = dotted(path[1:])
			}
			read[name] = read[name] || slices.ContainsFunc(refs, func(r jq.Ref) bool { return r.Root == "." && reaches(r.Path, path) })
		})
	}
	out := []string{}
	for name, ok := range read {
		if !ok {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out, nil
}

// eachLeaf visits everything that has nothing below it; an empty list or object is a leaf.
func eachLeaf(v any, path []string, visit func([]string)) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			eachLeaf(e, append(slices.Clip(path), k), visit)
		}
		if len(v) > 0 {
			return
		}
	case []any:
		for _, e := range v {
			eachLeaf(e, append(slices.Clip(path), "[]"), visit)
		}
		if len(v) > 0 {
			return
		}
	}
	visit(path)
}

// reaches reports whether who reads at ref sees the leaf: it stands at or below it, or, where the leaf is empty, above.
func reaches(ref, leaf []string) bool {
	for i := range min(len(ref), len(leaf)) {
		if ref[i] != leaf[i] && ref[i] != "[]" {
			return false
		}
	}
	return true
}
