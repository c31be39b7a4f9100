// Package house is what the functions of the house do, on texts and numbers: dates in UTC, exact decimals, stable ids.
// Package jq makes functions for gojq of them and package native those of the compiled programs, so that each has one
// body. Nothing here allocates but what is appended to, and nothing fails with more than a no: who calls knows the value
// that its error has to show.
package house

func digit(c byte) bool { return c >= '0' && c <= '9' }
