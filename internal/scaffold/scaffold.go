// Package scaffold writes the three files of a new connector: what to call, how to reshape, and a recording that proves
// it. They lint and replay before a line is changed.
//
// A connector is proposed from an OpenAPI 3 description: the operation whose words speak most of usage and cost, its
// dates as the slots of a window, its way to page, its list of items, and for each field of the model the property that
// is most likely meant. What was guessed, and what was not understood, stands beside it as a comment. A connector without
// a description is proposed from that of an imaginary API, so that there is one way for both.
package scaffold

import (
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/meterbridge/meterbridge/internal/openapi"
)

// plainAPI describes an imaginary API with the usual ways.
//
//go:embed plain.yaml
var plainAPI string

// Files are the texts of a connector's files.
type Files struct{ Connector, Mapping, Cassette string }

// noOmits is where Omit writes.
const noOmits = "    omits: {}\n"

// Omit says of fields of usage that the mapping does not fill them.
func (f *Files) Omit(fields []string) {
	if len(fields) == 0 {
		f.Connector = strings.Replace(f.Connector, noOmits, "", 1)
		return
	}
	s := &sheet{}
	s.line("    omits:", "the fields of the model that are never filled, each with the reason: put the real one here, or map it")
	for _, field := range fields {
		s.line("      "+field+": not mapped yet", "")
	}
	f.Connector = strings.Replace(f.Connector, noOmits, s.String(), 1)
}

// Options are what a description does not say.
type Options struct {
	Name      string // of the connector
	Source    string // the description's file, for the comments; "" for a plain scaffold
	Operation string // "GET /path" or an operationId, where it is not to be chosen
}

// maxName bounds a connector's name.
const maxName = 40

var (
	nameForm = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)
	noName   = regexp.MustCompile(`[^a-z0-9]+`)
)

// CheckName says what is wrong with a new connector's name, and what it may be instead.
func CheckName(name string) error {
	if nameForm.MatchString(name) && len(name) <= maxName {
		return nil
	}
	better := strings.Trim(noName.ReplaceAllString(strings.ToLower(name), "-"), "-0123456789")
	better = strings.TrimRight(better[:min(len(better), maxName)], "-")
	if better == "" || !nameForm.MatchString(better) {
		better = "acme-cloud"
	}
	return fmt.Errorf("a connector's name has lower-case letters, digits, - and _, begins with a letter and has at most %d of them, such as %s; got %q", maxName, better, name)
}

// Plain is the scaffold of an imaginary API.
func Plain(name string) (*Files, error) {
	text := strings.NewReplacer("NAME", name, "TITLE", titleOf(name)).Replace(plainAPI)
	return From([]byte(text), Options{Name: name})
}

// From is the scaffold of an OpenAPI description.
func From(description []byte, o Options) (*Files, error) {
	if err := CheckName(o.Name); err != nil {
		return nil, err
	}
	doc, err := openapi.Parse(description)
	if err != nil {
		return nil, err
	}
	p, err := propose(doc, o)
	if err != nil {
		return nil, err
	}
	return &Files{p.connector(), p.mapping(), p.cassette()}, nil
}

var errNoOperation = errors.New("the description has no GET and no POST with a JSON answer")

// titleOf is a name as people write it.
func titleOf(name string) string {
	parts := strings.Split(name, "-")
	for i, p := range parts {
		if p != "" {
			parts[i] = strings.ToUpper(p[:1]) + p[1:]
		}
	}
	return strings.Join(parts, " ")
}
