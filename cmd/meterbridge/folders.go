package main

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/proxy"
)

// folders are laid over what is built in: a file of the same name replaces the built-in one.
type folders struct {
	Connectors string `help:"A folder of connectors beside the built-in ones. Default: connectors/ of the working directory, where no credentials are at hand (call and check take --connector .)." type:"path" placeholder:"DIR"`
	Mappings   string `help:"A folder of mappings beside the built-in ones; it holds usage-metering/. Default: mappings/ beside --connectors, or of the working directory." type:"path" placeholder:"DIR"`
}

// files are those of the folders, of the working directory's own where none are given: every verb that hands nobody's
// credentials to a connector sees the same ones.
func (f folders) files() assembly.Files {
	f = f.here()
	return assembly.Files{ConnectorsDir: f.Connectors, MappingsDir: f.Mappings}
}

// Where the folders lie in a checkout, and where a new connector's files are written.
const (
	connectorsFolder = "connectors"
	mappingsFolder   = "mappings"
	overridesFolder  = "overrides"
)

// environmentFolder is where the working directory has its overrides.
var environmentFolder = filepath.Join(overridesFolder, proxy.ModelName)

// here takes the working directory's own folders where none were given: whoever writes a connector checks the files
// before them and not the ones in the binary.
func (f folders) here() folders {
	f = f.beside()
	if f.Connectors == "" && holds(connectorsFolder, "*.yaml") {
		f.Connectors = connectorsFolder
	}
	if f.Mappings == "" && holds(filepath.Join(mappingsFolder, proxy.ModelName), "*.jq") {
		f.Mappings = mappingsFolder
	}
	return f
}

// beside takes the mappings that lie beside the connectors that were given.
func (f folders) beside() folders {
	if f.Connectors == "" || f.Mappings != "" {
		return f
	}
	if dir := filepath.Join(filepath.Dir(filepath.Clean(f.Connectors)), mappingsFolder); holds(filepath.Join(dir, proxy.ModelName), "*.jq") {
		f.Mappings = dir
	}
	return f
}

func holds(dir, pattern string) bool {
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	return err == nil && len(found) > 0
}

// unknownName refuses a name that nothing has.
func unknownName(kind, name string, known []string) error {
	if len(known) == 0 {
		return badInput("there is no %s %q; there are none", kind, name)
	}
	return badInput("there is no %s %q; there are %s", kind, name, strings.Join(known, ", "))
}

// pick is the named ones of all, or all where no name is given.
func pick(kind string, names, all []string) ([]string, error) {
	if len(names) == 0 {
		return all, nil
	}
	for _, n := range names {
		if !slices.Contains(all, n) {
			return nil, unknownName(kind, n, all)
		}
	}
	return names, nil
}
