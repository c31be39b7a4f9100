package mapping

// Twin is another runner of the same program, for a second goroutine: it is to be bound by Follow, and closed. It is nil
// where every record is told to somebody, who hears of one after another.
func (r *Runner) Twin() *Runner {
	if r.program.tried != nil {
		return nil
	}
	t := r.program.Runner(r.unit.name)
	t.Check(r.checks.every, r.checks.told)
	return t
}

// Follow binds a runner to the roots that its twin is bound to. The twin must be doing nothing.
func (r *Runner) Follow(twin *Runner) error {
	for i, doc := range twin.docs {
		if err := r.bind(i, doc); err != nil {
			return err
		}
	}
	return nil
}
