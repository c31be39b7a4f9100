package simulate

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// Cassette is a provider's recorded exchanges, the demo account they belong to, and what `test` asks of them.
type Cassette struct {
	Name        string // the connector's
	File        string
	Prose       string    // where the shapes come from
	Month       time.Time // the first of the month that the exchanges tell of
	Now         time.Time // the clock for an exact replay
	Credentials map[string]string
	Context     map[string]any // still with {base}; Account fills it
	Requests    []Request

	month     month
	auth      authRule
	exchanges []*exchange
	answers   map[string]*answer
	goldens   map[string][]byte
	raw       []byte
}

// Load reads NAME.txtar at the root of fsys.
func Load(fsys fs.FS, name string) (*Cassette, error) {
	data, err := fs.ReadFile(fsys, name+".txtar")
	if err != nil {
		return nil, fmt.Errorf("reading a cassette: %w", err)
	}
	return Parse(name+".txtar", data)
}

// LoadAll reads every *.txtar at the roots of the sources, by name; a later source replaces a cassette of the same name.
func LoadAll(sources ...fs.FS) ([]*Cassette, error) {
	found := map[string]*Cassette{}
	var errs []error
	for _, src := range sources {
		files, err := fs.Glob(src, "*.txtar")
		if err != nil {
			return nil, fmt.Errorf("listing cassettes: %w", err)
		}
		for _, f := range files {
			c, err := Load(src, strings.TrimSuffix(f, ".txtar"))
			if err != nil {
				errs = append(errs, err)
				continue
			}
			found[c.Name] = c
		}
	}
	var all []*Cassette
	for _, name := range slices.Sorted(maps.Keys(found)) {
		all = append(all, found[name])
	}
	return all, errors.Join(errs...)
}

// Parse reads a cassette; file names it in errors and gives it its name.
func Parse(file string, data []byte) (*Cassette, error) {
	p := &parser{file: file}
	c := &Cassette{
		Name: strings.TrimSuffix(path.Base(file), ".txtar"), File: file, raw: data,
		answers: map[string]*answer{}, goldens: map[string][]byte{},
	}
	comment, secs, err := readArchive(data)
	if pe := (*posError)(nil); errors.As(err, &pe) {
		p.bad(pe.line, "%s", pe.text)
		return nil, p.err()
	}
	c.Prose = comment
	seen := map[string]bool{}
	for _, s := range secs {
		if seen[s.name] {
			p.bad(s.line-1, "a second file %s", s.name)
		}
		seen[s.name] = true
		if s.name == "cassette.yaml" {
			c.readMeta(p, s)
		}
	}
	if !seen["cassette.yaml"] {
		p.bad(1, "there is no file cassette.yaml")
	}
	for _, s := range secs {
		folder, name, _ := strings.Cut(s.name, "/")
		switch {
		case s.name == "cassette.yaml":
		case folder == "exchange" && name != "":
			if e := c.readExchange(p, s, name); e != nil {
				c.exchanges = append(c.exchanges, e)
			}
		case folder == "answer" && name != "":
			if a := readAnswer(p, s.line, s.data, shape{}, inAnswer); a != nil {
				c.answers[name] = a
			}
		case folder == "golden" && slices.ContainsFunc(c.Requests, func(r Request) bool { return r.Golden() == name }):
			c.goldens[name] = s.data
		case folder == "golden":
			p.bad(s.line-1, "%s belongs to no request of cassette.yaml", s.name)
		default:
			p.bad(s.line-1, "%s is neither cassette.yaml nor in exchange/, answer/ or golden/", s.name)
		}
	}
	c.link(p, secs)
	if err := p.err(); err != nil {
		return nil, err
	}
	return c, nil
}
