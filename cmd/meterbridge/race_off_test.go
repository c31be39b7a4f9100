//go:build !race

package main

const raceEnabled = false // the race detector multiplies the time of a start
