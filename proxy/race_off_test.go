//go:build !race

package proxy_test

const raceEnabled = false // the race detector multiplies memory
