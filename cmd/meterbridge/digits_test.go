package main

import (
	"slices"
	"testing"

	"github.com/meterbridge/meterbridge/internal/money"
)

func TestShown(t *testing.T) {
	for _, c := range []struct {
		name, number string
		least        int
		want         string
		whole        bool
	}{
		{"money has cents", "132", 2, "132.00", true},
		{"a quantity has none", "48", 0, "48", true},
		{"zeros at the end say nothing", "132.0000000", 2, "132.00", true},
		{"four decimals stand", "0.1234", 2, "0.1234", true},
		{"a fifth is rounded and says so", "0.12345", 2, "≈0.1235", false},
		{"half is rounded away from zero", "-10.00005", 2, "≈-10.0001", false},
		{"a small number keeps two digits", "0.000012345", 2, "≈0.000012", false},
		{"a small number with one digit stands", "0.00001", 2, "0.00001", true},
		{"thousands", "-1234567.5", 2, "-1,234,567.50", true},
		{"large", "6172839450617283945", 2, "6,172,839,450,617,283,945.00", true},
		{"zero", "0", 2, "0.00", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := money.Parse(c.number)
			if err != nil {
				t.Fatal(err)
			}
			if got, whole := shown(d, c.least); got != c.want || whole != c.whole {
				t.Errorf("got %s %v, want %s %v", got, whole, c.want, c.whole)
			}
		})
	}
}

func TestExactlyKeepsEveryDigit(t *testing.T) {
	d, err := money.Parse("1234.4567890123456789")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := exactly(d, leastMoney), "1,234.4567890123456789"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestPointed(t *testing.T) {
	got := pointed([]string{"1.25", "", "10", "≈0.3333"})
	if want := []string{"1.25  ", "", "10     ", "≈0.3333"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
