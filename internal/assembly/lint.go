package assembly

import (
	"cmp"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/simulate"
)

// Report is what lint found, and in how many files it looked.
type Report struct {
	Findings                                              []jq.Finding
	Connectors, Mappings, Libraries, Overrides, Cassettes int
}

// fixes say what to do where a finding itself does not.
var fixes = map[string]string{
	"cassette":         "`meterbridge docs cassettes` has the form of a cassette",
	"file":             "make the file readable",
	"limit":            "make it smaller",
	"read":             "make the file readable",
	"regex":            "see RE2's syntax: github.com/google/re2/wiki/Syntax",
	"syntax":           "see jq's manual: jqlang.org/manual",
	"unknown-function": "define it, or use one of jq's or of the house's",
	"unknown-variable": "bind it with `as`, or use one of $query $account $call $page $lookups $parent $carry; $base is an override's, which lint finds in overrides/ and --overrides",
	"yaml":             "see the indentation and the quotes of the lines around it",
}

// Lint checks connectors, mappings and cassettes: the files and folders that are named, or all that is installed. Files
// of one name are also checked side by side. What is installed must be complete; of files that are named, which may be
// in the making, it is a warning what they still lack. An error says that a path can't be read.
func Lint(f Files, paths ...string) (*Report, error) {
	model, err := builtinModel()
	if err != nil {
		return nil, err
	}
	texts, err := f.texts(paths)
	if err != nil {
		return nil, err
	}
	libs := f.libs(texts, len(paths) > 0)
	r := &Report{Findings: misplaced(f.OverridesDir)}
	var installed *layering // what overrides are laid over, read when there is one
	conns, programs, broken := map[string]*connector.Connector{}, map[string]*mapping.Program{}, map[string]bool{}
	bodies, tapes, cassettes := map[string]string{}, map[string]string{}, map[string]*simulate.Cassette{}
	for _, t := range texts {
		var found []jq.Finding
		switch base := path.Base(filepath.ToSlash(t.path)); {
		case t.over:
			r.Overrides++
			if installed == nil {
				c, _, err := (Files{ConnectorsDir: f.ConnectorsDir, MappingsDir: f.MappingsDir}).Read()
				if err != nil {
					return nil, err
				}
				over := f.over(c)
				installed = &over
			}
			_, _, found = installed.file(t)
		case path.Ext(base) == ".yaml":
			r.Connectors++
			var c *connector.Connector
			if c, found = connector.Parse(t.path, []byte(t.body)); c != nil {
				if was := conns[c.Name]; was != nil {
					found = append(found, jq.Finding{File: t.path, Line: 1, Col: 1, Rule: "duplicate", Text: "connector " + c.Name + " is in " + was.File + " already", Fix: "give it another name"})
				}
				conns[c.Name], bodies[c.Name] = c, t.body
			}
		case path.Ext(base) == ".jq":
			src := jq.Source{File: t.path, Text: t.body}
			if t.isLib() {
				r.Libraries++
				found = mapping.LintLibrary(src)
				break
			}
			r.Mappings++
			if programs[src.Name()], found = mapping.Compile(src, model, libs...); programs[src.Name()] == nil {
				broken[src.Name()] = true
			} else {
				found = append(found, programs[src.Name()].Rounded()...)
			}
		case path.Ext(base) == ".txtar":
			r.Cassettes++
			c, err := simulate.Parse(filepath.ToSlash(t.path), []byte(t.body))
			if err != nil {
				found = cassetteFindings(t.path, err)
			}
			cassettes[strings.TrimSuffix(base, ".txtar")], tapes[strings.TrimSuffix(base, ".txtar")] = c, t.body
		}
		r.Findings = append(r.Findings, found...)
	}
	for name, c := range conns {
		if p := programs[name]; p != nil || r.Mappings > 0 && !broken[name] {
			r.Findings = append(r.Findings, pair(c, p)...)
		}
		var lacks []jq.Finding
		if p := programs[name]; p != nil {
			lacks = fields(c, bodies[name], p, model)
		}
		if tape := cassettes[name]; tape != nil {
			r.Findings = append(r.Findings, fits(c, tape, tapes[name])...)
		}
		if tape, seen := cassettes[name]; tape != nil || r.Cassettes > 0 && !seen {
			lacks = append(lacks, proof(c, tape)...)
		}
		for _, f := range lacks {
			f.Warn = len(paths) > 0 && unfinished(f)
			r.Findings = append(r.Findings, f)
		}
	}
	slices.SortStableFunc(r.Findings, func(a, b jq.Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Text, b.Text))
	})
	r.Findings = slices.Compact(r.Findings)
	for i, one := range r.Findings {
		r.Findings[i].Fix = cmp.Or(one.Fix, fixes[one.Rule], "`meterbridge docs connectors` has the language")
	}
	return r, nil
}

var cassetteLine = regexp.MustCompile(`^.*?\.txtar:(\d+): (.*)$`)

// cassetteFindings makes findings of a cassette's errors, which stand one a line.
func cassetteFindings(file string, err error) []jq.Finding {
	var out []jq.Finding
	for line := range strings.Lines(err.Error()) {
		f := jq.Finding{File: file, Line: 1, Col: 1, Rule: "cassette", Text: strings.TrimRight(line, "\n")}
		if m := cassetteLine.FindStringSubmatch(f.Text); m != nil {
			f.Line, _ = strconv.Atoi(m[1])
			f.Text = m[2]
		}
		out = append(out, f)
	}
	return out
}
