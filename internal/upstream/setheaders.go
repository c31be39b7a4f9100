package upstream

import (
	"net/http"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// reserved are headers that no call sets: the connection's own, and those that only a signature may.
var reserved = []string{
	"Host", "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Te", "Trailer", "Upgrade", "Expect",
	"Accept-Encoding", "Authorization", "Cookie", "Referer", "Proxy-Authorization", "Proxy-Connection",
}

// inflated is what the gateway can read beside plain bodies. Nobody changes it.
var inflated = []string{"gzip"}

// setHeaders puts a call's headers into a request.
func setHeaders(h http.Header, call connector.Call, agent string) error {
	h.Set("User-Agent", agent)
	h["Accept-Encoding"] = inflated
	for _, p := range call.Header {
		name := http.CanonicalHeaderKey(p.Key)
		if slices.Contains(reserved, name) {
			continue
		}
		if strings.ContainsFunc(p.Value, isControl) || p.Key == "" || strings.ContainsAny(p.Key, " :\r\n\t\x00") {
			return problem.New(problem.InvalidParameter, "the header %.64q can't be sent: its name or value holds a forbidden character", p.Key)
		}
		h.Add(name, p.Value)
	}
	if call.Accept != "" {
		h.Set("Accept", call.Accept)
	} else if h.Get("Accept") == "" {
		h.Set("Accept", "*/*")
	}
	if call.ContentType != "" {
		h.Set("Content-Type", call.ContentType)
	}
	return nil
}
