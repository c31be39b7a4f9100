package simulate

import "slices"

func (e *exchange) allCaptures() []capture {
	var cs []capture
	for _, pat := range e.path {
		cs = append(cs, pat.caps...)
	}
	for _, ps := range [][]param{e.query, e.form, e.header} {
		for _, q := range ps {
			cs = append(cs, q.is.caps...)
		}
	}
	if e.body != nil {
		cs = append(cs, e.body.captures()...)
	}
	if e.text != nil {
		cs = append(cs, e.text.caps...)
	}
	return cs
}

func (e *exchange) captures(name string) bool {
	return slices.ContainsFunc(e.allCaptures(), func(c capture) bool { return c.name == name })
}

func (e *exchange) checkCaptures(p *parser, line int) {
	seen := map[string]bool{}
	for _, c := range e.allCaptures() {
		if seen[c.name] && c.name != "*" {
			p.bad(line, "{%s} is captured twice", c.name)
		}
		seen[c.name] = true
	}
}

// fills says which placeholders this exchange's answer may have. A job brings the range of the request that started it.
func (e *exchange) fills(name, arg string) bool {
	if inAnswer(name, arg) || name == "token" || name == "job" || e.captures(name) {
		return true
	}
	_, known := kinds[arg]
	return (name == "start" || name == "end") && (e.captures("job") || known && (e.captures("start") || e.captures("end")))
}

// inAnswer says which placeholders an answer without a request of its own may have.
func inAnswer(name, arg string) bool {
	return name == "base" || name == "other" || name == "self" || clockText(name, arg)
}

// issues says that the answer carries a new access token.
func (e *exchange) issues() bool { return e.answer.names("token") }

// starts says that the answer carries a new job's id.
func (e *exchange) starts() bool { return e.answer.names("job") && !e.captures("job") }
