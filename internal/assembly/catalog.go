package assembly

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/meterbridge/meterbridge/connectors"
	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/simulate"
	"github.com/meterbridge/meterbridge/mappings"
	"github.com/meterbridge/meterbridge/proxy"
)

// Files are where connectors, mappings and cassettes are read from: what is built in, and folders laid over it.
type Files struct {
	ConnectorsDir string // *.yaml, and testdata/*.txtar
	MappingsDir   string // usage-metering/*.jq
	OverridesDir  string // usage-metering/*.jq and *.yaml, laid over those of the same name

	only string // the one connector that is read; all of them where it is empty
}

// Findings are what lint says of files that can't be served.
type Findings []jq.Finding

func (f Findings) Error() string {
	lines := make([]string, len(f))
	for i, one := range f {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}

// Catalog reads and checks everything that is installed. A file with a finding refuses the whole set, so that a running
// gateway keeps the one it has.
func (f Files) Catalog() (*proxy.Catalog, error) {
	c, findings, err := f.Read()
	if err != nil {
		return nil, err
	}
	if bad := slices.DeleteFunc(findings, func(f jq.Finding) bool { return f.Warn }); len(bad) > 0 {
		return nil, Findings(bad)
	}
	return c, nil
}

// builtinModel is the one model, which is part of the binary.
var builtinModel = sync.OnceValues(func() (*mapping.Model, error) { return mapping.LoadModel(mappings.FS, proxy.ModelName) })

// Read is Catalog with all findings, warnings too, for lint.
func (f Files) Read() (*proxy.Catalog, []jq.Finding, error) {
	if err := f.check(); err != nil {
		return nil, nil, err
	}
	model, err := builtinModel()
	if err != nil {
		return nil, nil, err
	}
	var programs map[string]*mapping.Program
	var more []jq.Finding
	var mapped sync.WaitGroup
	mapped.Go(func() { programs, more = mapping.Load(model, f.sources(f.mappings())...) }) // neither needs the other yet
	set, findings := connector.Load(f.sources(f.connectors())...)
	mapped.Wait()
	findings = append(findings, more...)
	findings = append(findings, together(set, programs)...)
	c := &proxy.Catalog{Connectors: set, Mappings: programs, Model: model, Accounts: map[string]proxy.Overrides{}}
	c.Environment, more, err = f.overrides(f.over(c))
	return c, append(findings, more...), err
}

// check refuses a folder that is not there: it would look as if its files were nothing.
func (f Files) check() error {
	for _, dir := range []string{f.ConnectorsDir, f.MappingsDir, f.OverridesDir} {
		if dir == "" {
			continue
		}
		if _, err := os.ReadDir(dir); err != nil {
			return fmt.Errorf("reading connectors and mappings: %w", err)
		}
	}
	return nil
}

func (f Files) connectors() []fs.FS {
	out := []fs.FS{connectors.FS}
	if f.ConnectorsDir != "" {
		out = append(out, os.DirFS(f.ConnectorsDir))
	}
	return out
}

func (f Files) mappings() []fs.FS {
	sub, err := fs.Sub(mappings.FS, proxy.ModelName)
	if err != nil {
		return nil // the path is a constant
	}
	out := []fs.FS{sub}
	if f.MappingsDir != "" {
		out = append(out, os.DirFS(path.Join(f.MappingsDir, proxy.ModelName)))
	}
	return out
}

// Cassettes are the recordings, those of the folder in place of built-in ones of the same name.
func (f Files) Cassettes() ([]*simulate.Cassette, error) {
	sources := []fs.FS{}
	for _, dir := range f.connectors() {
		if sub, err := fs.Sub(dir, "testdata"); err == nil {
			if _, err := fs.Stat(sub, "."); err == nil {
				sources = append(sources, sub)
			}
		}
	}
	return simulate.LoadAll(sources...)
}

// together checks what only shows when a connector and its mapping are seen side by side.
func together(set *connector.Set, programs map[string]*mapping.Program) []jq.Finding {
	var out []jq.Finding
	for _, name := range set.Names() {
		out = append(out, pair(set.Get(name), programs[name])...)
	}
	return out
}

func pair(c *connector.Connector, p *mapping.Program) []jq.Finding {
	var out []jq.Finding
	at := func(text, fix string) {
		out = append(out, jq.Finding{File: c.File, Line: 1, Col: 1, Rule: "mapping", Text: text, Fix: fix})
	}
	if p == nil {
		at("no mapping "+proxy.ModelName+"/"+c.Name+".jq compiles", "write it, or mend what lint says of it; where it lies in another folder, name that with --mappings")
		return out
	}
	for _, resource := range slices.Sorted(maps.Keys(c.Resources)) {
		if c.Resources[resource].Derived == "" && !p.Has(resource) {
			at("the mapping has no def "+resource, fmt.Sprintf("add `def %s: …;` to %s", resource, p.Source().File))
		}
	}
	for _, lookup := range p.Reads("$lookups") {
		if c.Lookups[lookup] == nil {
			at("the mapping reads $lookups."+lookup+", which the connector does not declare", "add it to lookups")
		}
	}
	read, all := p.ContextReads()
	for _, name := range read {
		if ok, fix := c.Declares(name); !ok {
			at("the mapping reads $account.context."+name+", which the connector does not declare", fix)
		}
	}
	for _, name := range c.Unread() {
		if !all && !slices.Contains(read, name) {
			at("context."+name+" is read by nothing: neither by a slot, nor by auth, nor by the mapping", "remove it, or read it")
			out[len(out)-1].Rule, out[len(out)-1].Warn = "unused", true
		}
	}
	return out
}
