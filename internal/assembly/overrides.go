package assembly

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/near"
	"github.com/meterbridge/meterbridge/internal/worker"
	"github.com/meterbridge/meterbridge/proxy"
)

// layering compiles what is laid over a catalog.
type layering struct {
	*proxy.Catalog
	libs []jq.Source  // that mappings may include
	pool *worker.Pool // where overrides run that are untrusted; nil where no account's are compiled
}

// over is what is laid over a catalog of these files.
func (f Files) over(c *proxy.Catalog) layering {
	dirs := f.mappings()
	if f.OverridesDir != "" {
		dirs = append(dirs, os.DirFS(filepath.Join(f.OverridesDir, proxy.ModelName)))
	}
	libs, _ := mapping.Libraries(dirs...) // one that can't be read is missed by who includes it
	return layering{Catalog: c, libs: libs}
}

// overrides reads the environment's folder: NAME.jq lies over the connector's mapping, NAME.yaml over its requests.
func (f Files) overrides(c layering) (map[string]proxy.Overrides, []jq.Finding, error) {
	out := map[string]proxy.Overrides{}
	texts, err := f.overrideTexts()
	findings := misplaced(f.OverridesDir)
	for _, t := range texts {
		name, o, found := c.file(t)
		o.Layer, o.Mapping, o.Requests = mapping.Environment, first(o.Mapping, out[name].Mapping), first(o.Requests, out[name].Requests)
		out[name], findings = o, append(findings, found...)
	}
	return out, findings, err
}

// misplaced finds files that lie beside the model's folder, where nobody would read them.
func misplaced(dir string) (findings []jq.Finding) {
	if dir == "" {
		return nil
	}
	found, err := read(os.DirFS(dir), dir, ".")
	if err != nil {
		return []jq.Finding{{File: dir, Line: 1, Col: 1, Rule: "read", Text: err.Error()}}
	}
	for _, t := range found {
		findings = append(findings, jq.Finding{File: t.path, Line: 1, Col: 1, Rule: "misplaced", Text: "overrides lie in a folder named as their model",
			Fix: "move it to " + filepath.Join(dir, proxy.ModelName)})
	}
	return findings
}

func first[T any](a, b *T) *T {
	if a != nil {
		return a
	}
	return b
}

// overrideTexts are the files of the environment's folder.
func (f Files) overrideTexts() ([]text, error) {
	if f.OverridesDir == "" {
		return nil, nil
	}
	found, err := read(os.DirFS(f.OverridesDir), f.OverridesDir, proxy.ModelName)
	for i := range found {
		found[i].over = true
	}
	return slices.DeleteFunc(found, func(t text) bool { return filepath.Ext(t.path) == ".txtar" }), err
}

// file compiles one file of the environment's for the connector that it is named as.
func (c layering) file(t text) (name string, o proxy.Overrides, findings []jq.Finding) {
	base := path.Base(filepath.ToSlash(t.path))
	name = strings.TrimSuffix(base, path.Ext(base))
	conn := c.Connectors.Get(name)
	if conn == nil {
		f := jq.Finding{File: t.path, Line: 1, Col: 1, Rule: "unknown-connector", Text: "no connector " + name + " is installed"}
		if close := near.Word(name, c.Connectors.Names()); close != "" {
			f.Fix = "did you mean " + close + path.Ext(base) + "?"
		}
		return name, o, []jq.Finding{f}
	}
	src := jq.Source{File: t.path, Text: t.body}
	if path.Ext(base) == ".yaml" {
		o.Requests, findings = conn.ParseOverride(src)
		return name, o, findings
	}
	o.Mapping, findings = mapping.CompileOverride(mapping.Environment, src, c.Model, c.libs...)
	return name, o, append(findings, c.liesOn(conn, o.Mapping)...)
}

// account compiles an account's own.
func (c layering) account(conn *connector.Connector, a *account.Overrides) (o proxy.Overrides, findings []jq.Finding) {
	if o.Layer = mapping.Account; a == nil {
		return o, nil
	}
	if a.Untrusted && !worker.Supported {
		return o, []jq.Finding{unsupported(a)}
	}
	if len(a.Mappings) > 0 {
		if a.Untrusted {
			o.Mapping, findings = mapping.CompileUntrusted(c.pool, a.Mappings, c.Model, c.libs...)
		} else {
			o.Mapping, findings = mapping.CompileOverrides(mapping.Account, a.Mappings, c.Model, c.libs...)
		}
		findings = append(findings, c.liesOn(conn, o.Mapping)...)
	}
	if a.Requests.Text != "" {
		var found []jq.Finding
		parse := conn.ParseOverride
		if a.Untrusted {
			parse = conn.ParseUntrusted
		}
		o.Requests, found = parse(a.Requests)
		findings = append(findings, found...)
	}
	return o, findings
}

// unsupported is the finding of an account that this system can't serve safely, at the first of its texts.
func unsupported(a *account.Overrides) jq.Finding {
	src := a.Requests
	for _, name := range slices.Sorted(maps.Keys(a.Mappings)) {
		src = a.Mappings[name]
	}
	line, col := src.Start()
	return jq.Finding{File: src.File, Line: line, Col: col, Rule: "untrusted", Text: worker.ErrUnsupported.Error()}
}

// liesOn checks what only shows when an override and what it is laid over are seen together.
func (c layering) liesOn(conn *connector.Connector, o *mapping.Override) (findings []jq.Finding) {
	program := c.Mappings[conn.Name]
	if o == nil || program == nil {
		return nil // and a finding says why
	}
	for _, resource := range o.Resources() {
		r := conn.Resources[resource]
		switch {
		case r == nil:
			findings = append(findings, o.Finding(resource, "mapping", conn.Name+" has no "+resource, "there are: "+strings.Join(slices.Sorted(maps.Keys(conn.Resources)), ", ")))
		case r.Derived != "":
			findings = append(findings, o.Finding(resource, "derived", resource+" are derived from usage, and have no mapping of their own", "override usage"))
		}
		for _, lookup := range o.Reads("$lookups", resource) {
			if conn.Lookups[lookup] == nil {
				findings = append(findings, o.Finding(resource, "mapping", "the override reads $lookups."+lookup+", which the connector does not declare",
					"there are: "+strings.Join(slices.Sorted(maps.Keys(conn.Lookups)), ", ")))
			}
		}
	}
	return findings
}

// configErrors are findings in the configuration's own text.
func configErrors(findings []jq.Finding) (errs config.Errors) {
	for _, f := range findings {
		if f.Warn {
			continue
		}
		text := strings.TrimPrefix(f.String(), fmt.Sprintf("%s:%d:%d: ", f.File, f.Line, f.Col))
		errs = append(errs, &config.Error{File: f.File, Line: f.Line, Col: f.Col, Text: text})
	}
	return errs
}
