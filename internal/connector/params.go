package connector

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/meterbridge/meterbridge/internal/bracket"
)

// input is one parameter of a query or a form before its list is written out.
type input struct {
	key    string
	values []string
	list   bool
	owner  Owner
}

// inputs renders the parameters of a query or a form.
func inputs(fields []Input, in any, what string) ([]input, error) {
	out := make([]input, 0, len(fields)+2) // a page adds its size and its token
	for _, f := range fields {
		values, list, err := f.Value.texts(in)
		if err != nil {
			return nil, fmt.Errorf("planning %s %s: %w", what, f.Key, err)
		}
		if len(values) > 0 {
			out = append(out, input{f.Key, values, list, ownerOf(f.Value.reads)})
		}
	}
	return out, nil
}

// put sets a parameter of the page's where there is one of its name, or else at the end.
func put(to []input, key, value string) []input {
	p := input{key, []string{value}, false, OwnerPage}
	if i := slices.IndexFunc(to, func(q input) bool { return q.key == key }); i >= 0 {
		to[i] = p
		return to
	}
	return append(to, p)
}

// merge takes out the parameters that the caller gives and puts the caller's last.
func (r remotePairs) merge(to []input) []input {
	to = slices.DeleteFunc(to, func(q input) bool {
		return slices.ContainsFunc(r, func(p bracket.Pair) bool { return sameName(q.key, p.Key) })
	})
	for _, p := range r {
		to = append(to, input{p.Key, []string{p.Value}, false, OwnerCaller})
	}
	return to
}

// sameName says whether a caller's key means a parameter: its own name, or that of a list by its elements.
func sameName(key, given string) bool {
	if key == given {
		return true
	}
	rest, ok := strings.CutPrefix(given, key+"[")
	if !ok {
		return false
	}
	index, ok := strings.CutSuffix(rest, "]")
	return ok && strings.Trim(index, "0123456789") == ""
}

// written is the parameters one by one, lists as the style has them.
func written(from []input, style string) []Param {
	if len(from) == 0 {
		return nil
	}
	out := make([]Param, 0, len(from))
	for _, p := range from {
		if p.list && style == "comma" {
			out = append(out, Param{p.key, strings.Join(p.values, ","), p.owner})
			continue
		}
		for i, v := range p.values {
			key := p.key
			if p.list && style == "brackets" {
				key += "[]"
			} else if p.list && style == "indices" {
				key += "[" + strconv.Itoa(i) + "]"
			}
			out = append(out, Param{key, v, p.owner})
		}
	}
	return out
}

// formBody is parameters as application/x-www-form-urlencoded, in their order.
func formBody(params []Param) []byte {
	var b []byte
	for i, p := range params {
		if i > 0 {
			b = append(b, '&')
		}
		b = append(append(append(b, url.QueryEscape(p.Key)...), '='), url.QueryEscape(p.Value)...)
	}
	return b
}
