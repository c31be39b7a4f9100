package connector

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/meterbridge/meterbridge/internal/bracket"
	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// doc is a JSON value under construction, which keeps the order of its keys.
type doc struct {
	kind   byte // '{', '[', or 0 for encoded JSON
	keys   []string
	kids   []*doc
	json   []byte
	caller bool // made by remote_query
}

func (d *doc) append(b []byte) []byte {
	if d.kind == 0 {
		return append(b, d.json...)
	}
	b = append(b, d.kind)
	for i, k := range d.kids {
		if i > 0 {
			b = append(b, ',')
		}
		if d.kind == '{' {
			b = append(jq.AppendString(b, d.keys[i]), ':')
		}
		b = k.append(b)
	}
	return append(b, d.kind+2) // '}' is '{'+2, ']' is '['+2
}

// set puts a caller's pair in, typed as the connector says; the text null takes a key out. An object of the
// connector's is filled up, a list is replaced.
func (d *doc) set(p bracket.Pair, types map[string]string) error {
	at := d
	for i, part := range p.Path {
		var kid *doc
		if i == len(p.Path)-1 {
			if p.Value == "null" && at.kind == '{' {
				at.remove(part)
				return nil
			}
			v, err := typed(p, types[strings.Join(p.Path, ".")])
			if err != nil {
				return err
			}
			kid = &doc{json: v, caller: true}
		} else if kid = at.member(part); kid == nil || kid.kind == 0 || kid.kind == '[' && !kid.caller {
			kid = &doc{kind: '{', caller: true}
			if next := p.Path[i+1]; strings.Trim(next, "0123456789") == "" { // [] or [0]
				kid.kind = '['
			}
		}
		if err := at.put(part, kid, p); err != nil {
			return err
		}
		at = kid
	}
	return nil
}

// place sets the value at a path, where the connector says that the page's goes, making the objects on the way.
func (d *doc) place(path []string, json []byte) error {
	at := d
	for i, part := range path {
		kid := at.member(part)
		switch {
		case i == len(path)-1:
			if kid = at.member(part); kid == nil {
				kid = &doc{}
			}
			*kid = doc{json: json}
		case kid == nil || kid.kind == 0:
			kid = &doc{kind: '{'}
		}
		if at.member(part) != kid {
			if at.kind == '[' {
				return fmt.Errorf("the list has no element %s for the page", part)
			}
			at.remove(part)
			at.keys, at.kids = append(at.keys, part), append(at.kids, kid)
		}
		at = kid
	}
	return nil
}

func (d *doc) member(key string) *doc {
	if d.kind == '[' {
		if i, err := strconv.Atoi(key); err == nil && i >= 0 && i < len(d.kids) {
			return d.kids[i]
		}
		return nil
	}
	if i := slices.Index(d.keys, key); i >= 0 {
		return d.kids[i]
	}
	return nil
}

func (d *doc) put(key string, v *doc, p bracket.Pair) error {
	switch {
	case d.kind == '{':
		if d.member(key) != v {
			d.remove(key)
			d.keys, d.kids = append(d.keys, key), append(d.kids, v)
		}
	case d.member(key) == v:
	case key == "" || key == strconv.Itoa(len(d.kids)):
		d.kids = append(d.kids, v)
	default:
		return remoteError(p, "fills a list out of order; lists start at [0], or use []")
	}
	return nil
}

func (d *doc) remove(key string) {
	if i := slices.Index(d.keys, key); i >= 0 {
		d.keys, d.kids = slices.Delete(d.keys, i, i+1), slices.Delete(d.kids, i, i+1)
	}
}

// typed is a caller's value as JSON.
func typed(p bracket.Pair, typ string) ([]byte, error) {
	number := json.Valid([]byte(p.Value)) && strings.Contains("-0123456789", p.Value[:1])
	switch {
	case typ == "boolean" && p.Value == "1":
		return []byte("true"), nil
	case typ == "boolean" && p.Value == "0":
		return []byte("false"), nil
	case typ == "boolean" && (p.Value == "true" || p.Value == "false"), typ == "number" && number,
		typ == "integer" && number && !strings.ContainsAny(p.Value, ".eE"):
		return []byte(p.Value), nil
	case typ == "boolean":
		return nil, remoteError(p, "takes true or false")
	case typ == "number" || typ == "integer":
		return nil, remoteError(p, "takes a number of type "+typ)
	case typ == "array":
		return encode(plain(strings.Split(p.Value, ",")))
	}
	return jq.AppendString(nil, p.Value), nil
}

func remoteError(p bracket.Pair, reason string) error {
	return problem.Param(problem.InvalidParameter, "remote_query["+clip(p.Key)+"]", "remote_query key %s %s", clip(p.Key), reason)
}

// encode is v as JSON with the digits that its numbers have.
func encode(v any) ([]byte, error) { return new(jq.Encoder).AppendValue(nil, v) }
