package core

import (
	"strings"
	"testing"
)

func TestTextIsBounded(t *testing.T) {
	text := func(n int) string { return String(&Const{Value: strings.Repeat("x", n-len(`""`))}) }
	if got := text(MaxText); len(got) != MaxText {
		t.Errorf("a program of %d bytes has %d as a text", MaxText, len(got))
	}
	if got := text(MaxText + 1); got != "" {
		t.Errorf("a program that is too long is a text of %d bytes", len(got))
	}
	f := &Func{Name: "f", Body: &Identity{}}
	for range 64 {
		call := &Invoke{Func: f}
		f = &Func{Name: "f", Body: &Comma{Left: call, Right: call}}
	}
	if got := String(f.Body); got != "" {
		t.Errorf("a program that doubles at each level is a text of %d bytes", len(got))
	}
}
