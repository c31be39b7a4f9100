package mapping

import "github.com/meterbridge/meterbridge/internal/jq"

// Counted is the same program with a counter in each branch of its text, and the counters. It is slower.
func (p *Program) Counted() (*Program, *jq.Counts, error) {
	module, counts, err := p.module.Counted()
	if err != nil {
		return nil, nil, err
	}
	out := *p
	out.resources = map[string]*compiled{}
	for name, c := range p.resources {
		code, bad := module.Compile(name)
		if code == nil {
			return nil, nil, &Error{Resource: name, Msg: "counting its branches: " + bad[0].Text, File: p.src.File, Line: c.line}
		}
		counted := *c
		counted.code = code
		out.resources[name] = &counted
	}
	return &out, counts, nil
}
