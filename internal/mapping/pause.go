package mapping

// Pause gives the machine back until the next item is scanned: it is large, and others may need one while the provider is silent.
func (r *Runner) Pause() {
	if r.machine != nil {
		r.rest()
		r.item, r.paused = nil, true
	}
}

// resume takes a machine as if there had been no pause.
func (r *Runner) resume() {
	if !r.paused {
		return
	}
	r.paused = false
	if r.machine = r.unit.engine.machine(); r.machine == nil {
		return
	}
	for i, doc := range r.docs {
		if len(doc) > 0 {
			r.docs[i], _ = r.machine.Bind(i, doc) // what it does not take it did not take before
		}
	}
}

// rest gives back the machine.
func (r *Runner) rest() {
	if r.machine != nil {
		r.unit.engine.code.Rest(r.machine)
		r.machine = nil
	}
}
