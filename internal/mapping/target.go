package mapping

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/jq"
)

// target is a value of a record whose source is asked for.
type target struct {
	fact
	built place // where it is, with no key where that is not known
	from  []leaf
	open  bool // the first round found no source, and it is not written out in the mapping
}

// sources are the paths of what a value comes from. A number that comes from a number is only decided on by texts.
func (t *target) sources() []string {
	from := t.from
	if isNumber(t.text) {
		if numbers := slices.DeleteFunc(slices.Clone(from), func(l leaf) bool { return !numeric(l.val) }); len(numbers) > 0 {
			from = numbers
		}
	}
	return paths(from)
}

// paths are those of leaves, each once; where there are too many, without their places in lists.
func paths(leaves []leaf) []string {
	out := []string{}
	for _, l := range leaves {
		path := l.path
		if len(leaves) > maxSources {
			path = l.pattern
		}
		if path == "" {
			path = "."
		}
		if !slices.Contains(out, path) {
			out = append(out, path)
		}
	}
	if len(out) > maxSources {
		out = append(out[:maxSources], "…")
	}
	return out
}

// come adds a source.
func (t *target) come(from leaf) {
	if !slices.ContainsFunc(t.from, func(l leaf) bool { return l.path == from.path }) {
		t.from = append(t.from, from)
	}
}

// key is the key that builds a value, nil where none is known.
func (e *Explainer) key(t *target) *jq.Key {
	if t.built.key == jq.NoKey {
		return nil
	}
	return &e.layers[t.built.layer].anatomy.Keys[t.built.key]
}

// literal says that a value is written out in the mapping or the override.
func (e *Explainer) literal(t *target) bool {
	k := e.key(t)
	return k != nil && k.Constant
}

// isSourceless says that a value has none, and is not written out in the mapping.
func (t *target) isSourceless() bool { return t.open && len(t.from) == 0 }

func isNumber(text string) bool { return strings.IndexByte("-0123456789", text[0]) >= 0 }

// numeric says that a value is a number or a text that is one.
func numeric(v any) bool {
	s, ok := v.(string)
	return !ok && jq.IsNumber(v) || ok && json.Valid([]byte(s)) && isNumber(s)
}
