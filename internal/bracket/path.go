package bracket

import "strings"

// reserved are the names by which a JSON object in some clients' language reaches its own machinery. They mean nothing
// to any provider, and what we forward or log may be parsed there.
var reserved = map[string]bool{"__proto__": true, "constructor": true, "prototype": true}

// Reserved says whether a name is one that no part of a key may have, nor any other path that a caller gives.
func Reserved(name string) bool { return reserved[name] }

// split takes a decoded key apart.
func split(key string) ([]string, error) {
	depth := strings.Count(key, "[")
	if depth > MaxDepth {
		return nil, refuse(key, "nests deeper than %d brackets", MaxDepth)
	}
	name, rest := key, ""
	if depth > 0 {
		i := strings.IndexByte(key, '[')
		name, rest = key[:i], key[i:]
	}
	if name == "" {
		return nil, refuse(key, "has no name")
	}
	path := make([]string, 0, 1+depth)
	for {
		switch {
		case strings.IndexByte(name, ']') >= 0 || strings.IndexByte(name, '[') >= 0:
			return nil, refuse(key, "has brackets that do not match")
		case len(name) > MaxSegment:
			return nil, refuse(key, "has a part that is longer than %d bytes", MaxSegment)
		case reserved[name]:
			return nil, refuse(key, "uses the reserved name %s", name)
		case len(path) > 0 && isIndex(name) && !below(name, MaxItems):
			return nil, refuse(key, "has an index past %d", MaxItems-1)
		}
		path = append(path, name)
		if rest == "" {
			return path, nil
		}
		end := strings.IndexByte(rest, ']')
		if rest[0] != '[' || end < 0 {
			return nil, refuse(key, "has brackets that do not match")
		}
		name, rest = rest[1:end], rest[end+1:]
	}
}

// isIndex reports whether a part of a key is a list's index.
func isIndex(part string) bool {
	for i := range len(part) {
		if part[i] < '0' || part[i] > '9' {
			return false
		}
	}
	return part != ""
}

// below reports whether an index of any length is less than n.
func below(index string, n int) bool {
	v := 0
	for i := range len(index) {
		if v = v*10 + int(index[i]-'0'); v >= n {
			return false
		}
	}
	return true
}

// Encode writes a path as a key: "a", "b", "0" is a[b][0]. Nothing is percent-encoded.
func Encode(path []string) string {
	if len(path) == 0 {
		return ""
	}
	n := len(path[0])
	for _, part := range path[1:] {
		n += len(part) + 2
	}
	b := make([]byte, 0, n)
	b = append(b, path[0]...)
	for _, part := range path[1:] {
		b = append(b, '[')
		b = append(b, part...)
		b = append(b, ']')
	}
	return string(b)
}

// Below is the pair with its first part taken off: remote_query[a][b]=1 is a[b]=1 below remote_query. It is false for a
// plain value. A pair whose second part is [] has no name of its own there, and an empty Key.
func (p Pair) Below() (Pair, bool) {
	if len(p.Path) < 2 {
		return Pair{}, false
	}
	return Pair{Key: Encode(p.Path[1:]), Path: p.Path[1:], Value: p.Value}, true
}
