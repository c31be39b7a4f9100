package money

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
)

var (
	errNumber = errors.New("not a decimal number")
	errDigits = fmt.Errorf("more than %d digits", MaxDigits)
	errExp    = fmt.Errorf("an exponent past ±%d", MaxExponent)
)

// Parse reads a JSON number, or the plain decimals that providers put into strings and CSV: a leading plus, leading
// zeros and a bare point (.5) are taken; grouping, spaces, currency signs, hex, NaN and infinity are not.
func Parse(s string) (Dec, error) {
	d, err := parse(s)
	if err != nil {
		if len(s) > 40 {
			s = s[:40] + "…"
		}
		return Dec{}, fmt.Errorf("reading the number %q: %w", s, err)
	}
	return d, nil
}

func parse(s string) (Dec, error) {
	neg, i := false, 0
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		neg = s[i] == '-'
		i++
	}
	var (
		coef        int64
		fits        = true
		start       = i
		digits      int
		point       = -1
		scale       int64
		digitsOfBig []byte
	)
mantissa:
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
			if digits > MaxDigits {
				return Dec{}, errDigits
			}
			if digits < len(pow10) {
				coef = coef*10 + int64(c-'0')
			} else if fits {
				if n, ok := mul64(coef, 10); ok {
					coef, ok = add64(n, int64(c-'0'))
					fits = ok
				} else {
					fits = false
				}
			}
		case c == '.' && point < 0:
			point = i
		default:
			break mantissa
		}
	}
	if digits == 0 {
		return Dec{}, errNumber
	}
	end := i
	if point >= 0 {
		scale = int64(end - point - 1)
	}
	if i < len(s) {
		exp, err := parseExponent(s[i:])
		if err != nil {
			return Dec{}, err
		}
		scale -= exp
	}
	if fits {
		if neg {
			coef = -coef
		}
		return Dec{coef: coef, scale: int32(scale)}, nil
	}
	for _, c := range []byte(s[start:end]) {
		if c != '.' {
			digitsOfBig = append(digitsOfBig, c)
		}
	}
	b, _ := new(big.Int).SetString(string(digitsOfBig), 10)
	if neg {
		b.Neg(b)
	}
	return narrow(b, scale), nil
}

// parseExponent reads "e-7" to its end.
func parseExponent(s string) (int64, error) {
	if s[0] != 'e' && s[0] != 'E' {
		return 0, errNumber
	}
	s = s[1:]
	neg := false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		neg = s[0] == '-'
		s = s[1:]
	}
	if s == "" {
		return 0, errNumber
	}
	var exp int64
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, errNumber
		}
		if exp = exp*10 + int64(s[i]-'0'); exp > MaxExponent {
			return 0, errExp
		}
	}
	if neg {
		exp = -exp
	}
	return exp, nil
}

// String is d in plain decimal notation, a valid JSON number, with the trailing zeros that the arithmetic gave it.
func (d Dec) String() string { return string(d.Append(nil)) }

// Append appends String. Out of range is appended as "NaN", which no JSON parser takes for a number.
func (d Dec) Append(b []byte) []byte {
	if d.lost {
		return append(b, "NaN"...)
	}
	if d.Sign() < 0 {
		b = append(b, '-')
	}
	var buf [20]byte
	var digits []byte
	if d.big != nil {
		digits = new(big.Int).Abs(d.big).Append(nil, 10)
	} else {
		digits = strconv.AppendUint(buf[:0], abs(d.coef), 10)
	}
	scale := int(d.scale)
	if scale <= 0 {
		b = append(b, digits...)
		if d.Sign() != 0 { // 0e5 is 0, not 000000
			b = zeros(b, -scale)
		}
		return b
	}
	whole := len(digits) - scale
	if whole <= 0 {
		b = append(b, "0."...)
		b = zeros(b, -whole)
		return append(b, digits...)
	}
	b = append(b, digits[:whole]...)
	b = append(b, '.')
	return append(b, digits[whole:]...)
}

func zeros(b []byte, n int) []byte {
	for range n {
		b = append(b, '0')
	}
	return b
}
