package jq

import (
	"encoding/json"
	"errors"
	"math"
	"strings"

	"github.com/meterbridge/meterbridge/internal/money"
	"github.com/meterbridge/meterbridge/internal/record"
)

// maxNumber bounds the text of a decimal that the house's arithmetic gives back.
const maxNumber = 2048

var errNumberSize = errors.New("the result has too many digits")

// decimal is a value as an exact number; ok is false for null and the empty string, which are no number and no error.
func decimal(v any) (d money.Dec, ok bool, err error) {
	var text string
	switch v := v.(type) {
	case nil:
		return d, false, nil
	case int:
		return money.Int(int64(v)), true, nil
	case json.Number:
		text = string(v)
	case string:
		if text = strings.TrimSpace(v); text == "" {
			return d, false, nil
		}
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return d, false, wrong(v, "a finite number")
		}
		b, _ := AppendFloat(nil, v)
		text = string(b)
	default:
		if !IsNumber(v) {
			return d, false, wrong(v, "a number")
		}
		b, _ := AppendNumber(nil, v)
		text = string(b)
	}
	d, err = money.Parse(text)
	return d, err == nil, err
}

func numberOf(d money.Dec) any {
	if err := d.Err(); err != nil {
		return err
	}
	s := d.String()
	if len(s) > maxNumber {
		return errNumberSize
	}
	return json.Number(s)
}

// Dec is the house's `dec`: a number, or a string that holds one, as an exact number with the digits it came with.
// null and the empty string are null; anything else is returned as an error value.
func Dec(v any) any {
	d, ok, err := decimal(v)
	switch {
	case err != nil:
		return err
	case !ok:
		return nil
	}
	switch v := v.(type) {
	case int, json.Number:
		return v
	case string:
		if v = strings.TrimSpace(v); isJSONNumber(v) {
			return json.Number(v)
		}
	}
	return numberOf(d)
}

func isJSONNumber(s string) bool {
	if s == "" || s[0] != '-' && !digit(s[0]) {
		return false
	}
	end, st := record.Scan([]byte(s), 0, true)
	return st == record.Done && end == len(s)
}

// dsum sums an array exactly. Nulls are skipped; an empty array, and one of nulls, is null and not 0.
func dsum(v any) any {
	vs, ok := v.([]any)
	if !ok {
		if v == nil {
			return nil
		}
		return wrong(v, "an array")
	}
	var sum money.Dec
	any := false
	for _, x := range vs {
		d, ok, err := decimal(x)
		switch {
		case err != nil:
			return err
		case !ok:
		case !any:
			sum, any = d, true
		default:
			sum = sum.Add(d)
		}
	}
	if !any {
		return nil
	}
	return numberOf(sum)
}

// binary applies f where both operands are numbers; where one is null the other decides by itself.
func binary(v, x any, f func(a, b money.Dec) any, oneNull func(a money.Dec, left bool) any) any {
	a, okA, err := decimal(v)
	if err != nil {
		return err
	}
	b, okB, err := decimal(x)
	switch {
	case err != nil:
		return err
	case okA && okB:
		return f(a, b)
	case okA:
		return oneNull(a, true)
	case okB:
		return oneNull(b, false)
	}
	return nil
}

func unknown(money.Dec, bool) any { return nil }

// dadd adds; null is nothing to add, as in jq.
func dadd(v, x any) any {
	return binary(v, x, func(a, b money.Dec) any { return numberOf(a.Add(b)) },
		func(a money.Dec, _ bool) any { return numberOf(a) })
}

// dsub subtracts; null takes nothing away, and nothing can be taken from null.
func dsub(v, x any) any {
	return binary(v, x, func(a, b money.Dec) any { return numberOf(a.Sub(b)) },
		func(a money.Dec, left bool) any {
			if left {
				return numberOf(a)
			}
			return nil
		})
}

// dmul multiplies; a product with null is null, because an unknown price makes an unknown cost.
func dmul(v, x any) any {
	return binary(v, x, func(a, b money.Dec) any { return numberOf(a.Mul(b)) }, unknown)
}

// dcmp is -1, 0 or 1; null where one is null.
func dcmp(v, x any) any {
	return binary(v, x, func(a, b money.Dec) any { return a.Cmp(b) }, unknown)
}

func dneg(v any) any {
	d, ok, err := decimal(v)
	switch {
	case err != nil:
		return err
	case !ok:
		return nil
	}
	return numberOf(d.Neg())
}

// dshift multiplies by a power of ten: cents are dshift(-2).
func dshift(v, n any) any {
	by, ok := integer(n)
	if !ok || by < -money.MaxExponent || by > money.MaxExponent {
		return wrong(n, "a whole number of places within ±1000")
	}
	d, ok, err := decimal(v)
	switch {
	case err != nil:
		return err
	case !ok:
		return nil
	}
	return numberOf(d.Shift(by))
}

// integer is a value that is a whole number.
func integer(v any) (int, bool) {
	switch v := v.(type) {
	case int:
		return v, true
	case float64:
		n := int(v)
		return n, float64(n) == v
	case json.Number:
		n, err := v.Int64()
		return int(n), err == nil
	}
	return 0, false
}
