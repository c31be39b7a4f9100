package mappingtest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/mapping"
)

// Case is a program, and what a runner of it is asked to do, step by step.
type Case struct {
	Text     string
	Override string // an expression that is laid over the mapping; "" for none
	Resource string
	Libs     []jq.Source
	Steps    []Step
	tree     *node // of a program that was made
	other    func(*mapping.Program) *mapping.Program
}

// Step is one item; where Roots is not nil they are bound before it, and where Parent is not that alone.
type Step struct {
	Item   []byte
	Roots  map[string][]byte // by name, "$query"
	Parent []byte
}

// Vars are the roots as a runner takes them.
func vars(roots map[string][]byte) *mapping.Vars {
	return &mapping.Vars{Query: roots["$query"], Account: roots["$account"], Call: roots["$call"], Page: roots["$page"],
		Lookups: roots["$lookups"], Parent: roots["$parent"], Carry: roots["$carry"]}
}

// ErrRefused is behind the error of a program that the lint does not take.
var ErrRefused = errors.New("the program is refused")

// Compile compiles the case's program.
func (c *Case) Compile(model *mapping.Model) (*mapping.Program, error) {
	p, findings := mapping.Compile(jq.Source{File: "made.jq", Text: c.Text}, model, c.Libs...)
	if p == nil || !p.Has(c.Resource) {
		for _, f := range findings {
			if !f.Warn {
				return nil, fmt.Errorf("%w: %s: %s", ErrRefused, f.Rule, f)
			}
		}
		return nil, fmt.Errorf("%w: no-resource", ErrRefused)
	}
	if c.Override == "" {
		return p, nil
	}
	o, findings := mapping.CompileOverrides(mapping.Account, map[string]jq.Source{c.Resource: {File: "override.jq", Text: c.Override}}, model)
	if o == nil {
		return nil, fmt.Errorf("%w: override: %v", ErrRefused, findings)
	}
	return p.With(o), nil
}

// maxFailures is how many items may fail until a case ends: to say where takes long, and says nothing new.
const maxFailures = 3

// Gave is what one step gave, and whether the compiled program gave it, or left it to gojq.
type Gave struct {
	Result      Result
	Ran, Bailed bool
}

// needless says that the compiled program left an item to gojq on which nothing fails.
func (t Gave) needless() bool { return t.Bailed && (t.Result == Records || t.Result == Empty) }

// Run does the steps in both ways, up to the first difference, and tells what each gave.
func (c *Case) Run(p *mapping.Program, told func(Gave)) error {
	other := (*mapping.Program).Interpreted
	if c.other != nil {
		other = c.other
	}
	pair := newPair(p, other(p), c.Resource)
	defer func() { pair.Close() }()
	failures := 0
	for _, s := range c.Steps {
		if s.Roots != nil && len(s.Item)%2 == 0 { // another page, which may have another runner with the same machine
			pair.Close()
			pair = newPair(p, other(p), c.Resource)
		}
		bound, err := true, error(nil)
		if s.Roots != nil {
			bound, err = pair.Bind(vars(s.Roots))
		}
		if s.Parent != nil && bound && err == nil {
			bound, err = pair.BindParent(s.Parent)
		}
		if err != nil || !bound {
			return err
		}
		items, bails := pair.Ran()
		res, err := pair.Item(s.Item, true)
		if err != nil {
			return err
		}
		ran, bailed := pair.Ran()
		told(Gave{res, ran > items, bailed > bails})
		if res == Failed {
			failures++
		}
		if res == Slow || failures == maxFailures {
			return nil
		}
	}
	return nil
}

// Differs is the difference that the case shows, if it does.
func (c *Case) Differs(model *mapping.Model) error {
	p, err := c.Compile(model)
	if err != nil {
		return nil
	}
	return c.Run(p, func(Gave) {})
}

var errBails = errors.New("the compiled program leaves an item to gojq on which nothing fails")

// Bails is an error where the compiled program leaves an item to gojq on which nothing fails.
func (c *Case) Bails(model *mapping.Model) error {
	p, err := c.Compile(model)
	if err != nil {
		return nil
	}
	bails := false
	if err := c.Run(p, func(t Gave) { bails = bails || t.needless() }); err != nil || !bails {
		return nil
	}
	return errBails
}

// The sections of a case that is written down.
const (
	programSection = "-- program --"
	overSection    = "-- override --"
	rootsSection   = "-- roots --"
	parentSection  = "-- parent --"
	itemSection    = "-- item --"
)

// String writes the case down, as ParseCase reads it.
func (c *Case) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n%s\n", programSection, c.Resource, strings.TrimSuffix(c.Text, "\n"))
	if c.Override != "" {
		fmt.Fprintf(&b, "%s\n%s\n", overSection, c.Override)
	}
	for _, s := range c.Steps {
		if s.Roots != nil {
			b.WriteString(rootsSection + "\n")
			for _, name := range slices.Sorted(maps.Keys(s.Roots)) {
				fmt.Fprintf(&b, "%s %q\n", name, s.Roots[name])
			}
		}
		if s.Parent != nil {
			fmt.Fprintf(&b, "%s\n%q\n", parentSection, s.Parent)
		}
		fmt.Fprintf(&b, "%s\n%q\n", itemSection, s.Item)
	}
	return b.String()
}

var errCase = errors.New("malformed case")

// ParseCase reads a case.
func ParseCase(text []byte) (*Case, error) {
	c := &Case{}
	var step Step
	for _, part := range bytes.Split(append([]byte("\n"), text...), []byte("\n-- ")) {
		head, body, _ := strings.Cut(string(part), "\n")
		section, name, _ := strings.Cut("-- "+head, " --")
		switch section += " --"; section {
		case programSection:
			c.Resource, c.Text = strings.TrimSpace(name), body
		case overSection:
			c.Override = body
		case rootsSection:
			step.Roots = map[string][]byte{}
			for line := range strings.Lines(body) {
				name, quoted, _ := strings.Cut(line, " ")
				s, err := strconv.Unquote(strings.TrimSpace(quoted))
				if err != nil {
					return nil, fmt.Errorf("%w: %s", errCase, line)
				}
				step.Roots[name] = []byte(s)
			}
		case parentSection, itemSection:
			s, err := strconv.Unquote(strings.TrimSpace(body))
			if err != nil {
				return nil, fmt.Errorf("%w: %s", errCase, body)
			}
			if section == parentSection {
				step.Parent = []byte(s)
				continue
			}
			step.Item = []byte(s)
			c.Steps, step = append(c.Steps, step), Step{}
		}
	}
	return c, nil
}
