// Package secret holds what must never be seen: a Value that does not print, and a Keyring that seals bytes.
//
// A credential becomes a Value where it is read and text again only in the line that signs a request; every way of
// printing, encoding or logging it in between gives "[redacted]". Whatever leaves the process and must come back
// unread and unaltered (cursors, cached pages) goes through a Keyring: one key a purpose, derived from the
// configured ones, so that bytes sealed for one purpose open for no other.
package secret

import (
	"fmt"
	"io"
	"log/slog"
)

// Redacted is what a Value shows of itself, set or not.
const Redacted = "[redacted]"

// Value is a secret text. The zero is the empty one.
//
// The text hides behind a pointer because fmt does not call methods on unexported fields of other structs: it
// would print a plain string there, and prints a nested pointer as an address.
type Value struct{ text *string }

// New makes a secret of a text.
func New(text string) Value {
	if text == "" {
		return Value{}
	}
	return Value{text: &text}
}

// Reveal is the text itself, for the line that signs a request and no other.
func (v Value) Reveal() string {
	if v.text == nil {
		return ""
	}
	return *v.text
}

// IsZero says whether there is no text.
func (v Value) IsZero() bool { return v.text == nil }

// String is Redacted.
func (v Value) String() string { return Redacted }

// GoString is Redacted.
func (v Value) GoString() string { return Redacted }

// Format writes Redacted for every verb.
func (v Value) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Redacted) }

// MarshalJSON is Redacted as a JSON string.
func (v Value) MarshalJSON() ([]byte, error) { return []byte(`"` + Redacted + `"`), nil }

// MarshalText is Redacted.
func (v Value) MarshalText() ([]byte, error) { return []byte(Redacted), nil }

// MarshalYAML is Redacted.
func (v Value) MarshalYAML() (any, error) { return Redacted, nil }

// LogValue is Redacted.
func (v Value) LogValue() slog.Value { return slog.StringValue(Redacted) }
