package upstream

import (
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
)

func mustBase(t testing.TB, text, original string) *base {
	t.Helper()
	u, err := parseBase(text)
	if err != nil {
		t.Fatal(err)
	}
	b := &base{url: u}
	if original != "" {
		if b.original, err = parseBase(original); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func TestParseBase(t *testing.T) {
	for text, want := range map[string]string{
		"https://api.acme.example":            "https://api.acme.example",
		"https://api.acme.example/":           "https://api.acme.example",
		"https://api.acme.example/v1/":        "https://api.acme.example/v1/",
		"http://127.0.0.1:9090/acme":          "http://127.0.0.1:9090/acme",
		"https://[2001:db8::1]:8443/a%2Fb":    "https://[2001:db8::1]:8443/a%2Fb",
		"":                                    "",
		"api.acme.example":                    "",
		"//api.acme.example":                  "",
		"ftp://api.acme.example":              "",
		"file:///etc/passwd":                  "",
		"https://":                            "",
		"https://user:pw@api.acme.example":    "",
		"https://api.acme.example/?key=x":     "",
		"https://api.acme.example/#x":         "",
		"https://api.acme.example/v1/../":     "",
		"https://api.acme.example/%2e%2e/":    "",
		"https://api.acme.example\r\nHost: x": "",
		"https:api.acme.example":              "",
	} {
		u, err := parseBase(text)
		if got := ""; err == nil {
			if got = u.String(); got != want {
				t.Errorf("parseBase(%q) = %q, want %q", text, got, want)
			}
		} else if want != "" {
			t.Errorf("parseBase(%q): %v", text, err)
		}
	}
}

func TestTargetOfAPath(t *testing.T) {
	q := func(kv ...string) (out []connector.Param) {
		for i := 0; i < len(kv); i += 2 {
			out = append(out, connector.Param{Key: kv[i], Value: kv[i+1]})
		}
		return out
	}
	for _, c := range []struct {
		base, path string
		query      []connector.Param
		want       string // "" for refused
	}{
		{"https://api.acme.example", "/v1/costs", nil, "https://api.acme.example/v1/costs"},
		{"https://api.acme.example/", "v1/costs", nil, "https://api.acme.example/v1/costs"},
		{"https://api.acme.example/api/", "/v1/costs/", nil, "https://api.acme.example/api/v1/costs/"},
		{"https://api.acme.example/api", "", nil, "https://api.acme.example/api"},
		{"https://api.acme.example/api", "//evil.example/x", nil, "https://api.acme.example/api/evil.example/x"},
		{"https://api.acme.example", "https://evil.example/x", nil, "https://api.acme.example/https://evil.example/x"},
		{"https://api.acme.example", "@evil.example", nil, "https://api.acme.example/@evil.example"},
		{"https://api.acme.example", "/a?b#c", nil, "https://api.acme.example/a%3Fb%23c"},
		{"https://api.acme.example", "/a b\"é", nil, "https://api.acme.example/a%20b%22%C3%A9"},
		{"https://api.acme.example", "/a%2Fb", nil, "https://api.acme.example/a%2Fb"},
		{"https://api.acme.example", `/a\b`, nil, "https://api.acme.example/a%5Cb"},
		{"https://api.acme.example", "/..a/b..", nil, "https://api.acme.example/..a/b.."},
		{"https://api.acme.example", "/a;b,c", nil, "https://api.acme.example/a;b,c"},
		{"https://api.acme.example", "/x", q("filter[start]", "a b+c&d", "x[]", "1", "x[]", "2"),
			"https://api.acme.example/x?filter%5Bstart%5D=a%20b%2Bc%26d&x%5B%5D=1&x%5B%5D=2"},
		{"https://api.acme.example/v1", "../admin", nil, ""},
		{"https://api.acme.example/v1", "a/../../admin", nil, ""},
		{"https://api.acme.example/v1", "%2e%2e/admin", nil, ""},
		{"https://api.acme.example/v1", "%252e%252e/admin", nil, ""},
		{"https://api.acme.example/v1", "%25252e%25252e/admin", nil, ""},
		{"https://api.acme.example/v1", "..%2f..%2fadmin", nil, ""},
		{"https://api.acme.example/v1", "..%5c..%5cadmin", nil, ""},
		{"https://api.acme.example/v1", `..\admin`, nil, ""},
		{"https://api.acme.example/v1", "..;x=1/admin", nil, ""},
		{"https://api.acme.example/v1", "./admin", nil, ""},
		{"https://api.acme.example/v1", "a%00b", nil, ""},
		{"https://api.acme.example/v1", "a%0d%0aHost:%20x", nil, ""},
		{"https://api.acme.example/v1", "a\r\nb", nil, ""},
		{"https://api.acme.example/v1", "a%zz", nil, ""},
		{"https://api.acme.example/v1", "a%", nil, ""},
	} {
		u, anywhere, err := mustBase(t, c.base, "").target(connector.Call{Path: c.path, Query: c.query})
		switch {
		case anywhere:
			t.Errorf("%q: a path may lead anywhere", c.path)
		case err != nil && c.want == "":
			if p := problem.From(err); p.Code != problem.InvalidParameter {
				t.Errorf("%q: code %s", c.path, p.Code)
			}
		case err != nil:
			t.Errorf("%q: %v", c.path, err)
		case u.String() != c.want:
			t.Errorf("%q below %s is %s, want %s", c.path, c.base, u, c.want)
		}
	}
}

func TestNextLinkIsPinned(t *testing.T) {
	const host, stand = "https://api.acme.example", "http://127.0.0.1:9090/acme"
	for _, c := range []struct {
		name, base, original, link string
		want                       string // "" for refused
	}{
		{"the same host", host, "", "https://api.acme.example/v1/costs?page=2", "https://api.acme.example/v1/costs?page=2"},
		{"its port spelled out", host, "", "https://api.acme.example:443/v1/costs?page=2", "https://api.acme.example:443/v1/costs?page=2"},
		{"its name in upper case", host, "", "https://API.acme.example/v1/costs", "https://API.acme.example/v1/costs"},
		{"relative to the host", host, "", "/v1/costs?page=2", "https://api.acme.example/v1/costs?page=2"},
		{"relative to the page", host, "", "?page=2", "https://api.acme.example/v1/costs?page=2"},
		{"relative to the folder", host, "", "other?page=2", "https://api.acme.example/v1/other?page=2"},
		{"a fragment is dropped", host, "", "/v1/costs?page=2#x", "https://api.acme.example/v1/costs?page=2"},
		{"the bytes of its query are kept", host, "", "/v1/costs?b=2&a=%2f+x", "https://api.acme.example/v1/costs?b=2&a=%2f+x"},
		{"another host", host, "", "https://evil.example/v1/costs", ""},
		{"another host without a scheme", host, "", "//evil.example/v1/costs", ""},
		{"a host that begins the same", host, "", "https://api.acme.example.evil.example/", ""},
		{"a host behind a user name", host, "", "https://api.acme.example@evil.example/", ""},
		{"a user name", host, "", "https://u:p@api.acme.example/", ""},
		{"another port", host, "", "https://api.acme.example:8443/", ""},
		{"plain http", host, "", "http://api.acme.example/v1/costs", ""},
		{"another scheme", host, "", "file:///etc/passwd", ""},
		{"an opaque URL", host, "", "https:evil.example", ""},
		{"a backslash", host, "", `https://api.acme.example\@evil.example/`, ""},
		{"a backslash for a host", host, "", `/\evil.example`, ""},
		{"climbing", host, "", "/v1/../../admin", ""},
		{"climbing, escaped", host, "", "/v1/%2e%2e/admin", ""},
		{"a line break", host, "", "/v1/costs\r\nHost: evil", ""},
		{"nothing of a URL", host, "", "%zz", ""},
		{"below a stand-in", stand, host, "http://127.0.0.1:9090/acme/v1/costs?page=2", "http://127.0.0.1:9090/acme/v1/costs?page=2"},
		{"a stand-in that forgot its prefix", stand, host, "http://127.0.0.1:9090/v1/costs?page=2", "http://127.0.0.1:9090/acme/v1/costs?page=2"},
		{"relative, below a stand-in", stand, host, "/v1/costs?page=2", "http://127.0.0.1:9090/acme/v1/costs?page=2"},
		{"relative with the prefix", stand, host, "/acme/v1/costs?page=2", "http://127.0.0.1:9090/acme/v1/costs?page=2"},
		{"re-pinned from the connector's own host", stand, host, "https://api.acme.example/v1/costs?page=2", "http://127.0.0.1:9090/acme/v1/costs?page=2"},
		{"re-pinned from below the connector's own base", stand, host + "/api", "https://api.acme.example/api/v1?page=2", "http://127.0.0.1:9090/acme/v1?page=2"},
		{"beside the connector's own base", stand, host + "/api", "https://api.acme.example/apix/v1?page=2", ""},
		{"a stand-in and a third host", stand, host, "https://evil.example/v1/costs", ""},
		{"a stand-in and another port", stand, host, "http://127.0.0.1:9091/acme/v1/costs", ""},
		{"the connector's own host where it was not replaced", "https://eu.acme.example", "", host + "/v1", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			u, anywhere, err := mustBase(t, c.base, c.original).target(connector.Call{Path: "v1/costs", URL: c.link})
			switch {
			case anywhere:
				t.Fatal("the link may lead anywhere")
			case err != nil:
				if p := problem.From(err); c.want != "" || p.Code != problem.EgressDenied {
					t.Fatal(err)
				}
			case u.String() != c.want:
				t.Fatalf("got %s, want %q", u, c.want)
			}
		})
	}
}

func TestDownloadWithoutCredentialsMayLeadElsewhere(t *testing.T) {
	b := mustBase(t, "https://api.acme.example/api", "")
	for link, want := range map[string]struct {
		url      string
		anywhere bool
	}{
		"https://files.example/report?sig=abc": {"https://files.example/report?sig=abc", true},
		"/files/report":                        {"https://api.acme.example/files/report", false},
		"https://u:p@files.example/":           {},
		"file:///etc/passwd":                   {},
		"javascript:alert(1)":                  {},
		"https:///x":                           {},
	} {
		u, anywhere, err := b.target(connector.Call{URL: link, NoAuth: true})
		if err != nil {
			if want.url != "" {
				t.Errorf("%s: %v", link, err)
			}
		} else if u.String() != want.url || anywhere != want.anywhere {
			t.Errorf("%s: %s, anywhere %v", link, u, anywhere)
		}
	}
}

// TestNoPathLeavesTheBase is the property behind the tables: whatever the segments, host and prefix are the base's,
// for us and for a server that decodes and cleans once more.
func TestNoPathLeavesTheBase(t *testing.T) {
	bits := []string{"..", ".", "/", "//", "\\", "%2e", "%2E%2e", "%252e", "%2f", "%5c", "%00", "%", "@", ":", "?", "#", ";", "a", "v1",
		"https:", "evil.example", "[::1]", " ", "\r\n", "\x00", "é", "‥", "．．", "%c0%ae", "&", "=", "%ff"}
	b := mustBase(t, "https://api.acme.example:8443/api/v1", "")
	served := 0
	rapid.Check(t, func(t *rapid.T) {
		p := strings.Join(rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(bits), rapid.String()), 0, 12).Draw(t, "path"), "")
		link := rapid.Bool().Draw(t, "link")
		call := connector.Call{Path: p}
		if link {
			call = connector.Call{Path: "x", URL: p}
		}
		u, anywhere, err := b.target(call)
		if err != nil {
			return
		}
		served++
		again, err := url.Parse(u.String())
		if err != nil {
			t.Fatalf("%q gives %q, which does not parse: %v", p, u, err)
		}
		if anywhere || !sameOrigin(again, b.url) || again.User != nil {
			t.Fatalf("%q leaves the host: %s", p, again)
		}
		if link {
			return
		}
		once := again
		for range 3 {
			if !strings.HasPrefix(once.JoinPath().EscapedPath()+"/", "/api/v1/") {
				t.Fatalf("%q leaves the prefix: %s, cleaned %s", p, again, once.JoinPath())
			}
			next, err := url.PathUnescape(once.EscapedPath())
			if err != nil {
				return
			}
			once = &url.URL{Scheme: "https", Host: "h", Path: strings.ReplaceAll(next, "\\", "/")}
		}
	})
	if served == 0 {
		t.Error("every path was refused: nothing was tested")
	}
}
