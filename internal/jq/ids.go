package jq

import (
	"strconv"

	"github.com/meterbridge/meterbridge/internal/house"
)

// stableID joins the parts of an id with ":".
func stableID(v any) any {
	parts, ok := v.([]any)
	if !ok || len(parts) == 0 {
		return wrong(v, "an array of parts")
	}
	var b []byte
	for i, p := range parts {
		if i > 0 {
			b = append(b, ':')
		}
		switch p := p.(type) {
		case nil:
			b = append(b, house.NoPart)
		case string:
			b = house.AppendPart(b, p)
		case bool:
			b = strconv.AppendBool(b, p)
		default:
			n, err := AppendNumber(nil, p)
			if err != nil {
				return wrong(p, "a part of an id: a string, a number or null")
			}
			b = house.AppendPart(b, string(n))
		}
	}
	return string(b)
}

func slug(v any) any {
	s, ok := v.(string)
	if !ok {
		if v == nil {
			return nil
		}
		return wrong(v, "a string")
	}
	return string(house.AppendSlug(nil, s))
}

// replaceAll replaces literal text.
func replaceAll(v, a, b any) any {
	s, ok := v.(string)
	if !ok {
		if v == nil {
			return nil
		}
		return wrong(v, "a string")
	}
	from, _ := a.(string)
	to, ok := b.(string)
	if !ok {
		return house.ErrNothing
	}
	out, err := house.AppendReplaced(nil, s, from, to)
	if err != nil {
		return err
	}
	return string(out)
}
