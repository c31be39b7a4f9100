//go:build !race

package worker

const raceEnabled = false // the race detector multiplies memory
