package connector

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/meterbridge/meterbridge/internal/jq"
)

// MaxFile bounds a connector's file.
const MaxFile = 256 << 10

// Set is the connectors that are installed.
type Set struct{ byName map[string]*Connector }

// Get is the connector of a name, nil where there is none.
func (s *Set) Get(name string) *Connector { return s.byName[name] }

// Names are all names in order.
func (s *Set) Names() []string { return slices.Sorted(maps.Keys(s.byName)) }

// Load reads every *.yaml at the top of the sources. A later source's connector replaces one of the same name; within
// one source a second one is a finding. The set holds only what has no findings but warnings.
func Load(sources ...fs.FS) (*Set, []jq.Finding) {
	set := &Set{byName: map[string]*Connector{}}
	var all []jq.Finding
	for _, src := range sources {
		files, err := fs.Glob(src, "*.yaml")
		if err != nil {
			all = append(all, jq.Finding{File: ".", Line: 1, Col: 1, Rule: "file", Text: err.Error()})
		}
		from := map[string]string{}
		for _, file := range files {
			text, err := fs.ReadFile(src, file)
			if err != nil {
				all = append(all, jq.Finding{File: file, Line: 1, Col: 1, Rule: "file", Text: err.Error()})
				continue
			}
			c, finds := parse(file, text)
			if c != nil && from[c.Name] != "" {
				finds = append(finds, jq.Finding{File: file, Line: 1, Col: 1, Rule: "duplicate", Text: "connector " + c.Name + " is in " + from[c.Name] + " already", Fix: "give it another name"})
			}
			all = append(all, finds...)
			if c != nil && !jq.Failed(finds) {
				from[c.Name] = path.Base(file)
				set.byName[c.Name] = c
			}
		}
	}
	return set, all
}

// LintFile gives every finding of a connector's file, in the order of the file.
func LintFile(name string, text []byte) []jq.Finding {
	_, finds := parse(name, text)
	return finds
}

// Parse reads one connector. It is nil where a finding is more than a warning.
func Parse(name string, text []byte) (*Connector, []jq.Finding) {
	c, finds := parse(name, text)
	if jq.Failed(finds) {
		return nil, finds
	}
	return c, finds
}

func parse(name string, text []byte) (*Connector, []jq.Finding) {
	d := &decoder{file: name, lines: strings.Split(string(text), "\n"), scope: "context"}
	c := &Connector{File: name, About: leadingComment(d.lines)}
	root := d.root(text, "start it with connector: NAME")
	if root == nil {
		return nil, d.finds
	}
	d.into(root, c)
	c.auths = d.auths
	d.checkSlots(c)
	d.checkCredentials(c, root)
	d.checkContext(c, d.at(root, "context"))
	sum := sha256.Sum256(text)
	c.Hash = binary.LittleEndian.Uint64(sum[:])
	slices.SortStableFunc(d.finds, func(a, b jq.Finding) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Text, b.Text))
	})
	return c, slices.Compact(d.finds)
}

// leadingComment is what a file says of itself in the comment that it starts with.
func leadingComment(lines []string) string {
	var words []string
	for _, l := range lines {
		if !strings.HasPrefix(l, "#") {
			break
		}
		words = append(words, strings.Fields(strings.TrimLeft(l, "#"))...)
	}
	return strings.Join(words, " ")
}

var yamlLine = regexp.MustCompile(`line (\d+): `)

// unclosed are YAML's words for what follows a quote too many or too few.
var unclosed = regexp.MustCompile(`unexpected end of stream|did not find expected|unknown escape|unexpected document indicator`)

var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|'[^']*'|(?:^|\s)#.*`)

// openQuote is the first line whose double quotes are not in pairs, 0 where there is none.
func openQuote(lines []string) int {
	for i, l := range lines {
		if strings.Contains(quoted.ReplaceAllString(l, ""), `"`) {
			return i + 1
		}
	}
	return 0
}

// root is the file's one document, an object, nil after a finding. start says what such a file starts with.
func (d *decoder) root(text []byte, start string) *yaml.Node {
	if len(text) > MaxFile {
		d.addAt(1, 1, "limit", fmt.Sprintf("the file is longer than %d bytes", MaxFile), "")
		return nil
	}
	if !utf8.Valid(text) {
		d.addAt(1, 1, "yaml", "the file is not UTF-8", "")
		return nil
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var docNode, second yaml.Node
	if err := dec.Decode(&docNode); err != nil {
		if errors.Is(err, io.EOF) {
			d.addAt(1, 1, "yaml", "the file is empty", start)
			return nil
		}
		line := 1
		if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
			line, _ = strconv.Atoi(m[1])
		}
		if open := openQuote(d.lines); open > 0 && open <= line && unclosed.MatchString(err.Error()) {
			d.addAt(open, 1, "yaml", "a quote that is opened here is not closed where it should be", "close it, and write \\\" for one within")
			return nil
		}
		d.addAt(line, 1, "yaml", strings.TrimPrefix(yamlLine.ReplaceAllString(err.Error(), ""), "yaml: "), "")
		return nil
	}
	if err := dec.Decode(&second); !errors.Is(err, io.EOF) {
		d.addAt(max(second.Line, 1), 1, "yaml", "a file holds one document", "move what follows --- to a file of its own")
	}
	if len(docNode.Content) == 0 || docNode.Content[0].Kind != yaml.MappingNode {
		d.addAt(1, 1, "type", "the file is no object", start)
		return nil
	}
	return docNode.Content[0]
}
