package jq

import (
	"fmt"
	"strings"

	"github.com/itchyny/gojq"

	"github.com/meterbridge/meterbridge/internal/jq/core"
)

// ownInput is the input of a part. No variable that core names is called so.
const ownInput = "$_in"

// CompilePart makes a program of a part of a lowered one, for a compiler that has no form for it. Its input is an array:
// the part's input, then the values of its variables, then those of its roots.
func CompilePart(p core.Part) (*Code, error) {
	names := append([]string{ownInput}, p.Names...)
	for _, r := range p.Roots {
		names = append(names, r.Name)
	}
	q, err := gojq.Parse(fmt.Sprintf(". as [%s] | %s | %s", strings.Join(names, ", "), ownInput, p.Text))
	if err != nil {
		return nil, fmt.Errorf("parsing a part of a program: %w", err)
	}
	f := &file{query: q}
	code, bad := f.compile(q)
	if bad != nil {
		return nil, fmt.Errorf("compiling a part of a program: %s", bad.Text)
	}
	return code, nil
}
