package proxy

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/record"
	"github.com/meterbridge/meterbridge/internal/upstream"
)

// Limits of what a walk has asked for ahead; docs/limits.md lists them.
const (
	maxAhead      = 64      // pages, under way or waiting for the walk
	maxAheadBytes = 8 << 20 // of their bodies, where one that has not come counts as large as it may become
)

// ahead makes a walk's next calls while it reads, maps and writes. It guesses where the walk will go, with the walk's own
// planner, and never decides it: the walk goes its way as if there were no such thing, and finds the call under way, or makes
// it. So order, positions, loops, fallbacks and errors are the walk's, and a wrong guess costs a call and nothing else.
//
// What it knows are lines: each is a chain of pages, of the open window, of the parents behind the open one, or of a window
// behind. A page that has come whole is looked through for what leads to the next one.
type ahead struct {
	ctx    context.Context
	sess   *upstream.Session
	method *connector.Method
	conn   *connector.Connector
	over   []*connector.RequestOverride

	mu      sync.Mutex
	scope   connector.Scope // the walk's, with the lookups that it has
	lines   []*line         // in the walk's order; the first is that of the open page
	last    bool            // no line is known behind them
	pages   map[pageName]*aheadPage
	open    *aheadPage // the one that the walk reads
	flying  int        // pages that have not come yet
	held    int        // bytes of those that have
	parents parentList
	wants   wants
	closed  bool // or a call ahead has failed: nothing more is asked for
}

// pageName is what a page is known by: the call follows from it.
type pageName struct {
	window               int64
	call                 uint8
	parent, token, carry string
}

func nameOf(p record.Position) pageName {
	return pageName{p.Window, p.Call, string(p.Parent), string(p.Token), string(p.Carry)}
}

// line is a chain of pages, each of which leads to the next.
type line struct {
	at     record.Position // of the last page that was asked for
	next   record.Position // of the page behind it
	ready  bool            // next is known, and not asked for
	done   bool            // at is its last page
	came   connector.Facts // of the last page that has come
	empty  int             // pages without an item in a row
	tokens map[uint64]bool // the cursors so far
	parent int             // its place among the parents, -1 where it is not known
}

// of says whether a page is one of the line's.
func (l *line) of(p record.Position) bool {
	return l.at.Window == p.Window && l.at.Call == p.Call && string(l.at.Parent) == string(p.Parent)
}

// aheadPage is a page that was asked for ahead, or that the walk reads.
type aheadPage struct {
	at     record.Position
	line   *line
	seat   *upstream.Seat
	beside bool // other calls of the walk were under way with it
	landed bool
	size   int    // of its body
	body   []byte // nil where it has not come whole
	reply  *upstream.Reply
	seen   bool  // it was looked through
	items  int64 // of one that was
}

// newAhead is what looks ahead for a walk; nil where its calls are made one by one.
func (q *request) newAhead(ctx context.Context) *ahead {
	if upstream.Watched(ctx) {
		return nil
	}
	return &ahead{ctx: ctx, sess: q.sess, method: q.method, conn: q.conn, over: q.over, wants: wants{most: -1}}
}

// ask is the answer to the walk's next call: the one that is under way, or one that is made now.
func (w *walk) ask(call connector.Call) (*upstream.Reply, error) {
	if w.ahead == nil {
		return w.sess.Do(w.ctx, call)
	}
	pg := w.ahead.come(w, call)
	if w.before != nil && !pg.seat.Ready() {
		w.before()
	}
	reply, err := pg.seat.Reply(w.ctx)
	if err != nil && w.ahead.again(w.ctx, pg, err) {
		reply, err = w.sess.Ask(w.ctx, call)
	}
	if err == nil {
		w.ahead.more()
	}
	return reply, err
}

// come moves to the walk's position and takes its page.
func (a *ahead) come(w *walk, call connector.Call) *aheadPage {
	a.mu.Lock()
	defer a.mu.Unlock()
	l, key := a.move(w), nameOf(w.pos)
	pg := a.pages[key]
	if pg == nil {
		a.stand(l, w.pos)
		pg = &aheadPage{at: w.pos, line: l, beside: a.flying > 0}
		pg.seat = a.sess.Take(a.ctx, call, a.lands(pg))
	} else {
		delete(a.pages, key)
		a.release(pg)
	}
	a.open = pg
	a.plan() // what is known from the start need not wait for this answer
	return pg
}

// pass moves to the walk's position, whose page has come another way: body is nil where it is not there whole.
func (a *ahead) pass(w *walk, reply *upstream.Reply, body []byte) {
	if a == nil {
		return
	}
	a.mu.Lock()
	l := a.move(w)
	a.stand(l, w.pos)
	pg := &aheadPage{at: w.pos, line: l, landed: true, reply: reply, body: body}
	a.open = pg
	a.mu.Unlock()
	if body != nil {
		a.look(pg)
	}
}

// stand says which page of a line was asked for last.
func (a *ahead) stand(l *line, p record.Position) {
	l.at, l.ready, l.done = p, false, a.method.Call(p).Page == nil
}

// move makes the line of the walk's position the open one.
func (a *ahead) move(w *walk) *line {
	if len(w.scope.Lookups) != len(a.scope.Lookups) || a.open == nil {
		a.scope = *w.scope
		a.scope.Lookups = maps.Clone(w.scope.Lookups)
	}
	a.parents = w.parentList()
	a.wants.given = w.given
	return a.enter(w.pos)
}

// enter is the line of a position; those before it are over. What the walk has not been expected to do comes first.
func (a *ahead) enter(p record.Position) *line {
	a.last = false
	i := slices.IndexFunc(a.lines, func(l *line) bool { return l.of(p) })
	if i >= 0 {
		for _, over := range a.lines[:i] {
			a.drop(over)
		}
		a.lines = a.lines[i:]
		return a.lines[0]
	}
	l := &line{at: p, parent: a.parents.index(p.Parent)}
	if len(a.lines) > 0 {
		a.drop(a.lines[0])
		a.lines = a.lines[1:]
	}
	a.lines = slices.Insert(a.lines, 0, l)
	return l
}

// drop lets go of the pages of a line that the walk does not come to any more.
func (a *ahead) drop(l *line) {
	for key, pg := range a.pages {
		if pg.line == l {
			delete(a.pages, key)
			a.release(pg)
			pg.seat.Close()
		}
	}
}

// release takes a page out of what is under way or held.
func (a *ahead) release(pg *aheadPage) {
	if pg.landed {
		a.held -= pg.size
	} else {
		a.flying--
	}
}

// close lets go of everything.
func (a *ahead) close() {
	if a == nil {
		return
	}
	a.mu.Lock()
	a.closed = true
	pages := a.pages
	a.pages = nil
	a.mu.Unlock()
	for _, pg := range pages {
		pg.seat.Close()
	}
}
