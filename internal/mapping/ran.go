package mapping

// Ran says how many items the runner has given to the compiled program, and how many of them that left to gojq.
func (r *Runner) Ran() (items, bails uint64) { return r.ran.items, r.ran.bails }

// Reasons are why a resource's program does not compile, none where it does.
func (p *Program) Reasons(resource string) (why []string) {
	for _, r := range p.resources[resource].engine.reasons {
		why = append(why, r.Why)
	}
	return why
}
