package assembly

import (
	"io/fs"
	"path"
	"strings"
)

// narrow is a folder of which only one connector's files are seen; those in folders below, such as libraries, are all.
// A replay needs no others, and compiling twenty connectors for each of twenty cassettes would take most of its time.
type narrow struct {
	fs.FS
	name string
}

// Glob finds the files of the one connector.
func (n narrow) Glob(pattern string) ([]string, error) {
	files, err := fs.Glob(n.FS, pattern)
	var out []string
	for _, file := range files {
		if path.Dir(file) != "." || strings.TrimSuffix(file, path.Ext(file)) == n.name {
			out = append(out, file)
		}
	}
	return out, err
}

// Only are the same files, seen as far as they are one connector's.
func (f Files) Only(name string) Files {
	f.only = name
	return f
}

// sources are folders to read from, seen as far as the files are asked for.
func (f Files) sources(dirs []fs.FS) []fs.FS {
	if f.only == "" {
		return dirs
	}
	out := make([]fs.FS, len(dirs))
	for i, dir := range dirs {
		out[i] = narrow{dir, f.only}
	}
	return out
}
