// Package worker lets one process map a page again and again, as long as it is told to.
//
// Every engine is a process of its own, in whatever language, so that none disturbs another's memory, and all of them
// are alive while rounds go from one to the next. A line of its input is an order, a line of its output the answer:
//
//	once FILE        map the page once and write what it gives to FILE
//	run MILLISECONDS map it for so long: {"pages": 31, "ns": 300123456, "mallocs": 0}
//
// Time is what the process took of a core, and not what passed: so it is what one core would take, whatever a runtime
// does on the others, and whatever else the machine does.
package worker

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// Ran is what a run has done.
type Ran struct {
	Pages   int    `json:"pages"`
	Nanos   int64  `json:"ns"`      // of a core
	Mallocs uint64 `json:"mallocs"` // of all pages together; an engine that can't tell says 0
	Error   string `json:"error,omitempty"`
}

// Map appends what a page is mapped to.
type Map func(dst, page []byte) ([]byte, error)

// Serve takes orders until its input ends.
func Serve(in io.Reader, out io.Writer, page []byte, m Map) error {
	var buf []byte
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		verb, arg, _ := strings.Cut(lines.Text(), " ")
		var ran Ran
		var err error
		switch verb {
		case "once":
			if buf, err = m(buf[:0], page); err == nil {
				err = os.WriteFile(arg, buf, 0o644)
			}
		case "run":
			var d time.Duration
			if d, err = time.ParseDuration(arg + "ms"); err == nil {
				ran, err = run(d, &buf, page, m)
			}
		default:
			err = fmt.Errorf("no order is named %s", verb)
		}
		if err != nil {
			ran.Error = err.Error()
		}
		if err := json.NewEncoder(out).Encode(ran); err != nil {
			return fmt.Errorf("answering: %w", err)
		}
	}
	return lines.Err()
}

func run(d time.Duration, buf *[]byte, page []byte, m Map) (ran Ran, err error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	used := core()
	for began := time.Now(); ; {
		if *buf, err = m((*buf)[:0], page); err != nil {
			return ran, err
		}
		ran.Pages++
		if time.Since(began) >= d {
			break
		}
	}
	ran.Nanos = (core() - used).Nanoseconds()
	runtime.ReadMemStats(&after)
	ran.Mallocs = after.Mallocs - before.Mallocs
	return ran, nil
}

// core is the time that this process has taken of all cores.
func core() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
