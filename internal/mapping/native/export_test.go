package native

// Written is a document in the plan's form, and what stands beside it.
func (p *Plan) Written(b, doc []byte) (out, remote []byte, ok bool) {
	m := newMemory()
	var v, beside value
	for range 2 { // with its layouts new, and met before
		m.reset()
		if v, _, _ = m.scan(doc, 0, true); v.kind != isObject {
			return b, nil, false
		}
		var how outcome
		if out, beside, _, how = p.append(b, v); how != isFull {
			return out, nil, false
		}
	}
	if ok = true; beside.kind != isNull {
		remote, ok = appendJSON(nil, beside, 0)
	}
	return out, remote, ok
}

// Bench is a plan's writing of a document, again and again.
func (p *Plan) Bench(doc []byte) (write func(b []byte) ([]byte, bool)) {
	m := newMemory()
	v, _, _ := m.scan(doc, 0, true)
	return func(b []byte) ([]byte, bool) {
		b, _, _, how := p.append(b, v)
		return b, how == isFull
	}
}
