package upstream

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

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
	var b strings.Builder
	fmt.Fprintf(&b, "%p %d", call.Auth, call.Cost)
	for _, text := range [...]string{call.Purpose, call.Method, call.Path, call.URL, call.ContentType, call.Accept} {
		b.WriteString(strconv.Quote(text))
	}
	for _, params := range [...][]connector.Param{call.Query, call.Header} {
		b.WriteByte(';')
		for _, p := range params {
			b.WriteString(strconv.Quote(p.Key))
			b.WriteString(strconv.Quote(p.Value))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.acct.Credentials)) {
		b.WriteString(strconv.Quote(s.acct.Credentials[name].Reveal()))
	}
	return s.fingerprint("flight", s.base.url.String(), strconv.FormatUint(s.conn.Hash, 16), strings.Join(s.scopes, " "), b.String(), string(call.Body))
}
