package gateway_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/gateway"
)

// What net/http refuses before any handler sees it is a problem too, and the process lives on.
func TestRequestsThatHTTPDoesNotKnow(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct {
		name, request string
		status        int
		code          string
	}{
		{"headers without end", "GET /healthz HTTP/1.1\r\nHost: gateway\r\nX-Filling: " + strings.Repeat("a", gateway.MaxWireHeader+8192) + "\r\n\r\n", 431, "headers_too_large"},
		{"a path that is escaped wrongly", "GET /unified/usage-metering/usage/%zz HTTP/1.1\r\nHost: gateway\r\n\r\n", 400, "malformed_request"},
		{"a control character in the path", "GET /unified/usage-metering/us\x01age HTTP/1.1\r\nHost: gateway\r\n\r\n", 400, "malformed_request"},
		{"no host", "GET /healthz HTTP/1.1\r\n\r\n", 400, "malformed_request"},
		{"two hosts", "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "malformed_request"},
		{"a header with a control character", "GET /healthz HTTP/1.1\r\nHost: gateway\r\nX-A: a\x00b\r\n\r\n", 400, "malformed_request"},
		{"two lengths", "POST /custom/x HTTP/1.1\r\nHost: gateway\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400, "malformed_request"},
		{"an encoding that is none", "POST /custom/x HTTP/1.1\r\nHost: gateway\r\nTransfer-Encoding: magic\r\n\r\n", 501, "malformed_request"},
		{"another version", "GET /healthz HTTP/9.9\r\nHost: gateway\r\n\r\n", 505, "malformed_request"},
		{"another protocol", "EHLO gateway\r\n\r\n", 400, "malformed_request"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := h.raw(t, c.request)
			if got.status != c.status || got.problem(t).Code != c.code {
				t.Errorf("answered %d %s", got.status, got.body)
			}
			if got := h.ask(t, "GET", "/healthz", ""); got.status != http.StatusOK {
				t.Errorf("afterwards %d", got.status)
			}
		})
	}
}

// A provider may send what looks like a refusal of net/http's; raw passes it on as it is.
func TestOnlyAConnectionsFirstWriteCanBeARefusal(t *testing.T) {
	forged := "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request"
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "first")
		w.(http.Flusher).Flush()
		io.WriteString(w, forged)
	}))
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "first"+forged {
		t.Errorf("%v %q", err, body)
	}
}

// raw sends bytes as they are, which a client of good manners would mend, and reads what comes back.
func (h *house) raw(t testing.TB, request string) reply {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	go io.WriteString(conn, request) // the other side may answer before it has read all
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body) // a connection that is reset behind a good status is no matter here
	return reply{resp.StatusCode, resp.Header, body}
}
