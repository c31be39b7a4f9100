package native

import (
	"cmp"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// compare is jq's order: less than 0 where a comes before b, 0 where they are equal.
func compare(a, b value) int { return order(a, b, 0) }

// equal reports that compare finds no difference.
func equal(a, b value) bool {
	if a.kind != b.kind || a.kind != isNumber && a.x != b.x { // other lengths
		return false
	}
	return a.kind == isText && a.str() == b.str() || a.kind != isText && order(a, b, 0) == 0
}

// maxNesting bounds how deep a value is looked into: programs can build what nests deeper than any document, and a
// stack that overflows would end the process.
const maxNesting = 10_000

// tooDeep is what a function panics with that has no other way to bail.
type tooDeep struct{}

func order(a, b value, depth int) int {
	if a.kind != b.kind {
		return cmp.Compare(a.kind, b.kind)
	}
	if depth > maxNesting {
		panic(tooDeep{})
	}
	switch a.kind {
	case isNumber:
		return compareNumbers(a, b)
	case isText:
		return strings.Compare(a.str(), b.str())
	case isArray:
		x, y := a.elems(), b.elems()
		for i := range min(len(x), len(y)) {
			if c := order(x[i], y[i], depth+1); c != 0 {
				return c
			}
		}
		return cmp.Compare(len(x), len(y))
	case isObject:
		return orderObjects(a, b, depth+1)
	}
	return 0
}

// orderObjects compares the sorted keys, then the values by key.
func orderObjects(a, b value, depth int) int {
	la, lb := a.layout(), b.layout()
	ia, ib := sorted(la), sorted(lb)
	if la != lb {
		for n := range min(len(ia), len(ib)) {
			if c := strings.Compare(la.keys[ia[n]], lb.keys[ib[n]]); c != 0 {
				return c
			}
		}
		if c := cmp.Compare(len(ia), len(ib)); c != 0 {
			return c
		}
	}
	ca, cb := a.columns(), b.columns()
	for n := range ia {
		if c := order(ca[ia[n]], cb[ib[n]], depth); c != 0 {
			return c
		}
	}
	return 0
}

// sorted is the columns of a layout in the order of their names.
func sorted(l *layout) []int {
	if l.byName == nil && len(l.keys) > 0 {
		l.byName = make([]int, len(l.keys))
		for i := range l.byName {
			l.byName[i] = i
		}
		slices.SortFunc(l.byName, func(i, j int) int { return strings.Compare(l.keys[i], l.keys[j]) })
	}
	return l.byName
}

// compareNumbers compares by value: integers as such, and what has a fraction or is too large for them as doubles or
// big integers.
func compareNumbers(a, b value) int {
	if a.form == asText && b.form == asText && a.str() == b.str() {
		return 0 // no literal is NaN
	}
	a, b = a.number(), b.number()
	switch {
	case a.form == asInt && b.form == asInt:
		return cmp.Compare(int64(a.x), int64(b.x))
	case a.form != asFloat && b.form != asFloat:
		return a.bigger().Cmp(b.bigger())
	}
	x, y := a.double(), b.double()
	switch {
	case x < y || math.IsNaN(x):
		return -1
	case x == y:
		return 0
	}
	return 1
}

// number is a number that is no literal: an int where it is one, else a double or a big integer.
func (v value) number() value {
	if v.form != asText {
		return v
	}
	s := v.str()
	if n, ok := small(s); ok {
		return n
	}
	if strings.ContainsAny(s, ".eE") {
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			return float(f)
		}
	} else if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return integer(int(n))
	}
	if n, ok := new(big.Int).SetString(s, 10); ok {
		return bigInt(n)
	}
	if s[0] == '-' {
		return float(math.Inf(-1))
	}
	return float(math.Inf(1))
}

// smallBytes is the length of a literal whose digits a double has room for.
const smallBytes = 16

// small reads a number of a few digits. One with a fraction is a quotient of two integers that a double has exactly, and
// so the double next to it.
func small(s string) (value, bool) {
	if len(s) == 0 || len(s) > smallBytes {
		return null, false
	}
	negative := s[0] == '-'
	n, point := 0, -1
	for i := b2i(negative); i < len(s); i++ {
		c := s[i] - '0'
		switch {
		case c <= 9:
			n = n*10 + int(c)
		case s[i] == '.':
			point = i
		default:
			return null, false
		}
	}
	if point >= 0 {
		f := float64(n) / powers[len(s)-1-point]
		if negative {
			f = -f
		}
		return float(f), true
	}
	if negative {
		n = -n
	}
	return integer(n), true
}

// powers are those of ten that a small number is divided by.
var powers = [smallBytes]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (v value) bigger() *big.Int {
	if v.form == asBig {
		return v.big()
	}
	return big.NewInt(int64(v.x))
}

// double is a number as a double.
func (v value) double() float64 {
	switch v = v.number(); v.form {
	case asInt:
		return float64(int64(v.x))
	case asFloat:
		return v.float()
	}
	n := v.big()
	if n.IsInt64() {
		return float64(n.Int64())
	}
	if f, err := strconv.ParseFloat(n.String(), 64); err == nil {
		return f
	}
	return math.Inf(n.Sign())
}
