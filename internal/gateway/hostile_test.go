package gateway_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// hostile is one request of somebody who means harm: as it is written, what it is answered with, and how often the provider
// may hear of it.
type hostile struct {
	name, request string
	status        int
	code          string // "" where there is no problem
	parameter     string // that the problem names
	asked         int
}

const (
	list    = "/unified/usage-metering/workspaces?integrated_account_id=acme-1"
	bearing = " HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer " + everyone + "\r\n"
)

// once is a list that no other row asks for, so that no page of it is kept.
func once(n int) string { return fmt.Sprintf("%s&remote_query[n]=%d", list, n) }

// get is a GET with the caller's token, and headers.
func get(target string, headers ...string) string {
	return "GET " + target + bearing + strings.Join(append(headers, "Connection: close"), "\r\n") + "\r\n\r\n"
}

func post(target string, headers ...string) string {
	return "POST" + strings.TrimPrefix(get(target, headers...), "GET")
}

// bombs are queries whose size, depth or shape is the weapon.
var bombs = []hostile{
	{"10,000 brackets", get(list + "&a" + strings.Repeat("[b]", 10_000) + "=1"), 400, "invalid_parameter", "", 0},
	{"2,000 brackets", get(list + "&a" + strings.Repeat("[b]", 2_000) + "=1"), 400, "invalid_parameter", "*", 0},
	{"10,000 names", get(list + strings.Repeat("&k=1", 10_000)), 400, "invalid_parameter", "", 0},
	{"1,000 short names", get(list + strings.Repeat("&k=1", 1_000)), 400, "invalid_parameter", "", 0},
	{"an index of a billion", get(list + "&product_id[999999999]=1"), 400, "invalid_parameter", "product_id[999999999]", 0},
	{"100,000 pushes", get(list + strings.Repeat("&a[]=", 100_000)), 431, "headers_too_large", "", 0},
	{"180 pushes", get(list + strings.Repeat("&a[]=", 180)), 400, "invalid_parameter", "a", 0},
	{"a value and an object", get(list + "&remote_query[a]=1&remote_query[a][b]=2"), 400, "invalid_parameter", "remote_query[a]", 0},
	{"__proto__", get(list + "&remote_query[__proto__][polluted]=1"), 400, "invalid_parameter", "remote_query[__proto__][polluted]", 0},
	{"constructor", get(list + "&remote_query[constructor][prototype]=1"), 400, "invalid_parameter", "remote_query[constructor][prototype]", 0},
	{"a bracket that stays open", get(list + "&remote_query[a=1"), 400, "invalid_parameter", "remote_query[a", 0},
	{"a bracket within one", get(list + "&a[[b]]=1"), 400, "invalid_parameter", "a[[b]]", 0},
	{"10,000 excluded fields", get(list + "&truto_exclude_fields=" + strings.Repeat("a,", 10_000)), 400, "invalid_parameter", "", 0},
	{"51 excluded fields", get(list + "&truto_exclude_fields=" + strings.Repeat("a,", 51)), 400, "invalid_parameter", "truto_exclude_fields", 0},
	{"an excluded field __proto__", get(list + "&truto_exclude_fields=__proto__"), 400, "invalid_parameter", "truto_exclude_fields", 0},
	{"an excluded field below __proto__", get(list + "&truto_exclude_fields=a.__proto__.b"), 400, "invalid_parameter", "truto_exclude_fields", 0},
	{"a key __proto__", get(list + "&truto_key_by=__proto__"), 400, "invalid_parameter", "truto_key_by", 0},
}

// injections are requests with line ends where a header, or another request, might begin behind them.
var injections = []hostile{
	{"a parameter of the provider's", get(list + "&remote_query[a]=1%0d%0aX-Evil:%201"), 400, "invalid_parameter", "remote_query[a]", 0},
	{"its name", get(list + "&remote_query[a%0d%0aX-Evil:1]=1"), 400, "invalid_parameter", "*", 0},
	{"a line feed alone", get(list + "&remote_query[a]=1%0aX-Evil:%201"), 400, "invalid_parameter", "remote_query[a]", 0},
	{"an unknown parameter, which a warning would name", get(list + "&a%0d%0aX-Evil:1=1"), 400, "invalid_parameter", "*", 0},
	{"the account", get("/unified/usage-metering/workspaces?integrated_account_id=acme-1%0d%0aX-Evil:1"), 400, "invalid_parameter", "integrated_account_id", 0},
	{"the account in the path", get("/integrated-account/acme-1%0d%0aX-Evil:1"), 404, "account_not_found", "integrated_account_id", 0},
	{"an id", get("/unified/usage-metering/workspaces/a%0d%0aX-Evil:%201?integrated_account_id=acme-1"), 400, "invalid_parameter", "", 0},
	{"a resource", get("/unified/usage-metering/a%0d%0aX-Evil:1?integrated_account_id=acme-1"), 404, "unknown_resource", "", 0},
	{"a path of custom", get("/custom/a%0d%0aX-Evil:1%0d%0a%0d%0aGET%20/x?integrated_account_id=acme-1"), 400, "invalid_parameter", "", 0},
	{"a query of custom", get("/custom/a?integrated_account_id=acme-1&b=1%0d%0aX-Evil:1"), 400, "invalid_parameter", "b", 0},
	{"a cursor", get(list + "&next_cursor=c1.a%0d%0aX-Evil:1"), 400, "invalid_parameter", "next_cursor", 0},
	{"a cursor in a header", get(list, "Accept: text/event-stream", "Last-Event-ID: c1.a\tX-Evil: 1"), 400, "cursor_invalid", "next_cursor", 0},
	{"a header folded over two lines", get(once(1), "X-A: 1\r\n X-Evil: 1"), 200, "", "", 1}, // it is one value, and nobody's
	{"a carriage return in a header", get(list, "X-A: 1\rX-Evil: 1"), 400, "malformed_request", "", 0},
	{"a name with a space", get(list, "X-Evil : 1"), 400, "malformed_request", "", 0},
	{"the type of a body", post("/custom/x?integrated_account_id=acme-1", "Content-Type: a/b\x00X-Evil: 1", "Content-Length: 0"), 400, "malformed_request", "", 0},
}

// smuggled are requests that two servers might read as two different ones.
var smuggled = []hostile{
	{"two lengths", post("/custom/x?integrated_account_id=acme-1", "Content-Length: 1", "Content-Length: 2") + "ab", 400, "malformed_request", "", 0},
	{"two lengths in one", post("/custom/x?integrated_account_id=acme-1", "Content-Length: 1, 2") + "ab", 400, "malformed_request", "", 0},
	{"a length with a sign", post("/custom/x?integrated_account_id=acme-1", "Content-Length: +1") + "a", 400, "malformed_request", "", 0},
	{"a length of hexadecimal digits", post("/custom/x?integrated_account_id=acme-1", "Content-Length: 0x1") + "a", 400, "malformed_request", "", 0},
	{"a length below zero", post("/custom/x?integrated_account_id=acme-1", "Content-Length: -1") + "a", 400, "malformed_request", "", 0},
	{"chunks and a length", "POST /custom/x?integrated_account_id=acme-1" + bearing + "Content-Length: 60\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /custom/smuggled?integrated_account_id=acme-1" + bearing + "\r\n", 200, "", "", 1},
	{"a body in chunks, and a request behind it", "POST /custom/x?integrated_account_id=acme-1" + bearing + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /custom/smuggled?integrated_account_id=acme-1" + bearing + "\r\n", 200, "", "", 1},
	{"two encodings", post("/custom/x?integrated_account_id=acme-1", "Transfer-Encoding: chunked, identity") + "0\r\n\r\n", 501, "malformed_request", "", 0},
	{"an encoding behind a tab", post("/custom/x?integrated_account_id=acme-1", "Transfer-Encoding: \x0bchunked") + "0\r\n\r\n", 400, "malformed_request", "", 0},
	{"a chunk whose size is none", post("/custom/x?integrated_account_id=acme-1", "Transfer-Encoding: chunked") + "zz\r\nab\r\n0\r\n\r\n", 400, "invalid_body", "", 0},
	{"a chunk of all there is", post("/custom/x?integrated_account_id=acme-1", "Transfer-Encoding: chunked") + "fffffffffffffffff\r\nab", 400, "invalid_body", "", 0},
	{"a length of zeros", post("/custom/x?integrated_account_id=acme-1", "Content-Length: 0000000000"), 200, "", "", 1},
	{"an absolute target elsewhere", "GET http://169.254.169.254/latest/meta-data" + bearing + "Connection: close\r\n\r\n", 404, "not_found", "", 0},
	{"an absolute target of ours", "GET http://evil.example/integrated-account" + bearing + "Connection: close\r\n\r\n", 200, "", "", 0},
	{"a target that is an authority", "CONNECT evil.example:443" + bearing + "Connection: close\r\n\r\n", 404, "not_found", "", 0},
	{"the target of all", "OPTIONS *" + bearing + "Connection: close\r\n\r\n", 200, "", "", 0},
	{"another host", "GET " + once(2) + " HTTP/1.1\r\nHost: evil.example\r\nAuthorization: Bearer " + everyone + "\r\nConnection: close\r\n\r\n", 200, "", "", 1},
	{"a host with a path", "GET " + list + " HTTP/1.1\r\nHost: evil.example/x\r\nAuthorization: Bearer " + everyone + "\r\n\r\n", 400, "malformed_request", "", 0},
	{"a huge header", get(list, "X-A: "+strings.Repeat("a", 200_000)), 431, "headers_too_large", "", 0},
	{"4,000 headers", get(list, strings.Repeat("X-A: 123\r\n", 4_000)+"X-B: 1"), 431, "headers_too_large", "", 0},
	{"1,000 headers", get(once(3), strings.Repeat("A: 1\r\n", 1_000)+"X-B: 1"), 200, "", "", 1},
	{"headers of a proxy", get(once(4), "X-Forwarded-For: 127.0.0.1", "X-Forwarded-Host: evil.example", "X-Forwarded-Proto: https", "Forwarded: for=127.0.0.1", "X-Real-IP: 127.0.0.1", "X-Original-URL: /metrics", "X-Rewrite-URL: /metrics", "X-HTTP-Method-Override: DELETE", "X-Evil: 1"), 200, "", "", 1},
	{"an upgrade", get(once(5), "Upgrade: websocket", "X-B: 1"), 200, "", "", 1},
}

// misread are parameters that are not what they seem.
var misread = []hostile{
	{"given twice", get(list + "&limit=1&limit=1000"), 400, "invalid_parameter", "limit", 0},
	{"given twice, once escaped", get(list + "&limit=1&%6cimit=1000"), 400, "invalid_parameter", "limit", 0},
	{"the account twice", get(list + "&integrated_account_id=acme-2"), 400, "invalid_parameter", "integrated_account_id", 0},
	{"another case", get(list + "&strict=true&LIMIT=1"), 400, "unknown_parameter", "LIMIT", 0},
	{"unknown and strict", get(list + "&strict=true&admin=true"), 400, "unknown_parameter", "admin", 0},
	{"separated by a semicolon", get(list + "&limit=1;strict=true"), 400, "invalid_parameter", "limit", 0},
	{"letters that are none", get(list + "&product_id=%ff%fe"), 400, "invalid_parameter", "product_id", 0},
	{"an overlong slash", get(list + "&product_id=%c0%af"), 400, "invalid_parameter", "product_id", 0},
	{"a zero byte", get(list + "&product_id=a%00b"), 400, "invalid_parameter", "product_id", 0},
	{"half an escape", get(list + "&product_id=%2"), 400, "invalid_parameter", "product_id", 0},
	{"a limit of zero", get(list + "&limit=0"), 400, "invalid_parameter", "limit", 0},
	{"a limit below it", get(list + "&limit=-1"), 400, "invalid_parameter", "limit", 0},
	{"a limit of 1e9", get(list + "&limit=1e9"), 400, "invalid_parameter", "limit", 0},
	{"a limit of 0x10", get(list + "&limit=0x10"), 400, "invalid_parameter", "limit", 0},
	{"a limit behind a space", get(list + "&limit=%2010"), 400, "invalid_parameter", "limit", 0},
	{"a limit that overflows", get(list + "&limit=18446744073709551617"), 400, "invalid_parameter", "limit", 0},
	{"a limit in other digits", get(list + "&limit=%D9%A1"), 400, "invalid_parameter", "limit", 0},
	{"a format in capitals", get(list + "&truto_response_format=RAW"), 400, "invalid_parameter", "truto_response_format", 0},
	{"a fragment", get(list + "#&limit=0"), 400, "*", "*", 0},
}

func TestHostileCallers(t *testing.T) {
	h := newHouse(t)
	for kind, rows := range map[string][]hostile{"bomb": bombs, "injection": injections, "smuggling": smuggled, "misread": misread} {
		for _, c := range rows {
			t.Run(kind+": "+c.name, func(t *testing.T) {
				h.provider.asked()
				got, more := h.rawAll(t, c.request)
				if got.status != c.status {
					t.Fatalf("answered %d %.300s", got.status, got.body)
				}
				if c.code != "" {
					p := got.problem(t)
					if name, _ := p.Details["parameter"].(string); c.code != "*" && p.Code != c.code || c.parameter != "*" && name != c.parameter || c.parameter == "*" && name == "" {
						t.Errorf("%s of %q: %.300s", p.Code, name, got.body)
					}
				}
				if more {
					t.Error("there was a second answer")
				}
				if asked := h.provider.asked(); len(asked) != c.asked {
					t.Errorf("the provider was asked %q", asked)
				}
				if got.header.Get("X-Evil") != "" || h.provider.evil() {
					t.Error("a header was injected")
				}
			})
		}
	}
	if got := h.ask(t, http.MethodGet, list, everyone); got.status != http.StatusOK {
		t.Errorf("afterwards %d", got.status)
	}
}

// rawAll is raw, and says whether a second answer stands behind the first: one request has one.
func (h *house) rawAll(t testing.TB, request string) (first reply, more bool) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	go io.WriteString(conn, request) // the other side may answer before it has read all
	in := bufio.NewReader(conn)
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	_, err = http.ReadResponse(in, nil)
	return reply{resp.StatusCode, resp.Header, body}, err == nil
}

// accountGames are ids of nobody's, each of which would be somebody's where an id is a pattern, a query or a path.
var accountGames = []string{
	"acme-9", "*", "acme-*", "acme-?", "%", "acme-_", "acme-1'--", "acme-1' OR '1'='1", `acme-1"`, "acme-1;", "acme-1 ", " acme-1", "ACME-1", "acme-1.", "acme‐1", "tenant:north", "north",
	"mb:acme-1", "acme-1\\", "$ne", "{}", "[]", "null", "0", "-1", "..", "../acme-1", "acme-1/../acme-2", "acme-1%", "%61cme-1", "acme-1,acme-2", "1e9", strings.Repeat("a", 2000), "ａcme-1",
}

// theAccount is how the message names it.
var theAccount = regexp.MustCompile(`account \\".*\\" is`)

// TestAnAccountThatIsGuessedIsUnknown: whatever is asked for, a caller who may not see it, and one who may see all, is told
// the same as for an id that was never there.
func TestAnAccountThatIsGuessedIsUnknown(t *testing.T) {
	h := newHouse(t)
	for _, token := range []string{other, everyone} {
		want := ""
		for i, id := range accountGames {
			got := h.ask(t, http.MethodGet, "/unified/usage-metering/workspaces?integrated_account_id="+url.QueryEscape(id), token)
			if got.status != http.StatusNotFound {
				t.Errorf("%q: %d %s", id, got.status, got.body)
				continue
			}
			p := got.problem(t)
			told := theAccount.ReplaceAllString(strings.ReplaceAll(string(got.body), p.RequestID, "ID"), "account ID is")
			if i == 0 {
				want = told
			}
			if told != want {
				t.Errorf("%q\n got %s\nwant %s", id, told, want)
			}
		}
	}
	if asked := h.provider.asked(); len(asked) > 0 {
		t.Errorf("the provider was asked %v", asked)
	}
}

// TestCursorsThatAreNotTheirs: what is altered, cut, of another account or sealed by another gateway is told the same; what is
// of another query is told to its owner; and one that is used again gives the same again.
func TestCursorsThatAreNotTheirs(t *testing.T) {
	h := newHouse(t)
	first := h.ask(t, http.MethodGet, list+"&limit=1", everyone)
	token := between(string(first.body), `"next_cursor":"`, `"`)
	if token == "" {
		t.Fatalf("no cursor in %s", first.body)
	}
	told := func(target, token string) (int, string) {
		got := h.ask(t, http.MethodGet, target+"&next_cursor="+url.QueryEscape(token), everyone)
		if got.status == http.StatusOK {
			return got.status, string(got.body)
		}
		p := got.problem(t)
		return got.status, strings.ReplaceAll(string(got.body), p.RequestID, "ID")
	}
	const foreign = "/unified/usage-metering/workspaces?integrated_account_id=acme-2&limit=1"
	status, invalid := told(foreign, token)
	if status != http.StatusBadRequest || !strings.Contains(invalid, "cursor_invalid") {
		t.Fatalf("of another account: %d %s", status, invalid)
	}
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" // of base64
	refused := func(what, token string) {
		if status, got := told(list+"&limit=1", token); status != http.StatusBadRequest || got != invalid {
			t.Errorf("%s: %d %s", what, status, got)
		}
	}
	for i := range len(token) {
		flipped := []byte(token)
		flipped[i] = letters[(strings.IndexByte(letters, token[i])+1)%len(letters)]
		refused(fmt.Sprintf("byte %d", i), string(flipped))
		if i > 0 {
			refused(fmt.Sprintf("cut to %d", i), token[:i])
		}
	}
	another := houseOfKey(t, "o")
	elsewhere := another.ask(t, http.MethodGet, list+"&limit=1", everyone)
	refused("of another key", between(string(elsewhere.body), `"next_cursor":"`, `"`))
	for what, target := range map[string]string{
		"another resource": "/unified/usage-metering/usage?integrated_account_id=acme-1", "another range": list + "&start_date=2026-08-01", "a parameter of the provider's": list + "&remote_query[a]=1",
	} {
		if status, got := told(target, token); status != http.StatusBadRequest || !strings.Contains(got, "cursor_mismatch") {
			t.Errorf("%s: %d %s", what, status, got)
		}
	}
	_, once := told(list+"&limit=1", token)
	status, again := told(list+"&limit=1", token)
	if status != http.StatusOK || once != again || !strings.Contains(again, `"w2"`) {
		t.Errorf("used twice: %d\n%s\n%s", status, once, again)
	}
}

func between(s, from, to string) string {
	_, rest, _ := strings.Cut(s, from)
	found, _, _ := strings.Cut(rest, to)
	return found
}
