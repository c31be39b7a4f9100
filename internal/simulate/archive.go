package simulate

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
)

// File is one file of a cassette's archive.
type File struct {
	Name string
	Data []byte
}

// Format writes an archive: its comment, then its files. Data that does not end in a newline gets one.
func Format(comment string, files []File) []byte {
	a := &txtar.Archive{Comment: []byte(comment)}
	for _, f := range files {
		a.Files = append(a.Files, txtar.File{Name: f.Name, Data: f.Data})
	}
	return txtar.Format(a)
}

// section is a file of an archive that knows where it stands.
type section struct {
	name string
	line int // of its first line of data, 1-based
	data []byte
}

// readArchive splits an archive and finds each file's line again, which txtar does not keep.
func readArchive(data []byte) (comment string, secs []section, err error) {
	for n, line := range bytes.Split(data, []byte("\n")) {
		// The library slices such a line out of bounds.
		if l := strings.TrimSuffix(string(line), "\r"); l == "-- --" {
			return "", nil, &posError{line: n + 1, text: "a file marker without a name"}
		}
	}
	a := txtar.Parse(data)
	line := 1 + bytes.Count(a.Comment, []byte("\n"))
	for _, f := range a.Files {
		line++
		secs = append(secs, section{name: f.Name, line: line, data: f.Data})
		line += bytes.Count(f.Data, []byte("\n"))
	}
	return string(a.Comment), secs, nil
}

// posError is a defect at a line of the archive; parser adds the file's name.
type posError struct {
	line int
	text string
}

func (e *posError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.text) }

// parser collects the defects of one cassette, so that all of them are reported at once.
type parser struct {
	file string
	errs []error
}

func (p *parser) bad(line int, format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf("%s:%d: %s", p.file, line, fmt.Sprintf(format, args...)))
}

func (p *parser) err() error { return errors.Join(p.errs...) }

// lineAt is the line of an offset in text whose first line is first.
func lineAt(text []byte, offset, first int) int {
	return first + bytes.Count(text[:min(offset, len(text))], []byte("\n"))
}
