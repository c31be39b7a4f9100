package house

import (
	"errors"
	"strings"

	"github.com/meterbridge/meterbridge/internal/money"
)

// MaxNumber bounds the text of a decimal that the house's arithmetic gives back.
const MaxNumber = 2048

// ErrSize is a result past MaxNumber.
var ErrSize = errors.New("the result has too many digits")

// Amount is an exact number, or nothing, which null and the empty text are.
type Amount struct {
	Dec   money.Dec
	Known bool
}

// ParseAmount reads a text that holds a number, with space around it, or nothing.
func ParseAmount(text string) (Amount, error) {
	if text = strings.TrimSpace(text); text == "" {
		return Amount{}, nil
	}
	d, err := money.Parse(text)
	return Amount{d, err == nil}, err
}

// Exact is the number of such a text as it stands, where that is JSON and its digits are kept.
func Exact(text string) (string, bool) {
	text = strings.TrimSpace(text)
	return text, IsNumber(text)
}

// Short says of a JSON number that it is within the bounds of an amount, without a look at each digit.
func Short(number string) bool {
	return len(number) <= money.MaxDigits && strings.IndexByte(number, 'e') < 0 && strings.IndexByte(number, 'E') < 0
}

// Append writes a known amount.
func (a Amount) Append(b []byte) ([]byte, error) {
	if err := a.Dec.Err(); err != nil {
		return b, err
	}
	n := len(b)
	if b = a.Dec.Append(b); len(b)-n > MaxNumber {
		return b[:n], ErrSize
	}
	return b, nil
}

// Add is the sum; nothing is nothing to add, as in jq.
func (a Amount) Add(b Amount) Amount {
	switch {
	case !a.Known:
		return b
	case !b.Known:
		return a
	}
	return Amount{a.Dec.Add(b.Dec), true}
}

// Sub is the difference; nothing takes nothing away, and nothing can be taken from it.
func (a Amount) Sub(b Amount) Amount {
	if !a.Known || !b.Known {
		return a
	}
	return Amount{a.Dec.Sub(b.Dec), true}
}

// Mul is the product; with nothing it is nothing, because an unknown price makes an unknown cost.
func (a Amount) Mul(b Amount) Amount {
	if !a.Known || !b.Known {
		return Amount{}
	}
	return Amount{a.Dec.Mul(b.Dec), true}
}

// Neg is the amount with the other sign.
func (a Amount) Neg() Amount { return Amount{a.Dec.Neg(), a.Known} }

// Shift is the amount times a power of ten, at most money.MaxExponent either way: cents by -2.
func (a Amount) Shift(n int) Amount { return Amount{a.Dec.Shift(n), a.Known} }

// Cmp is -1, 0 or 1; false where one is nothing.
func (a Amount) Cmp(b Amount) (int, bool) {
	if !a.Known || !b.Known {
		return 0, false
	}
	return a.Dec.Cmp(b.Dec), true
}

// IsNumber says that a text is a JSON number.
func IsNumber(s string) bool {
	i := 0
	if i < len(s) && s[i] == '-' {
		i++
	}
	n := digits(s[i:])
	if n == 0 || n > 1 && s[i] == '0' {
		return false
	}
	i += n
	if i < len(s) && s[i] == '.' {
		if n = digits(s[i+1:]); n == 0 {
			return false
		}
		i += 1 + n
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		if i++; i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		if n = digits(s[i:]); n == 0 {
			return false
		}
		i += n
	}
	return i == len(s)
}

// digits counts those at the front of a text.
func digits(s string) int {
	for i := range len(s) {
		if !digit(s[i]) {
			return i
		}
	}
	return len(s)
}
