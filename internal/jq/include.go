package jq

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/itchyny/gojq"

	"github.com/meterbridge/meterbridge/internal/near"
)

// Name is what a program includes a library by: its file's name without .jq.
func (s Source) Name() string { return strings.TrimSuffix(path.Base(s.File), ".jq") }

// include puts the definitions of the libraries that the program names before its own, so that they are in scope, and
// an own definition of the same name hides theirs. gojq would resolve them while it compiles, when nothing knows any
// more where a definition stands; so the trees are joined here, and each node keeps the text that it came from.
func (f *file) include() []Finding {
	imports := f.query.Imports
	f.query.Imports = nil
	var defs []*gojq.FuncDef
	var findings []Finding
	for _, im := range imports {
		lib, bad := f.library(im)
		if len(bad) > 0 {
			findings = append(findings, bad...)
			continue
		}
		f.libs = append(f.libs, lib.src)
		for node, at := range lib.places {
			f.places[node] = spot{lib: len(f.libs), offset: at.offset}
		}
		maps.Copy(f.mentioned, lib.mentioned)
		defs = append(defs, lib.query.FuncDefs...)
	}
	f.included = len(defs)
	f.query.FuncDefs = append(defs, f.query.FuncDefs...)
	return findings
}

// library reads what an include names.
func (f *file) library(im *gojq.Import) (*file, []Finding) {
	refuse := func(rule, text, fix string) (*file, []Finding) {
		return nil, []Finding{f.finding(f.places.at(im), rule, text, fix)}
	}
	if im.IncludePath == "" || im.Meta != nil || f.opt.Kind != Mapping {
		fix := "write the definition here"
		if len(f.opt.Libs) > 0 {
			fix = "write `include \"name\";` for a library of the folder lib, or the definition here"
		}
		return refuse("host", "a program can't import", fix)
	}
	i := slices.IndexFunc(f.opt.Libs, func(s Source) bool { return s.Name() == im.IncludePath })
	if i < 0 {
		var names []string
		for _, s := range f.opt.Libs {
			names = append(names, s.Name())
		}
		fix := "there are: " + strings.Join(names, ", ")
		if close := near.Word(im.IncludePath, names); close != "" {
			fix = "did you mean " + close + "?"
		} else if len(names) == 0 {
			fix = "write the definition here"
		}
		return refuse("include", fmt.Sprintf("there is no library %q", im.IncludePath), fix)
	}
	if slices.ContainsFunc(f.libs, func(s Source) bool { return s.Name() == im.IncludePath }) {
		return refuse("include", fmt.Sprintf("%q is included twice", im.IncludePath), "keep one of them")
	}
	lib, bad := readLibrary(f.opt.Libs[i], f.opt)
	if bad != nil {
		return nil, []Finding{*bad}
	}
	return lib, nil
}

// readLibrary reads a file that has definitions and nothing else, and includes nothing itself.
func readLibrary(src Source, opt Options) (*file, *Finding) {
	opt.Untrusted = false // it is the operator's, whoever includes it
	lib, bad := read(src, opt)
	if bad != nil {
		return nil, bad
	}
	if len(lib.query.Imports) > 0 {
		bad := lib.finding(lib.places.at(lib.query.Imports[0]), "include", "a library includes nothing itself", "write the definition here")
		return nil, &bad
	}
	return lib, lib.onlyDefinitions()
}

// LintLibrary checks a file that mappings include.
func LintLibrary(src Source, opt Options) []Finding {
	lib, bad := readLibrary(src, opt)
	if bad != nil {
		return []Finding{*bad}
	}
	return lib.check()
}

// Libs are the libraries that the module includes, in their order.
func (m *Module) Libs() []Source { return m.file.libs }
