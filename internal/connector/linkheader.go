package connector

import "strings"

// nextLink is the target of the first link with a relation in Link headers (RFC 8288), "" where there is none.
func nextLink(headers []string, rel string) string {
	for _, h := range headers {
		for h != "" {
			target, params, rest := cutLink(h)
			if target != "" && hasRel(params, rel) {
				return target
			}
			h = rest
		}
	}
	return ""
}

// cutLink takes the first link off a Link header: what stands in <>, and its parameters. A comma or semicolon within
// quotes belongs to the parameter. What is no link is passed over.
func cutLink(h string) (target string, params []string, rest string) {
	open := strings.IndexByte(h, '<')
	if open < 0 {
		return "", nil, ""
	}
	target, h, ok := strings.Cut(h[open+1:], ">")
	if !ok {
		return "", nil, ""
	}
	from, quoted := 0, false
	add := func(i int) {
		if p := strings.TrimSpace(h[from:i]); p != "" {
			params = append(params, p)
		}
		from = i + 1
	}
	for i := 0; i < len(h); i++ {
		switch {
		case quoted && h[i] == '\\':
			i++
		case h[i] == '"':
			quoted = !quoted
		case quoted:
		case h[i] == ';':
			add(i)
		case h[i] == ',':
			add(i)
			return strings.TrimSpace(target), params, h[i+1:]
		}
	}
	add(len(h))
	return strings.TrimSpace(target), params, ""
}

// hasRel says whether a relation is among those of a link's rel parameter, of which the first counts.
func hasRel(params []string, rel string) bool {
	for _, p := range params {
		name, value, _ := strings.Cut(p, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "rel") {
			continue
		}
		for _, word := range strings.Fields(strings.Trim(strings.TrimSpace(value), `"`)) {
			if strings.EqualFold(word, rel) {
				return true
			}
		}
		return false
	}
	return false
}
