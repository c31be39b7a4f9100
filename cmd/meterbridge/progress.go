package main

import (
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress counts records on a terminal while pages come; elsewhere it is silent.
type progress struct{ bar *progressbar.ProgressBar }

func newProgress(w io.Writer) *progress {
	if !isTerminal(w) {
		return &progress{}
	}
	return &progress{progressbar.NewOptions(-1,
		progressbar.OptionSetWriter(w), progressbar.OptionSetDescription("reading"), progressbar.OptionSetItsString("records"),
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetElapsedTime(true),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSpinnerType(14),
		progressbar.OptionSetRenderBlankState(true), progressbar.OptionClearOnFinish())}
}

func (p *progress) add(n int) {
	if p.bar != nil {
		_ = p.bar.Add(n)
	}
}

// done takes the line away again.
func (p *progress) done() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
