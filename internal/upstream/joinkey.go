package upstream

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/meterbridge/meterbridge/internal/connector"
)

// mayJoin says whether two who ask the same may have one answer: the call asks and changes nothing.
func mayJoin(call connector.Call) bool {
	switch call.Purpose {
	case "list", "get", "parents", "lookup":
		return !call.NoAuth
	}
	return false
}

// joinKey names a call by all that its answer depends on, the account's credentials too; "" for one that nobody joins. I8
func (s *Session) joinKey(call connector.Call) string {
	if !mayJoin(call) || s.fault != nil {
		return ""
	}
	b := make([]byte, 0, 1<<10)
	b = strconv.AppendUint(b, s.conn.Hash, 16)
	b = strconv.AppendInt(append(b, ' '), int64(call.Cost), 10)
	b = fmt.Appendf(b, " %p", call.Auth)
	for _, text := range [...]string{s.base.url.String(), call.Purpose, call.Method, call.Path, call.URL, call.ContentType, call.Accept} {
		b = strconv.AppendQuote(b, text)
	}
	for _, params := range [...][]connector.Param{call.Query, call.Header} {
		b = append(b, ';')
		for _, p := range params {
			b = strconv.AppendQuote(strconv.AppendQuote(b, p.Key), p.Value)
		}
	}
	b = append(b, ';')
	for _, scope := range s.scopes {
		b = strconv.AppendQuote(b, scope)
	}
	for _, name := range slices.Sorted(maps.Keys(s.acct.Credentials)) {
		b = strconv.AppendQuote(b, s.acct.Credentials[name].Reveal())
	}
	return s.fingerprint("flight", string(b), string(call.Body))
}
