package money

import (
	"math"
	"math/big"
	"math/bits"
)

// pow10 holds the powers of ten that fit an int64.
var pow10 = func() (p [19]int64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1] * 10
	}
	return p
}()

// mul64 is a×b, and whether it fits a coefficient.
func mul64(a, b int64) (int64, bool) {
	neg := (a < 0) != (b < 0)
	hi, lo := bits.Mul64(abs(a), abs(b))
	if hi != 0 || lo > math.MaxInt64 {
		return 0, false
	}
	if neg {
		return -int64(lo), true
	}
	return int64(lo), true
}

func abs(a int64) uint64 {
	if a < 0 {
		return uint64(-a)
	}
	return uint64(a)
}

// add64 is a+b, and whether it fits a coefficient.
func add64(a, b int64) (int64, bool) {
	s := a + b
	if (a > 0 && b > 0 && s < 0) || (a < 0 && b < 0 && s >= 0) || s == math.MinInt64 {
		return 0, false
	}
	return s, true
}

// lift is the coefficient of d at a finer scale, where it fits an int64.
func (d Dec) lift(scale int32) (int64, bool) {
	n := scale - d.scale
	if d.big != nil || int(n) >= len(pow10) {
		return 0, false
	}
	return mul64(d.coef, pow10[n])
}

// liftWide is lift without the limit of an int64.
func (d Dec) liftWide(scale int32) *big.Int {
	n := scale - d.scale
	if n == 0 {
		return d.wide()
	}
	p := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
	return p.Mul(p, d.wide())
}

// Add is d+e at the finer of both scales: 1.10+2.20 is 3.30.
func (d Dec) Add(e Dec) Dec {
	if d.lost || e.lost {
		return Dec{lost: true}
	}
	scale := max(d.scale, e.scale)
	if a, ok := d.lift(scale); ok {
		if b, ok := e.lift(scale); ok {
			if s, ok := add64(a, b); ok {
				return Dec{coef: s, scale: scale}
			}
		}
	}
	return narrow(new(big.Int).Add(d.liftWide(scale), e.liftWide(scale)), int64(scale))
}

// Sub is d-e at the finer of both scales.
func (d Dec) Sub(e Dec) Dec { return d.Add(e.Neg()) }

// Neg is -d.
func (d Dec) Neg() Dec {
	if d.big != nil {
		return narrow(new(big.Int).Neg(d.big), int64(d.scale))
	}
	d.coef = -d.coef
	return d
}

// Mul is d×e; the scales add up: 1.10×2.0 is 2.200.
func (d Dec) Mul(e Dec) Dec {
	if d.lost || e.lost {
		return Dec{lost: true}
	}
	scale := int64(d.scale) + int64(e.scale)
	if d.big == nil && e.big == nil && scale <= MaxScale && scale >= -MaxScale {
		if p, ok := mul64(d.coef, e.coef); ok {
			return Dec{coef: p, scale: int32(scale)}
		}
	}
	return narrow(new(big.Int).Mul(d.wide(), e.wide()), scale)
}

// Shift is d×10^n without touching a digit: cents become major units by Shift(-2).
func (d Dec) Shift(n int) Dec {
	if d.lost || n > 2*MaxScale || n < -2*MaxScale { // before the subtraction, which could overflow
		return Dec{lost: true}
	}
	scale := int64(d.scale) - int64(n)
	if scale > MaxScale || scale < -MaxScale {
		return Dec{lost: true}
	}
	d.scale = int32(scale)
	return d
}

// Cmp is -1 where d<e, 0 where both are the same number at whatever scale, 1 where d>e. Out of range is compared as 0.
func (d Dec) Cmp(e Dec) int {
	scale := max(d.scale, e.scale)
	if a, ok := d.lift(scale); ok {
		if b, ok := e.lift(scale); ok {
			switch {
			case a < b:
				return -1
			case a > b:
				return 1
			}
			return 0
		}
	}
	if s, t := d.Sign(), e.Sign(); s != t {
		if s < t {
			return -1
		}
		return 1
	}
	return d.liftWide(scale).Cmp(e.liftWide(scale))
}
