package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
)

// version and commit are set by the linker; a plain go build knows its commit from the version control.
var (
	version = "dev"
	commit  = ""
)

type versionVerb struct {
	JSON bool `help:"As JSON." name:"json"`
}

func (v *versionVerb) Run(to std) error {
	c := commit
	if info, ok := debug.ReadBuildInfo(); ok && c == "" {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				c = s.Value
			}
		}
	}
	if c == "" {
		c = "unknown"
	}
	if v.JSON {
		return json.NewEncoder(to.out).Encode(map[string]string{"version": version, "commit": c, "go": runtime.Version()})
	}
	_, err := fmt.Fprintf(to.out, "meterbridge %s\ncommit      %s\ngo          %s\n", version, c, runtime.Version())
	return err
}
