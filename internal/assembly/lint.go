package assembly

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/meterbridge/meterbridge/connectors"
	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/simulate"
	"github.com/meterbridge/meterbridge/mappings"
	"github.com/meterbridge/meterbridge/proxy"
)

// Report is what lint found, and in how many files it looked.
type Report struct {
	Findings                        []jq.Finding
	Connectors, Mappings, Cassettes int
}

// text is a file to lint, under the path that a person would open.
type text struct{ path, body string }

// A folder that is named is one of files, or one that holds the layout's folders; then its own files are something else,
// such as config.yaml.
var (
	ownFolders    = []string{".", "testdata", proxy.ModelName}
	layoutFolders = []string{"connectors", "connectors/testdata", "mappings/" + proxy.ModelName}
)

// fixes say what to do where a finding itself does not.
var fixes = map[string]string{
	"cassette":         "`go doc ./internal/simulate` has the form of a cassette",
	"file":             "make the file readable",
	"limit":            "make it smaller",
	"read":             "make the file readable",
	"regex":            "see RE2's syntax: github.com/google/re2/wiki/Syntax",
	"syntax":           "see jq's manual: jqlang.org/manual",
	"unknown-function": "define it, or use one of jq's or of the house's",
	"unknown-variable": "bind it with `as`, or use one of $query $account $call $page $lookups",
	"yaml":             "see the indentation and the quotes of the lines around it",
}

// Lint checks connectors, mappings and cassettes: the files and folders that are named, or all that is installed. Files
// of one name are also checked side by side. What is installed must be complete; of files that are named, which may be
// in the making, it is a warning what they still lack. An error says that a path can't be read.
func Lint(f Files, paths ...string) (*Report, error) {
	model, err := mapping.LoadModel(mappings.FS, proxy.ModelName)
	if err != nil {
		return nil, err
	}
	texts, err := f.texts(paths)
	if err != nil {
		return nil, err
	}
	r := &Report{}
	conns, programs, broken := map[string]*connector.Connector{}, map[string]*mapping.Program{}, map[string]bool{}
	bodies, cassettes := map[string]string{}, map[string]*simulate.Cassette{}
	for _, t := range texts {
		var found []jq.Finding
		switch base := path.Base(filepath.ToSlash(t.path)); path.Ext(base) {
		case ".yaml":
			r.Connectors++
			var c *connector.Connector
			if c, found = connector.Parse(t.path, []byte(t.body)); c != nil {
				if was := conns[c.Name]; was != nil {
					found = append(found, jq.Finding{File: t.path, Line: 1, Col: 1, Rule: "duplicate", Text: "connector " + c.Name + " is in " + was.File + " already", Fix: "give it another name"})
				}
				conns[c.Name], bodies[c.Name] = c, t.body
			}
		case ".jq":
			r.Mappings++
			name := strings.TrimSuffix(base, ".jq")
			if programs[name], found = mapping.Compile(jq.Source{File: t.path, Text: t.body}, model); programs[name] == nil {
				broken[name] = true
			} else {
				found = append(found, programs[name].Rounded()...)
			}
		case ".txtar":
			r.Cassettes++
			c, err := simulate.Parse(filepath.ToSlash(t.path), []byte(t.body))
			if err != nil {
				found = cassetteFindings(t.path, err)
			}
			cassettes[strings.TrimSuffix(base, ".txtar")] = c
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
		r.Findings[i].Fix = cmp.Or(one.Fix, fixes[one.Rule], "the connector language is in connectors/README.md")
	}
	return r, nil
}

// texts are the named files and folders, or those that are installed.
func (f Files) texts(paths []string) ([]text, error) {
	var out []text
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, fmt.Errorf("linting: %w", err)
		}
		if !info.IsDir() {
			if !lintable(p) {
				return nil, fmt.Errorf("linting: %w", &fs.PathError{Op: "read", Path: p, Err: fmt.Errorf("neither a connector (.yaml) nor a mapping (.jq) nor a cassette (.txtar)")})
			}
			body, err := os.ReadFile(p)
			if err != nil {
				return nil, fmt.Errorf("linting: %w", err)
			}
			out = append(out, text{shortest(p), string(body)})
			continue
		}
		found, err := read(os.DirFS(p), p, layoutFolders...)
		if err == nil && len(found) == 0 {
			found, err = read(os.DirFS(p), p, ownFolders...)
		}
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("linting: %w", &fs.PathError{Op: "read", Path: p, Err: fmt.Errorf("there is no .yaml, .jq or .txtar file in it, in its connectors/ or in its mappings/%s/", proxy.ModelName)})
		}
		out = append(out, found...)
	}
	if len(paths) > 0 {
		return out, nil
	}
	return f.installed()
}

// installed are the built-in files with the folders laid over them.
func (f Files) installed() ([]text, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	byName := map[string]text{}
	lay := func(src fs.FS, shown string, folders ...string) error {
		found, err := read(src, shown, folders...)
		for _, t := range found {
			byName[path.Base(filepath.ToSlash(t.path))] = t
		}
		return err
	}
	err := lay(connectors.FS, "connectors", ".", "testdata")
	if err == nil {
		err = lay(mappings.FS, "mappings", proxy.ModelName)
	}
	if err == nil && f.ConnectorsDir != "" {
		err = lay(os.DirFS(f.ConnectorsDir), f.ConnectorsDir, ".", "testdata")
	}
	if err == nil && f.MappingsDir != "" {
		err = lay(os.DirFS(f.MappingsDir), f.MappingsDir, proxy.ModelName)
	}
	var out []text
	for _, t := range byName {
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b text) int { return cmp.Compare(a.path, b.path) })
	return out, err
}

// read takes the files of some folders below a root that is shown as another path.
func read(src fs.FS, shown string, folders ...string) ([]text, error) {
	var out []text
	for _, folder := range folders {
		entries, err := fs.ReadDir(src, folder)
		if err != nil {
			continue // not every root has every folder
		}
		for _, e := range entries {
			if e.IsDir() || !lintable(e.Name()) || e.Name() == "model.yaml" {
				continue
			}
			body, err := fs.ReadFile(src, path.Join(folder, e.Name()))
			if err != nil {
				return nil, fmt.Errorf("linting: %w", err)
			}
			out = append(out, text{shortest(filepath.Join(shown, folder, e.Name())), string(body)})
		}
	}
	return out, nil
}

func lintable(name string) bool {
	return slices.Contains([]string{".yaml", ".jq", ".txtar"}, filepath.Ext(name))
}

// shortest is a path as seen from the working directory, where it lies below it.
func shortest(p string) string {
	wd, err := os.Getwd()
	if err != nil || !filepath.IsAbs(p) {
		return filepath.Clean(p)
	}
	if rel, err := filepath.Rel(wd, p); err == nil && !strings.HasPrefix(rel, "..") {
		return rel
	}
	return p
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
