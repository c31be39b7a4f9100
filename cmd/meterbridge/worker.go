package main

import (
	"os"

	"github.com/meterbridge/meterbridge/internal/worker"
)

// workerVerb is worker.Verb: nobody types it.
type workerVerb struct{}

func (v *workerVerb) Run() error { return worker.Main(os.Stdin, os.Stdout) }
