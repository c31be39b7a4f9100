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
