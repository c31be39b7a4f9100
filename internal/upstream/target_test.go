package upstream

import (
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"

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

// hostileBits are what paths that climb, and links that lead elsewhere, are made of.
var hostileBits = []string{"..", ".", "/", "//", "\\", "%2e", "%2E%2e", "%252e", "%25252e", "%2f", "%252f", "%5c", "%00", "%", "@", ":", "?", "#", ";", "..;", "a", "v1",
	"https:", "evil.example", "[::1]", " ", "\r\n", "\x00", "é", "‥", "．．", "%c0%ae", "%e0%80%ae", "&", "=", "%ff", "\t", "%0d%0a", "~", "*", "169.254.169.254"}

// staysBelow is the property behind the tables: whatever the path or the link, host and prefix are the base's, for us and
// for a server that decodes and cleans once more. It says whether the call may be made at all.
func staysBelow(b *base, call connector.Call) (served bool, why string) {
	u, anywhere, err := b.target(call)
	if err != nil {
		return false, ""
	}
	again, err := url.Parse(u.String())
	if err != nil {
		return true, "does not parse: " + err.Error()
	}
	if anywhere || !sameOrigin(again, b.url) || again.User != nil {
		return true, "leaves the host: " + again.String()
	}
	if call.URL != "" {
		return true, ""
	}
	if again.RawQuery != "" || again.Fragment != "" {
		return true, "ends the path: " + again.String()
	}
	once := again
	for range 3 {
		if !strings.HasPrefix(once.JoinPath().EscapedPath()+"/", "/api/v1/") {
			return true, "leaves the prefix: " + again.String() + ", cleaned " + once.JoinPath().String()
		}
		next, err := url.PathUnescape(once.EscapedPath())
		if err != nil {
			break
		}
		once = &url.URL{Scheme: "https", Host: "h", Path: strings.ReplaceAll(next, "\\", "/")}
	}
	return true, ""
}

// TestNoPathLeavesTheBase asks it of many random texts, half of them links.
func TestNoPathLeavesTheBase(t *testing.T) {
	const texts = 150_000
	b := mustBase(t, "https://api.acme.example:8443/api/v1", "")
	random, served := rand.New(rand.NewPCG(1, 2)), 0
	for range texts {
		var p []byte
		for range random.IntN(12) {
			if random.IntN(4) == 0 {
				p = append(p, byte(random.Uint32()))
			} else {
				p = append(p, hostileBits[random.IntN(len(hostileBits))]...)
			}
		}
		for _, call := range []connector.Call{{Path: string(p)}, {Path: "x", URL: string(p)}} {
			ok, why := staysBelow(b, call)
			if why != "" {
				t.Fatalf("%q %s", p, why)
			}
			if ok {
				served++
			}
		}
	}
	if served < texts/10 {
		t.Errorf("only %d of them could be called", served)
	}
}

func FuzzTarget(f *testing.F) {
	for _, s := range hostileBits {
		f.Add(s, "a/"+s+"/b", "k", s)
	}
	b := mustBase(f, "https://api.acme.example:8443/api/v1", "")
	f.Fuzz(func(t *testing.T, path, link, key, value string) {
		for _, call := range []connector.Call{{Path: path}, {Path: "x", URL: link}} {
			if _, why := staysBelow(b, call); why != "" {
				t.Fatalf("%+v %s", call, why)
			}
		}
		u, _, err := b.target(connector.Call{Path: "x", Query: []connector.Param{{Key: key, Value: value}}})
		if err != nil {
			return
		}
		req, err := http.NewRequest(http.MethodGet, u.String(), nil)
		if err != nil {
			t.Fatalf("%q=%q can't be sent: %v", key, value, err)
		}
		got, err := url.ParseQuery(req.URL.RawQuery)
		if err != nil || len(got) != 1 || got.Get(key) != value {
			t.Fatalf("%q=%q is read as %q, %v", key, value, got, err)
		}
	})
}
