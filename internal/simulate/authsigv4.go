package simulate

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const sigv4Algorithm = "AWS4-HMAC-SHA256"

// sigv4Holds checks a signature over the request as it was received, as AWS does: Credential, SignedHeaders and
// Signature are what the header holds.
func (g guard) sigv4Holds(text, id, secret string) bool {
	given := map[string]string{}
	for part := range strings.SplitSeq(text, ",") {
		k, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		given[k] = v
	}
	scope := strings.Split(given["Credential"], "/") // id, day, region, service, aws4_request
	stamp := g.r.Header.Get("X-Amz-Date")
	at, err := time.Parse("20060102T150405Z", stamp)
	if err != nil || len(scope) != 5 || scope[0] != id || scope[1] != stamp[:8] || scope[4] != "aws4_request" || !g.timely(at) {
		return false
	}
	names := strings.Split(given["SignedHeaders"], ";")
	if !slices.IsSorted(names) || !slices.Contains(names, "host") {
		return false
	}
	for name := range g.r.Header { // what AWS demands to be signed
		if name = strings.ToLower(name); strings.HasPrefix(name, "x-amz-") && !slices.Contains(names, name) {
			return false
		}
	}
	toSign := strings.Join([]string{sigv4Algorithm, stamp, strings.Join(scope[1:], "/"), hexSum(canonicalRequest(g.r, g.body, names))}, "\n")
	key := []byte("AWS4" + secret)
	for _, part := range scope[1:] {
		key = mac(key, part)
	}
	want := hex.EncodeToString(mac(key, toSign))
	return hmac.Equal([]byte(want), []byte(given["Signature"]))
}

// canonicalRequest is the request in the one form that both sides sign.
func canonicalRequest(r *http.Request, body []byte, names []string) string {
	var headers strings.Builder
	for _, name := range names {
		values := r.Header.Values(name)
		switch name {
		case "host":
			values = []string{r.Host}
		case "content-length":
			values = []string{strconv.FormatInt(r.ContentLength, 10)}
		}
		var plain []string
		for _, v := range values {
			plain = append(plain, strings.Join(strings.Fields(v), " "))
		}
		headers.WriteString(name + ":" + strings.Join(plain, ",") + "\n")
	}
	path := r.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	return strings.Join([]string{r.Method, strictEscape(path, "/"), canonicalQuery(r.URL.RawQuery), headers.String(), strings.Join(names, ";"), hexSum(string(body))}, "\n")
}

// canonicalQuery is the query as it was received, in order of its names and values. What a client wrote in another way
// than AWS escapes is not put right, for it is what was sent that has to be signed.
func canonicalQuery(raw string) string {
	var pairs [][2]string
	for p := range strings.SplitSeq(raw, "&") {
		if p == "" {
			continue
		}
		k, v, _ := strings.Cut(p, "=")
		name, err1 := url.PathUnescape(k)
		value, err2 := url.PathUnescape(v)
		if err1 != nil || err2 != nil {
			return "malformed"
		}
		pairs = append(pairs, [2]string{strictEscape(name, ""), strictEscape(value, "")})
	}
	slices.SortFunc(pairs, func(a, b [2]string) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	var out []string
	for _, p := range pairs {
		out = append(out, p[0]+"="+p[1])
	}
	return strings.Join(out, "&")
}

// strictEscape escapes all but RFC 3986's unreserved characters and those of keep.
func strictEscape(s, keep string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~"+keep, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteString("%" + strings.ToUpper(hex.EncodeToString([]byte{c})))
	}
	return b.String()
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func hexSum(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
