package proxy

import (
	"bytes"
	"slices"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/upstream"
)

// more asks for what may be asked for now.
func (a *ahead) more() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.plan()
}

// plan asks for what the walk will come to, the nearest first, as far as it is known, wanted and within the bounds.
func (a *ahead) plan() {
	for i := 0; !a.closed; i++ {
		if i == len(a.lines) && !a.extend() {
			return
		}
		l := a.lines[i]
		for l.ready {
			if !a.room() || !a.wants.more(a) || !a.start(l) {
				return
			}
		}
		if !l.done && !a.wants.all() {
			return // its further pages come before the next line, and may be enough
		}
	}
}

func (a *ahead) room() bool {
	return len(a.pages) < maxAhead && a.held+(a.flying+1)*upstream.MaxShared <= maxAheadBytes
}

// start asks for a line's next page. A job is never started before its result is wanted, and a call whose lookups are not there
// can't be planned.
func (a *ahead) start(l *line) bool {
	spec := a.method.Call(l.next)
	if spec == nil || spec.Job != nil || spec.Constant != nil || spec.Parents != nil && len(l.next.Parent) == 0 || !a.looked(spec) {
		return false
	}
	key := nameOf(l.next)
	if a.pages[key] == nil {
		call, err := a.method.At(&a.scope, l.next)
		if err != nil {
			return false
		}
		pg := &aheadPage{at: l.next, line: l}
		if pg.seat = a.sess.Ahead(a.ctx, call, a.lands(pg)); pg.seat == nil {
			return false
		}
		if a.pages == nil {
			a.pages = map[pageName]*aheadPage{}
		}
		a.pages[key] = pg
		a.flying++
		if a.flying > 1 || !a.open.landed {
			pg.beside, a.open.beside = true, a.open.beside || !a.open.landed
		}
	}
	a.stand(l, l.next)
	if spec.Foresees(l.came) {
		a.lead(l, l.came)
	}
	return true
}

// looked says whether the lookups are there that a call reads.
func (a *ahead) looked(spec *connector.CallSpec) bool {
	return !slices.ContainsFunc(slices.Concat(spec.Lookups(a.conn), a.conn.LookupsOf(a.over)), func(name string) bool {
		_, there := a.scope.Lookups[name]
		return !there
	})
}

// extend adds the line behind the last one: of the next parent, or of the next window.
func (a *ahead) extend() bool {
	if a.last || len(a.lines) == 0 {
		return false
	}
	a.last = true // unless one is found
	behind := a.lines[len(a.lines)-1]
	next, parent := behind.at, -1
	next.Token, next.Job, next.Carry, next.Item, next.Out, next.Anchor = nil, nil, nil, 0, 0, 0
	if spec := a.method.Call(next); spec == nil {
		return false
	} else if spec.Parents != nil {
		if spec.Parents != a.parents.spec || behind.parent < 0 {
			return false
		}
		parent = behind.parent + 1
	}
	if known := parent >= 0 && parent < len(a.parents.all); known {
		next.Parent = a.parents.all[parent]
	} else {
		var more bool
		var err error
		if parent >= 0 && !a.parents.whole {
			return false
		}
		if next, more, err = a.method.After(&a.scope, next); err != nil || !more {
			return false
		}
		if parent = -1; a.method.Call(next).Parents != nil {
			if !a.parents.holds(a.method.Call(next).Parents) {
				return false
			}
			next.Parent, parent = a.parents.all[0], 0
		}
	}
	l := &line{at: next, next: next, ready: true, parent: parent}
	a.lines, a.last = append(a.lines, l), false
	return true
}

// parentList is what is known of the open window's parents.
type parentList struct {
	spec  *connector.Parents
	all   [][]byte
	whole bool // there are no more
}

func (p parentList) index(parent []byte) int {
	for i, one := range p.all {
		if bytes.Equal(one, parent) {
			return i
		}
	}
	return -1
}

// holds says whether the list is that of another window too.
func (p parentList) holds(spec *connector.Parents) bool {
	return p.spec == spec && spec.Fixed() && len(p.all) > 0 && p.whole
}

// parentList is the list as far as the walk has read it.
func (w *walk) parentList() parentList {
	if w.parents == nil || len(w.pos.Parent) == 0 {
		return parentList{}
	}
	return parentList{w.parents.spec, w.parents.all, !w.parents.more}
}
