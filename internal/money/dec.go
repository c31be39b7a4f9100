// Package money is exact decimals: what a provider writes as 0.10 stays 0.10 through every sum.
//
// A Dec is an integer coefficient and a decimal scale. The coefficient is an int64 for as long as it fits, which is
// nearly always and costs no allocation, and a big.Int past that. Nothing is ever rounded, so there is no division.
// What comes from outside is bounded by MaxDigits and MaxExponent; arithmetic that outgrows its own, wider bounds
// gives a Dec whose Err says so, and which stays that way, so that a chain of operations is checked once at its end.
package money

import (
	"errors"
	"math"
	"math/big"
)

const (
	// MaxDigits bounds the digits of a number that is parsed.
	MaxDigits = 1000
	// MaxExponent bounds the exponent of a number that is parsed, either way.
	MaxExponent = 1000
	// MaxScale bounds the scale of a result, either way: what a product of two parsed numbers can need.
	MaxScale = 2 * (MaxDigits + MaxExponent)
	// MaxBits bounds the coefficient of a result, about 10,000 digits.
	MaxBits = 33_219
)

// ErrRange is a result that outgrew MaxScale or MaxBits.
var ErrRange = errors.New("the number outgrows the bounds of exact arithmetic")

// Dec is coef × 10^-scale. The zero value is 0. Values are immutable and are compared with Cmp, not ==.
type Dec struct {
	coef  int64 // never math.MinInt64, so that it can be negated
	scale int32
	lost  bool     // out of range: every result made of it is too
	big   *big.Int // the coefficient where it does not fit coef; never written to after it is set
}

// Int is a whole number.
func Int(n int64) Dec {
	if n == math.MinInt64 {
		return Dec{big: big.NewInt(n)}
	}
	return Dec{coef: n}
}

// Err is ErrRange where an operation on the way to d outgrew the bounds, else nil.
func (d Dec) Err() error {
	if d.lost {
		return ErrRange
	}
	return nil
}

// Size is the memory, in bytes, that d takes beside the Dec itself: that of a coefficient past an int64.
func (d Dec) Size() int {
	if d.big == nil {
		return 0
	}
	return (d.big.BitLen() + 7) / 8
}

// Sign is -1, 0 or 1.
func (d Dec) Sign() int {
	switch {
	case d.big != nil:
		return d.big.Sign()
	case d.coef < 0:
		return -1
	case d.coef > 0:
		return 1
	}
	return 0
}

// Floor is the whole number at or below d; false where it does not fit an int64.
func (d Dec) Floor() (int64, bool) {
	if d.lost {
		return 0, false
	}
	if d.big == nil && d.scale > 0 {
		if int(d.scale) >= len(pow10) {
			return min(int64(d.Sign()), 0), true
		}
		q := d.coef / pow10[d.scale]
		if d.coef%pow10[d.scale] < 0 {
			q--
		}
		return q, true
	}
	if n, ok := d.lift(0); ok {
		return n, true
	}
	n := d.wide()
	ten := func(scale int32) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil) }
	if d.scale > 0 {
		n = new(big.Int).Div(n, ten(d.scale))
	} else {
		n = new(big.Int).Mul(n, ten(-d.scale))
	}
	return n.Int64(), n.IsInt64()
}

// IsZero reports whether d is 0, at any scale.
func (d Dec) IsZero() bool { return !d.lost && d.Sign() == 0 }

// wide is the coefficient as a big.Int that the caller must not write to.
func (d Dec) wide() *big.Int {
	if d.big != nil {
		return d.big
	}
	return big.NewInt(d.coef)
}

// narrow makes a Dec of a coefficient that it takes over, in its smallest form and within the bounds.
func narrow(coef *big.Int, scale int64) Dec {
	if scale > MaxScale || scale < -MaxScale || coef.BitLen() > MaxBits {
		return Dec{lost: true}
	}
	if coef.IsInt64() && coef.Int64() != math.MinInt64 {
		return Dec{coef: coef.Int64(), scale: int32(scale)}
	}
	return Dec{big: coef, scale: int32(scale)}
}
