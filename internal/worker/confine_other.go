//go:build !linux

package worker

import "os/exec"

// Supported says whether this system can bound a worker.
const Supported = false

const self = ""

func confine() error { return ErrUnsupported }

func keep() error { return ErrUnsupported }

func apart(*exec.Cmd) {}
