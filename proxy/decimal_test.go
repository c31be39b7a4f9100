package proxy_test

import (
	"math/big"
	"strings"
	"testing"
)

// decimal is an exact sum, by other means than the house's own.
type decimal struct{ r big.Rat }

func (d *decimal) add(t testing.TB, s string) {
	t.Helper()
	n, ok := new(big.Rat).SetString(s)
	if !ok {
		t.Fatalf("%q is no number", s)
	}
	d.r.Add(&d.r, n)
}

func (d *decimal) String() string {
	s := d.r.FloatString(40)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}
