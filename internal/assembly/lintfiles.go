package assembly

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/connectors"
	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/mappings"
	"github.com/meterbridge/meterbridge/proxy"
)

// text is a file to lint, under the path that a person would open.
type text struct {
	path, body string
	over       bool // it is an override's
}

// isLib says that the text is a mapping's library and no mapping.
func (t text) isLib() bool {
	return strings.HasSuffix(t.path, ".jq") && path.Base(path.Dir(filepath.ToSlash(t.path))) == mapping.LibFolder
}

// A folder that is named is one of files, or one that holds the layout's folders; then its own files are something else,
// such as config.yaml.
var (
	ownFolders    = []string{".", "testdata", proxy.ModelName, mapping.LibFolder, proxy.ModelName + "/" + mapping.LibFolder}
	layoutFolders = []string{"connectors", "connectors/testdata", "mappings/" + proxy.ModelName, "mappings/" + proxy.ModelName + "/" + mapping.LibFolder, overridesFolder}
)

// overridesFolder is where overrides lie in the layout.
const overridesFolder = "overrides/" + proxy.ModelName

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
			out = append(out, text{path: shortest(p), body: string(body)})
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
	if len(paths) == 0 {
		found, err := f.installed()
		if err != nil {
			return nil, err
		}
		out = found
	}
	over, err := f.overrideTexts()
	return append(out, over...), err
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
			name := path.Base(filepath.ToSlash(t.path))
			if t.isLib() {
				name = path.Join(mapping.LibFolder, name)
			}
			byName[name] = t
		}
		return err
	}
	err := lay(connectors.FS, "connectors", ".", "testdata")
	if err == nil {
		err = lay(mappings.FS, "mappings", proxy.ModelName, proxy.ModelName+"/"+mapping.LibFolder)
	}
	if err == nil && f.ConnectorsDir != "" {
		err = lay(os.DirFS(f.ConnectorsDir), f.ConnectorsDir, ".", "testdata")
	}
	if err == nil && f.MappingsDir != "" {
		err = lay(os.DirFS(f.MappingsDir), f.MappingsDir, proxy.ModelName, proxy.ModelName+"/"+mapping.LibFolder)
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
			out = append(out, text{shortest(filepath.Join(shown, folder, e.Name())), string(body), folder == overridesFolder})
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

// libs are what mappings may include: what is installed, what lies in the folder lib beside a mapping that is named, and
// what is linted itself.
func (f Files) libs(texts []text, named bool) []jq.Source {
	dirs := f.mappings()
	for _, t := range texts {
		if named && strings.HasSuffix(t.path, ".jq") && !t.isLib() {
			dirs = append(dirs, os.DirFS(filepath.Dir(t.path)))
		}
	}
	installed, _ := mapping.Libraries(dirs...) // one that can't be read is missed by who includes it
	byName := map[string]jq.Source{}
	for _, lib := range installed {
		byName[lib.Name()] = lib
	}
	for _, t := range texts {
		if lib := (jq.Source{File: t.path, Text: t.body}); t.isLib() {
			byName[lib.Name()] = lib
		}
	}
	return slices.SortedFunc(maps.Values(byName), func(a, b jq.Source) int { return cmp.Compare(a.Name(), b.Name()) })
}
