package mapping

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/jq"
)

// LibFolder is the folder beside the mappings whose files they may include.
const LibFolder = "lib"

// options are those of a mapping and of what it includes.
func options(libs []jq.Source) jq.Options {
	return jq.Options{Kind: jq.Mapping, Vars: roots, Libs: libs}
}

// header is the finding of a file that does not begin with a comment.
func header(src jq.Source, about string) []jq.Finding {
	if strings.HasPrefix(strings.TrimSpace(src.Text), "#") {
		return nil
	}
	return []jq.Finding{{File: src.File, Line: 1, Col: 1, Rule: "header", Text: "the file does not say " + about, Fix: "start it with a comment", Warn: true}}
}

// LintLibrary checks a file that mappings include.
func LintLibrary(src jq.Source) []jq.Finding {
	return append(jq.LintLibrary(src, options(nil)), header(src, "what it has for mappings")...)
}

// Load compiles the mappings of one model in several folders: every *.jq, named as its connector, with the libraries of
// their lib folders. A file of a later folder replaces the one of that name. A file with an error is left out, and found.
func Load(m *Model, dirs ...fs.FS) (map[string]*Program, []jq.Finding) {
	sources, findings := read(".", dirs)
	libs, more := Libraries(dirs...)
	findings = append(findings, more...)
	programs := map[string]*Program{}
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		p, found := Compile(sources[name], m, libs...)
		for _, f := range found {
			if !slices.Contains(findings, f) { // a library's is found once by each file that includes it
				findings = append(findings, f)
			}
		}
		if p != nil {
			programs[name] = p
		}
	}
	return programs, findings
}

// Libraries are the files that the mappings of several folders may include, by name; of two of one name the later one.
func Libraries(dirs ...fs.FS) ([]jq.Source, []jq.Finding) {
	sources, findings := read(LibFolder, dirs)
	var libs []jq.Source
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		libs = append(libs, sources[name])
	}
	return libs, findings
}

// read takes the jq files of one folder below several roots, by name.
func read(folder string, dirs []fs.FS) (map[string]jq.Source, []jq.Finding) {
	sources := map[string]jq.Source{}
	var findings []jq.Finding
	for _, dir := range dirs {
		files, err := fs.Glob(dir, path.Join(folder, "*.jq"))
		if err != nil {
			continue
		}
		for _, file := range files {
			text, err := fs.ReadFile(dir, file)
			if err != nil {
				findings = append(findings, jq.Finding{File: file, Line: 1, Col: 1, Rule: "read", Text: err.Error()})
				continue
			}
			src := jq.Source{File: file, Text: string(text)}
			sources[src.Name()] = src
		}
	}
	return sources, findings
}
