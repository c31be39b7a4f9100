package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/proxy"
)

// printBranches says which branches of a mapping were never taken, a line each that an editor finds.
func printBranches(w io.Writer, file string, all []jq.Branch) {
	taken := 0
	for _, b := range all {
		if b.Taken > 0 {
			taken++
		}
	}
	percent := 100
	if len(all) > 0 {
		percent = 100 * taken / len(all)
	}
	fmt.Fprintf(w, "      %s: %d %% of %d branches\n", file, percent, len(all))
	for _, b := range all {
		if b.Taken == 0 {
			fmt.Fprintf(w, "%s:%d:%d: branch %s never taken\n", file, b.Line, b.Col, b.What)
		}
	}
}

// mappingFile is where a person finds a connector's mapping: in the folder that is laid over, or in a checkout.
func mappingFile(files assembly.Files, name string) string {
	if files.MappingsDir != "" {
		if file := filepath.Join(files.MappingsDir, proxy.ModelName, name+".jq"); exists(file) {
			return file
		}
	}
	return filepath.Join(mappingsFolder, proxy.ModelName, name+".jq")
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}
