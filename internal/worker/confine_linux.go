package worker

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
)

// Supported says whether this system can bound a worker.
const Supported = true

// confine bounds this process, for good: the kernel lets nobody raise what stands as the hard limit. I6
func confine() error {
	runtime.GOMAXPROCS(1)
	debug.SetMaxStack(maxStack)
	debug.SetMemoryLimit(MaxMemory / 4 * 3) // so that garbage is collected before it counts
	size, err := addressSpace()
	if err != nil {
		return err
	}
	for resource, most := range map[int]uint64{syscall.RLIMIT_AS: size + MaxMemory, syscall.RLIMIT_CPU: uint64(maxCPU.Seconds()), syscall.RLIMIT_CORE: 0, syscall.RLIMIT_FSIZE: 0} {
		if err := syscall.Setrlimit(resource, &syscall.Rlimit{Cur: most, Max: most}); err != nil {
			return fmt.Errorf("setting limit %d to %d: %w", resource, most, err)
		}
	}
	return nil
}

// addressSpace is what the process has taken of it: Go reserves much more than it uses, so that only what comes on top of
// it can be bounded.
func addressSpace() (uint64, error) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	pages, _, _ := strings.Cut(string(text), " ")
	n, err := strconv.ParseUint(pages, 10, 64)
	return n * uint64(os.Getpagesize()), err
}

// apart makes the process of a command one that has nothing of its parent's and does not outlive it.
func apart(cmd *exec.Cmd) {
	cmd.Env = []string{} // none, and not the parent's
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// self is this binary, also where another took its place on the disk.
const self = "/proc/self/exe"

// keep has no process inherit a descriptor. Those that Go opens are kept anyway; this is for those that we inherited.
func keep() error {
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return fmt.Errorf("listing what is open: %w", err)
	}
	for _, f := range open {
		if n, err := strconv.Atoi(f.Name()); err == nil && n > 2 {
			syscall.CloseOnExec(n)
		}
	}
	return nil
}
