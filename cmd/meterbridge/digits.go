package main

import (
	"math/big"
	"strings"

	"github.com/meterbridge/meterbridge/internal/money"
)

// Decimals that a table shows: amounts of money have at least two, and what has more than four is rounded and says so.
const (
	leastMoney = 2
	mostShown  = 4
	// significant digits that a number smaller than the shown decimals keeps.
	significant = 2
)

// rounded marks a number that has more digits than are shown.
const rounded = "≈"

// decimals is how many decimals a number has, without zeros at its end.
func decimals(d money.Dec) int {
	_, frac, _ := strings.Cut(d.String(), ".")
	return len(strings.TrimRight(frac, "0"))
}

// shown is a number for reading with at least so many decimals, and whether it stands there with all its digits.
func shown(d money.Dec, least int) (text string, whole bool) {
	places := decimals(d)
	if places <= mostShown {
		return grouped(fixed(d, max(places, least))), true
	}
	n := mostShown
	for n < places && len(strings.TrimLeft(strings.Trim(fixed(d, n), "-"), "0.")) < significant {
		n++
	}
	if text = grouped(fixed(d, n)); n < places {
		return rounded + text, false
	}
	return text, true
}

// numbers writes those of a table, and remembers whether one was rounded.
type numbers struct{ exact, cut bool }

func (n *numbers) text(d money.Dec, least int) string {
	if n.exact {
		return exactly(d, least)
	}
	s, whole := shown(d, least)
	n.cut = n.cut || !whole
	return s
}

// exactly is a number with all its digits and at least so many decimals.
func exactly(d money.Dec, least int) string { return grouped(fixed(d, max(decimals(d), least))) }

// fixed rounds half away from zero, as people do.
func fixed(d money.Dec, places int) string {
	r, ok := new(big.Rat).SetString(d.String())
	if !ok {
		return d.String() // out of range: the text says so
	}
	return r.FloatString(places)
}

// grouped puts commas between thousands.
func grouped(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	whole, frac, dot := strings.Cut(s, ".")
	var b strings.Builder
	b.WriteString(sign)
	for i, c := range []byte(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteByte(c)
	}
	if dot {
		b.WriteString("." + frac)
	}
	return b.String()
}

// pointed makes numbers end with so many blanks that their decimal points stand below each other when their ends do.
func pointed(numbers []string) []string {
	after := func(s string) int {
		_, frac, dot := strings.Cut(s, ".")
		if !dot {
			return 0
		}
		return 1 + len(frac)
	}
	longest := 0
	for _, s := range numbers {
		longest = max(longest, after(s))
	}
	out := make([]string, len(numbers))
	for i, s := range numbers {
		if s != "" {
			out[i] = s + strings.Repeat(" ", longest-after(s))
		}
	}
	return out
}
