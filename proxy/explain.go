package proxy

import (
	"bytes"
	"context"
	"slices"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/record"
)

// Limits of an explanation; docs/limits.md lists them.
const (
	DefaultExplained = 3       // items that are explained where no number is given
	MaxExplained     = 20      // items that are explained
	maxExplainedHeld = 8 << 20 // bytes of items that are looked through for unread fields
)

// explaining gathers, while a page is filled, what is needed to explain it afterwards.
type explaining struct {
	walk  *walk
	most  int // items to explain
	items []*onPage
	held  int
}

// onPage is an item that has given records to the page.
type onPage struct {
	raw  []byte
	vars *mapping.Vars
	outs []int // which of its outputs
	page *page
	n    int64
}

// Explanation is the member explain of debug.
type Explanation struct {
	Picked *picked                `json:"picked"`
	Items  []*mapping.Explanation `json:"items"`
	Unread []string               `json:"unread"`                // fields of the provider's that no record of the page comes from
	Over   int                    `json:"unread_over"`           // the items that were looked through for them
	More   int                    `json:"unread_more,omitempty"` // unread fields beyond those that are named
}

// explain starts an explanation where one is asked for; nil says that none is.
func (q *request) explain(s source) *explaining {
	w, ok := s.(*walk)
	if q.params.explain == 0 || !ok {
		return nil
	}
	w.visits = &[]visit{}
	return &explaining{walk: w, most: q.params.explain}
}

// watch is a row of the page that also remembers the item behind it.
func (x *explaining) watch(row func([]byte, record.Rec) []byte) func([]byte, record.Rec) []byte {
	if x == nil {
		return row
	}
	return func(dst []byte, rec record.Rec) []byte {
		x.saw()
		return row(dst, rec)
	}
}

// saw remembers the item that the walk stands on.
func (x *explaining) saw() {
	w, out := x.walk, x.walk.out-1
	if n := len(x.items); n > 0 && x.items[n-1].page == w.page && x.items[n-1].n == w.item.N {
		x.items[n-1].outs = append(x.items[n-1].outs, out)
		return
	}
	if x.held += len(w.item.Raw); x.held > maxExplainedHeld && len(x.items) > 0 {
		return
	}
	x.items = append(x.items, &onPage{bytes.Clone(w.item.Raw), w.vars, []int{out}, w.page, w.item.N})
}

// explained is what there is to say of the page.
func (q *request) explained(ctx context.Context, x *explaining) (*Explanation, error) {
	v := &Explanation{Picked: q.picked(x), Items: []*mapping.Explanation{}, Unread: []string{}}
	if x == nil {
		return v, nil
	}
	e, err := q.program.Explainer(q.mapped, q.ExplainTime)
	if err != nil {
		return nil, err
	}
	for i, item := range x.items {
		if i == 0 || item.vars != x.items[i-1].vars {
			if err := e.Bind(item.vars); err != nil {
				return nil, err
			}
		}
		if i >= x.most {
			err = e.Pass(ctx, item.raw)
		} else {
			var one *mapping.Explanation
			one, err = e.Item(ctx, item.raw, item.outs...)
			v.Items = append(v.Items, one)
		}
		if err != nil {
			return nil, err
		}
	}
	var n int
	v.Unread, n, v.Over = e.Unread()
	v.More = n - len(v.Unread)
	return v, nil
}

// picked says which calls were made for the page, why these, and what was taken from their answers.
type picked struct {
	Resource    string       `json:"resource"`
	DerivedFrom string       `json:"derived_from,omitempty"` // the field of usage whose values the list is made of
	Mapping     mapping.Runs `json:"mapping"`                // how it is run
	Items       int64        `json:"items"`
	Pages       []pickedPage `json:"pages"`
}

// pickedPage is one answer of the provider with items.
type pickedPage struct {
	Call   string      `json:"call"` // its name among several
	Why    string      `json:"why"`
	Window *windowView `json:"window"`
	Path   string      `json:"path"` // of the list of items; "" is the body itself
	Items  int64       `json:"items"`
	Cached bool        `json:"cached"` // the answer was kept for the cursor that led here
}

// windowView is a slice of the range, its end exclusive.
type windowView struct {
	Start string `json:"start"`
	End   string `json:"end"`
}

// visit is a page that the walk has opened.
type visit struct {
	spec   *connector.CallSpec
	window connector.Range
	items  int64
	cached bool
}

// keepVars remembers the roots of the mapping, which outlive their page where an item is to be explained.
func (w *walk) keepVars(v *mapping.Vars) {
	if w.visits == nil {
		return
	}
	kept := *v
	kept.Page, kept.Parent = bytes.Clone(v.Page), bytes.Clone(v.Parent)
	w.vars = &kept
}

// keepParent is keepVars where nothing but $parent is new.
func (w *walk) keepParent(parent []byte) {
	if w.vars != nil {
		with := *w.vars
		with.Parent = bytes.Clone(parent)
		w.vars = &with
	}
}

// note remembers the open page before it is left.
func (w *walk) note() {
	if w.visits != nil && w.page != nil {
		*w.visits = append(*w.visits, visit{w.method.Call(w.page.at), w.page.call.Window, w.page.count, w.page.cached})
	}
}

func (q *request) picked(x *explaining) *picked {
	p := &picked{Resource: q.resource.Name, DerivedFrom: q.resource.Derived, Mapping: q.program.Runs(q.mapped), Pages: []pickedPage{}}
	if x == nil {
		return p
	}
	visits := slices.Clone(*x.walk.visits)
	if pg := x.walk.page; pg != nil {
		visits = append(visits, visit{q.method.Call(pg.at), pg.call.Window, pg.count, pg.cached})
	}
	for _, v := range visits {
		page := pickedPage{Call: v.spec.Name, Why: q.why(v.spec), Path: v.spec.Items, Items: v.items, Cached: v.cached}
		if !v.window.IsZero() {
			page.Window = &windowView{stamp(v.window.Start), stamp(v.window.End)}
		}
		p.Items += v.items
		p.Pages = append(p.Pages, page)
	}
	return p
}

// why says why this call was made for a window and no other.
func (q *request) why(spec *connector.CallSpec) string {
	switch {
	case len(q.method.Calls) == 1:
		return "the only call"
	case spec.Fallback && spec.When.String() != "":
		return "the calls before it gave no record, and " + spec.When.String()
	case spec.Fallback:
		return "the calls before it gave no record"
	case spec.When.String() != "":
		return spec.When.String()
	}
	return "the first call that applies"
}
