package upstream

import (
	"encoding/binary"
	"maps"
	"reflect"
	"slices"

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
	b := append(make([]byte, 0, 512), s.own...)
	b = binary.AppendVarint(b, int64(call.Cost))
	b = binary.AppendUvarint(b, uint64(reflect.ValueOf(call.Auth).Pointer()))
	for _, text := range [...]string{call.Purpose, call.Method, call.Path, call.URL, call.ContentType, call.Accept} {
		b = appendPart(b, text)
	}
	for _, params := range [...][]connector.Param{call.Query, call.Header} {
		b = binary.AppendUvarint(b, uint64(len(params)))
		for _, p := range params {
			b = appendPart(appendPart(b, p.Key), p.Value)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(s.scopes)))
	for _, scope := range s.scopes {
		b = appendPart(b, scope)
	}
	return string(append(b, call.Body...))
}

// ownKey names what the answers to all calls of a session depend on: the connector, the place, the credentials.
func (s *Session) ownKey() string {
	b := appendPart(binary.AppendUvarint(nil, s.conn.Hash), s.base.url.String())
	for _, name := range slices.Sorted(maps.Keys(s.acct.Credentials)) {
		b = appendPart(appendPart(b, name), s.acct.Credentials[name].Reveal())
	}
	return s.fingerprint("session", string(b))
}

// appendPart appends a text so that no two lists of texts are the same bytes.
func appendPart(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}
