package main

import (
	"bytes"
	"fmt"
	"os"
)

// resident is how much memory of a process is in use now, in bytes.
func resident(pid int) (int64, error) { return status(pid, "VmRSS:") }

// peakResident is the most since the start, or since forgetPeak.
func peakResident(pid int) (int64, error) { return status(pid, "VmHWM:") }

func status(pid int, field string) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, ok := bytes.Cut(b, []byte(field))
	var kib int64
	if _, err := fmt.Sscan(string(rest), &kib); !ok || err != nil {
		return 0, fmt.Errorf("reading %s of process %d: %w", field, pid, err)
	}
	return kib << 10, nil
}

// forgetPeak lets the peak begin anew.
func forgetPeak(pid int) error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0)
}
