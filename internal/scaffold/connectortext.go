package scaffold

import (
	"fmt"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/openapi"
)

// sheet writes lines with their comments in one column.
type sheet struct{ strings.Builder }

// commentAt is the column where comments stand, where a line is not longer.
const commentAt = 52

func (s *sheet) line(text, comment string) {
	s.WriteString(text)
	if comment != "" {
		fmt.Fprintf(s, "%s  # %s", strings.Repeat(" ", max(0, commentAt-len([]rune(text)))), comment)
	}
	s.WriteByte('\n')
}

// Most candidates that are named.
const maxOthers = 6

func (p *proposal) connector() string {
	s := &sheet{}
	s.line("# "+p.title+": one line on what its usage is, and for whom.", "")
	if p.Source != "" {
		p.head(s)
	}
	s.line("connector: "+p.Name, "")
	s.line("title: "+scalar(p.title), "the provider's name, for people")
	if p.docs != "" {
		s.line("docs: "+scalar(p.docs), "the page that documents the call below")
	}
	p.account(s)
	s.line("", "")
	if p.check != nil {
		s.line("check: { get: "+scalar(p.check.Path)+" }", "a cheap call that proves the credentials")
	} else {
		s.line("# check: { get: /me }", "a cheap call that proves the credentials; none was found")
	}
	p.limits(s)
	p.errors(s)
	s.line("", "")
	p.usage(s)
	return s.String()
}

// head says what was proposed from what.
func (p *proposal) head(s *sheet) {
	s.line("#", "")
	s.line("# Proposed from "+p.Source+": what is marked as a guess is one, and the rest wants reading too.", "")
	s.line("# Usage is "+p.operation.describe()+".", "")
	for i, c := range p.others {
		if i == 0 {
			s.line("# Others that may be meant; --operation takes one:", "")
		}
		if i == maxOthers {
			s.line(fmt.Sprintf("#   and %d more", len(p.others)-i), "")
			break
		}
		s.line("#   "+c.describe(), "")
	}
	for _, m := range p.unread {
		s.line("# Not recognised: "+m+".", "")
	}
}

func (p *proposal) account(s *sheet) {
	s.line("", "")
	s.line("context:", "what an account has beside its secrets; slots read .context.NAME")
	s.line("  base_url: { title: API address, default: "+scalar(p.servers[0])+" }", or(p.baseGuess, "every path stands below it"))
	for i, other := range p.servers[1:] {
		if i < maxOthers {
			s.line("  # or "+other, "")
		}
	}
	if p.signing.token != "" {
		s.line("  token_url: { title: Token endpoint, default: "+scalar(p.tokenURL())+" }", "")
	}
	for _, v := range p.context {
		s.line("  "+v.name+": { title: "+scalar(v.title)+", required: true }", "")
	}
	s.line("", "")
	s.line("credentials:", "an account's secrets; auth alone may name them, as ${NAME}")
	for _, c := range p.signing.credentials {
		s.line("  "+c.name+": { title: "+scalar(c.title)+" }", "its name in the provider's console; docs: where to create it")
	}
	s.line("", "")
	s.line("auth: "+p.signing.auth, or(p.signing.guess, "headers, query, cookies, basic, digest, oauth2, jwt, aws_sigv4"))
}

// tokenURL is absolute, also where the description's is not.
func (p *proposal) tokenURL() string {
	if strings.HasPrefix(p.signing.token, "/") {
		return p.servers[0] + p.signing.token
	}
	return p.signing.token
}

// limits are what the operation's answers say of rates.
func (p *proposal) limits(s *sheet) {
	s.line("", "")
	s.line("limits: {}", "such as { rate: 60, per: 1m }; {} where nothing is published")
	found := map[string]string{}
	for _, h := range p.operation.Headers {
		w := words(h)
		rate := has(w, "ratelimit") || has(w, "rate") && has(w, "limit")
		switch {
		case slices.Equal(w, []string{"retry", "after"}):
			found["retry_after"] = h
		case rate && has(w, "remaining"):
			found["remaining"] = h
		case rate && has(w, "reset"):
			found["reset"] = h
		case rate && w[len(w)-1] == "limit":
			found["limit"] = h
		}
	}
	if len(found) == 0 {
		return
	}
	note := "response headers that state the rate limit; reset_is says what reset holds"
	s.line("rate_limit_headers:", note)
	for _, key := range []string{"limit", "remaining", "reset", "retry_after"} {
		if found[key] != "" {
			s.line("  "+key+": ["+scalar(found[key])+"]", "")
		}
	}
}

func (p *proposal) errors(s *sheet) {
	message, code := faultPaths(p.operation.Fault)
	s.line("", "")
	s.line("errors:", "where an error's text and its code stand in the body")
	s.line("  message: ["+strings.Join(message, ", ")+"]", "")
	s.line("  code: ["+strings.Join(code, ", ")+"]", "")
}

// faultPaths are where an error answer has its words, and its code.
func faultPaths(fault *openapi.Schema) (message, code []string) {
	look := func(s *openapi.Schema, before string) {
		for _, l := range leaves(s) {
			at := before + l.dotted()
			switch {
			case !l.text() || len(message) > 4:
			case has(l.words, "message", "detail", "description", "title", "msg") || slices.Equal(l.words, []string{"error"}):
				message = append(message, at)
			case has(l.words, "code", "type", "reason"):
				code = append(code, at)
			}
		}
	}
	if fault != nil {
		look(fault, "")
		for _, p := range fault.Props {
			if p.Schema.Items != nil && plainName(p.Name) {
				look(p.Schema.Items, p.Name+".0.")
			}
		}
	}
	rank := func(list []string, order ...string) []string {
		slices.SortStableFunc(list, func(a, b string) int {
			at := func(s string) int {
				w := words(s)
				return slices.IndexFunc(order, func(o string) bool { return has(w[len(w)-1:], o) })
			}
			return at(a) - at(b)
		})
		return list[:min(3, len(list))]
	}
	if message = rank(message, "message", "detail", "description", "msg", "error", "title"); len(message) == 0 {
		message = []string{"error.message", "message"}
	}
	if code = rank(code, "code", "type", "reason"); len(code) == 0 {
		code = []string{"error.code", "code"}
	}
	return message, code
}

func (p *proposal) usage(s *sheet) {
	s.line("resources:", "")
	s.line("  usage:", "")
	s.line("    granularities: ["+p.window.granularity+"]", "of hour, day, week and month, the periods that the provider has")
	s.line("    default: "+p.window.granularity, "")
	s.line("    restates: 72h", or(p.guessed("for how long figures still change"), "for so long figures still change: they are preliminary"))
	s.line("    list:", "")
	method := strings.ToLower(p.operation.Method)
	s.line("      "+method+": "+scalar(p.path), "below base_url")
	p.sends(s)
	s.line("      window: "+p.window.value, or(p.guessed(p.window.note), p.window.note))
	if !p.list.whole {
		s.line("      items: "+or(p.list.path, `""`), "where the list of items stands in the answer")
	}
	if p.list.each != "" {
		s.line("      each: "+p.list.each, "the list within each of them, whose elements are the items")
	}
	p.pages(s)
	if findProduct(p.item) != nil {
		s.line("", "")
		s.line("  products: { derived: usage.product }", "the distinct products of usage; a list: of its own where there is one")
	}
}

func (p *proposal) guessed(what string) string {
	if p.Source == "" {
		return ""
	}
	return "guessed: " + what
}

// sends are the query and the body.
func (p *proposal) sends(s *sheet) {
	for _, body := range []bool{false, true} {
		begun := false
		for _, a := range p.arguments {
			if a.inBody != body {
				continue
			}
			indent := "        "
			if !begun && body {
				s.line("      body:", "")
				s.line("        json:", "")
			} else if !begun {
				s.line("      query:", or(strings.TrimPrefix(p.alsoTakes(), " "), "slots read .window, a slice of the range; its end is exclusive"))
			}
			if begun = true; body {
				indent += "  "
			}
			value := openapi.Quote(a.value)
			if a.number && body {
				value = a.value
			}
			s.line(indent+scalar(a.key)+": "+value, a.note)
		}
	}
	if p.operation.Method == "POST" && !slices.ContainsFunc(p.arguments, func(a argument) bool { return a.inBody }) {
		s.line("      body: { json: {} }", "")
	}
}

// alsoTakes names the parameters that nothing was made of.
func (p *proposal) alsoTakes() string {
	if len(p.idle) == 0 || p.Source == "" {
		return ""
	}
	return "it also takes " + oneLine(strings.Join(p.idle, ", "), 160)
}

func (p *proposal) pages(s *sheet) {
	g := p.paging
	if g.style == "" && g.size == nil {
		return
	}
	if g.style == "" { // a size alone pages nothing
		s.line("      # page:", "how to get to the next page: next_url, next_token, number, offset, link_header, …")
		return
	}
	s.line("      page:", "how to get to the next page")
	switch g.style {
	case "next_url", "next_token":
		s.line("        "+g.style+": ["+strings.Join(g.paths, ", ")+"]", "where the answer has it; absent or null on the last page")
	case "link_header":
		s.line("        link_header: next", "the rel of the Link header's next link")
	default:
		s.line("        "+g.style+": "+g.ends(), "counted by us; its end is what stands here, or an empty page")
	}
	if g.param != nil && g.param.inBody {
		s.line("        token_key: "+scalar(g.param.Name), "the key of the body that takes it")
	} else if g.param != nil {
		s.line("        token_param: "+scalar(g.param.Name), "the parameter that takes it")
	}
	if g.size != nil {
		where, size := "param", g.defaultSize()
		if g.size.inBody {
			where = "key"
		}
		most := ""
		if m := max(g.size.Schema.Maximum, 0); m >= size {
			most = fmt.Sprintf(", max: %d", m)
		}
		s.line(fmt.Sprintf("        size: { %s: %s, default: %d%s }", where, scalar(g.size.Name), size, most), p.guessed("how many items to ask for"))
	}
}

func (g *paging) ends() string {
	var parts []string
	if g.first != "" {
		parts = append(parts, "first: "+g.first)
	}
	if g.total != "" {
		parts = append(parts, "total: "+g.total)
	}
	if g.more != "" {
		parts = append(parts, "more: "+g.more)
	}
	if parts == nil {
		return "{}"
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}

// defaultSize is the provider's own, or a hundred; a provider's may be as small as seven days.
func (g *paging) defaultSize() int {
	size := 0
	if _, err := fmt.Sscan(g.size.Schema.Default, &size); err != nil || size < 1 {
		size = 100
	}
	if g.size.Schema.Maximum > 0 {
		size = min(size, g.size.Schema.Maximum)
	}
	return size
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// scalar is a text as YAML: plain where it can be.
func scalar(s string) string {
	plain := s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r != ' ' && r != '/' && r != '_' && r != '-' && r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) && strings.TrimSpace(s) == s && (s[0] == '/' || s[0] >= 'a' && s[0] <= 'z' || s[0] >= 'A' && s[0] <= 'Z')
	if plain && !slices.Contains([]string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}, strings.ToLower(s)) {
		return s
	}
	if strings.HasPrefix(s, "https://") && !strings.ContainsAny(s, " #{}[],&*!|>'\"%@`") {
		return s
	}
	return openapi.Quote(s)
}
