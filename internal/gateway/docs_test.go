package gateway_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestThePageNeedsNothingFromOutside(t *testing.T) {
	h := newHouse(t)
	page := h.ask(t, "GET", "/docs", "")
	if page.status != http.StatusOK || page.header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("%d %s", page.status, page.header.Get("Content-Type"))
	}
	seen, queue := map[string]reply{"docs": page}, []string{"docs"}
	link := regexp.MustCompile(`(?:src|href)="([^"#]+)"|from "\./([^"]+)"|url\(([^)]*)\)`)
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		for _, m := range link.FindAllStringSubmatch(string(seen[name].body), -1) {
			target := m[1] + m[3]
			if m[2] != "" {
				target = "docs/" + m[2]
			}
			if strings.Contains(target, ":") || strings.HasPrefix(target, "/") {
				t.Errorf("%s refers to %s", name, target)
				continue
			}
			if _, ok := seen[target]; ok {
				continue
			}
			if seen[target] = h.ask(t, "GET", "/"+target, ""); seen[target].status != http.StatusOK {
				t.Errorf("%s refers to %s, which answers %d", name, target, seen[target].status)
			}
			queue = append(queue, target)
		}
	}
	for target, media := range map[string]string{"docs/docs.js": "text/javascript; charset=utf-8", "docs/try.js": "text/javascript; charset=utf-8", "docs/text.js": "text/javascript; charset=utf-8", "docs/docs.css": "text/css; charset=utf-8", "docs/icon.svg": "image/svg+xml", "openapi.json": "application/json; charset=utf-8"} {
		if got := seen[target].header.Get("Content-Type"); got != media {
			t.Errorf("%s has the type %q", target, got)
		}
	}
}

func TestThePageRunsUnderAStrictPolicy(t *testing.T) {
	h := newHouse(t)
	for _, target := range []string{"/docs", "/docs/docs.js", "/docs/icon.svg"} {
		got := h.ask(t, "GET", target, "")
		policy := got.header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "form-action 'none'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: the policy %q lacks %s", target, policy, want)
			}
		}
		if strings.Contains(policy, "unsafe") {
			t.Errorf("%s: %s", target, policy)
		}
	}
	page := string(h.ask(t, "GET", "/docs", "").body)
	for what, pattern := range map[string]string{"a script in the page": `<script(?:\s+(?:type|src)="[^"]*")*>[^<]`, "a style in the page": `<style|\sstyle=`, "a handler in the page": `\son[a-z]+=`} {
		if regexp.MustCompile(pattern).MatchString(page) {
			t.Errorf("the page has %s", what)
		}
	}
	for _, name := range []string{"docs.js", "try.js", "text.js"} {
		script := string(h.ask(t, "GET", "/docs/"+name, "").body)
		for _, word := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "localStorage", "sessionStorage", "document.cookie"} {
			if strings.Contains(script, word) {
				t.Errorf("%s uses %s", name, word)
			}
		}
	}
}

func TestThePageIsAskedForAgainAndNotSentAgain(t *testing.T) {
	h := newHouse(t)
	etag := h.ask(t, "GET", "/docs/docs.js", "").header.Get("ETag")
	again := h.ask(t, "GET", "/docs/docs.js", "", func(r *http.Request) { r.Header.Set("If-None-Match", etag) })
	if etag == "" || again.status != http.StatusNotModified || len(again.body) > 0 {
		t.Errorf("ETag %q, then %d with %d bytes", etag, again.status, len(again.body))
	}
	if got := h.ask(t, "GET", "/docs/", ""); got.status != http.StatusFound || got.header.Get("Location") != "../docs" {
		t.Errorf("/docs/ answers %d %s", got.status, got.header.Get("Location"))
	}
}
