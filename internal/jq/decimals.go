package jq

import (
	"encoding/json"
	"math"

	"github.com/meterbridge/meterbridge/internal/house"
	"github.com/meterbridge/meterbridge/internal/money"
)

// amount is a value as an exact number; null and the empty string are none, and no error.
func amount(v any) (house.Amount, error) {
	var text string
	switch v := v.(type) {
	case nil:
		return house.Amount{}, nil
	case int:
		return house.Amount{Dec: money.Int(int64(v)), Known: true}, nil
	case string:
		return house.ParseAmount(v)
	case json.Number:
		text = string(v)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return house.Amount{}, wrong(v, "a finite number")
		}
		b, _ := AppendFloat(nil, v)
		text = string(b)
	default:
		if !IsNumber(v) {
			return house.Amount{}, wrong(v, "a number")
		}
		b, _ := AppendNumber(nil, v)
		text = string(b)
	}
	d, err := money.Parse(text)
	return house.Amount{Dec: d, Known: err == nil}, err
}

// numberOf is an amount as a value.
func numberOf(a house.Amount) any {
	if !a.Known {
		return nil
	}
	b, err := a.Append(nil)
	if err != nil {
		return err
	}
	return json.Number(b)
}

// Dec is the house's `dec`: a number, or a string that holds one, as an exact number with the digits it came with.
// null and the empty string are null; anything else is returned as an error value.
func Dec(v any) any {
	a, err := amount(v)
	switch {
	case err != nil:
		return err
	case !a.Known:
		return nil
	}
	switch v := v.(type) {
	case int, json.Number:
		return v
	case string:
		if s, ok := house.Exact(v); ok {
			return json.Number(s)
		}
	}
	return numberOf(a)
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
	var sum house.Amount
	for _, x := range vs {
		a, err := amount(x)
		if err != nil {
			return err
		}
		sum = sum.Add(a)
	}
	return numberOf(sum)
}

// binary applies f to two amounts.
func binary(v, x any, f func(a, b house.Amount) any) any {
	a, err := amount(v)
	if err != nil {
		return err
	}
	b, err := amount(x)
	if err != nil {
		return err
	}
	return f(a, b)
}

func dadd(v, x any) any {
	return binary(v, x, func(a, b house.Amount) any { return numberOf(a.Add(b)) })
}

func dsub(v, x any) any {
	return binary(v, x, func(a, b house.Amount) any { return numberOf(a.Sub(b)) })
}

func dmul(v, x any) any {
	return binary(v, x, func(a, b house.Amount) any { return numberOf(a.Mul(b)) })
}

func dcmp(v, x any) any {
	return binary(v, x, func(a, b house.Amount) any {
		if n, ok := a.Cmp(b); ok {
			return n
		}
		return nil
	})
}

func dneg(v any) any {
	a, err := amount(v)
	if err != nil {
		return err
	}
	return numberOf(a.Neg())
}

// dshift multiplies by a power of ten: cents are dshift(-2).
func dshift(v, n any) any {
	by, ok := integer(n)
	if !ok || by < -money.MaxExponent || by > money.MaxExponent {
		return wrong(n, "a whole number of places within ±1000")
	}
	a, err := amount(v)
	if err != nil {
		return err
	}
	return numberOf(a.Shift(by))
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
