package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
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

// core is the time that a process and its children have taken of all cores.
func core(pid int) (time.Duration, error) {
	all, err := own(pid)
	if err != nil {
		return 0, err
	}
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", pid))
	if err != nil {
		return all, nil // a kernel without that list: servers of one process are right all the same
	}
	for _, text := range bytes.Fields(children) {
		child, err := strconv.Atoi(string(text))
		if err != nil {
			return 0, err
		}
		took, err := core(child)
		if err != nil {
			return 0, err
		}
		all += took
	}
	return all, nil
}

// own is the time of one process.
func own(pid int) (time.Duration, error) {
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
