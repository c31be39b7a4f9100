package main

import (
	"bytes"
	"fmt"
	"os"
	"time"
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

// tick is the kernel's unit of a process's time.
const tick = 10 * time.Millisecond

// core is the time that a process has taken of all cores.
func core(pid int) (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The name may hold anything, in parentheses; the 14th and 15th fields are user and system time.
	fields := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
	var user, system int64
	if len(fields) < 13 {
		return 0, fmt.Errorf("reading the times of process %d", pid)
	}
	if _, err := fmt.Sscan(string(fields[11])+" "+string(fields[12]), &user, &system); err != nil {
		return 0, fmt.Errorf("reading the times of process %d: %w", pid, err)
	}
	return time.Duration(user+system) * tick, nil
}
