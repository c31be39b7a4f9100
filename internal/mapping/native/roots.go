package native

import "bytes"

// keptRoots bounds the documents of its roots that a machine keeps while it rests, in bytes: one request's are often the next
// one's too, and reading them takes longer than most items do.
const keptRoots = 64 << 10

// document is the text that a root was bound to, and its value.
type document struct {
	text  []byte // nothing writes to it: the value points into it
	value value
	ok    bool // it can be held here
}

// Bind sets a root from a JSON document; none is null. It gives its own copy of the document, which never changes, and reports
// false for one that can't be held here.
func (m *Machine) Bind(root int, doc []byte) (held []byte, ok bool) {
	m.roots[root] = null
	m.bindings++
	if len(doc) == 0 {
		return nil, true
	}
	d := &m.docs[root]
	if !bytes.Equal(d.text, doc) {
		d.text = bytes.Clone(doc)
		d.value, d.ok = m.decode(d.text)
	}
	m.roots[root] = d.value
	return d.text, d.ok
}

// unbind takes the roots away from a machine that will rest. Their documents stay for who binds the same again, if they are
// small.
func (m *Machine) unbind() {
	clear(m.roots)
	m.bindings++
	size := 0
	for _, d := range m.docs {
		size += len(d.text)
	}
	if size > keptRoots {
		clear(m.docs)
	}
}
