package connector

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/meterbridge/meterbridge/internal/jq"
)

// slot is one jq program within the file.
type slot struct {
	code    *jq.Code
	program string // as it is written
	scope   string
	call    *CallSpec // the call that it is a part of, nil for none
	at      jq.Locator
}

func (s *slot) reads(root, name string) bool {
	if s == nil || s.code == nil {
		return false
	}
	for _, r := range s.code.Refs() {
		if r.Root == "." && len(r.Path) > 0 && r.Path[0] == root && (name == "" || len(r.Path) > 1 && (r.Path[1] == name || r.Path[1] == anyStep)) {
			return true
		}
	}
	return false
}

// anyStep is how jq.Ref writes a step whose key is computed.
const anyStep = "[]"

func (s *slot) text() string { return strings.TrimSpace(s.program) }

// run gives the slot's value, nil where it has no output.
func (s *slot) run(in any) (any, error) {
	return s.runOn(context.Background(), in, jq.DefaultTimeout)
}

// runOn is run on any input, within a time that fits its size.
func (s *slot) runOn(ctx context.Context, in any, budget time.Duration) (any, error) {
	if s.code == nil {
		return nil, fmt.Errorf("the slot `%s` did not compile", s.text())
	}
	var out any
	n := 0
	err := s.code.RunWithin(ctx, budget, in, nil, func(v any) error {
		if n++; n > 1 {
			return errors.New("more than one value")
		}
		out = v
		return nil
	})
	if err != nil {
		line, _ := s.at(0)
		return nil, fmt.Errorf("slot `%s` in line %d: %w", clip(s.text()), line, err)
	}
	return out, nil
}

// slot compiles one program. Its findings are moved to where they stand in the file.
func (d *decoder) slot(text string, at jq.Locator) *slot { return d.program(text, at, false) }

// spans are the variables that are objects of start and end.
var spans = slices.Sorted(maps.Keys(members))

// program is slot, or a condition, which assigns nothing and stands without braces.
func (d *decoder) program(text string, at jq.Locator, condition bool) *slot {
	s := &slot{program: text, scope: d.scope, call: d.call, at: at}
	if i := strings.Index(text, "${"); i >= 0 {
		line, col := at(i)
		d.addAt(line, col, "credential", "a credential in a jq slot", "credentials are in no slot: write ${name} beside it, in auth")
		return s
	}
	code, finds := jq.Compile(jq.Source{File: d.file, Line: 1, Col: 1, Text: text}, jq.Options{Kind: jq.Slot, Condition: condition, Objects: spans, Untrusted: d.untrusted})
	for _, f := range finds {
		f.Line, f.Col = at(jq.OffsetOf(text, f.Line, f.Col))
		if condition && f.Rule == "syntax" && strings.Contains(text, "{{") {
			f.Fix = "conditions have no braces: " + clip(strings.TrimSpace(strings.NewReplacer("{{", "", "}}", "").Replace(text)))
		}
		d.finds = append(d.finds, f)
	}
	if code != nil && d.untrusted && !code.Straight() {
		line, col := at(0)
		d.addAt(line, col, "untrusted", "a slot of an override that comes from outside is more than a path", "write a path, with dates behind it: {{ .window.start | date }}")
	}
	if s.code = code; code != nil {
		d.slots = append(d.slots, s)
	}
	return s
}

// slotEnd is the index of the }} that closes a slot whose program starts at i, -1 where none does. Braces of objects
// and everything within strings belong to the program.
func slotEnd(s string, i int) int {
	depth := 0
	for ; i < len(s); i++ {
		switch s[i] {
		case '"':
			if i = stringEnd(s, i+1); i < 0 {
				return -1
			}
		case '{':
			depth++
		case '}':
			if depth == 0 {
				if strings.HasPrefix(s[i:], "}}") {
					return i
				}
				return -1
			}
			depth--
		}
	}
	return -1
}

// stringEnd is the index of the quote that closes a jq string, -1 where none does; a \( … ) may hold strings again.
func stringEnd(s string, i int) int {
	parens := 0 // open within interpolations
	for ; i < len(s); i++ {
		switch {
		case s[i] == '\\' && strings.HasPrefix(s[i:], `\(`):
			parens++
			i++
		case s[i] == '\\':
			i++
		case parens > 0 && s[i] == '(':
			parens++
		case parens > 0 && s[i] == ')':
			parens--
		case parens > 0 && s[i] == '"':
			if i = stringEnd(s, i+1); i < 0 {
				return -1
			}
		case s[i] == '"':
			return i
		}
	}
	return -1
}
