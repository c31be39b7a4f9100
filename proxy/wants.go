package proxy

// wants are how many records a request may still ask of its walk. A request with a limit asks for no page ahead that it can
// do without: what is there, or under way, counts as many records as the items before gave.
type wants struct {
	most    int   // records that the request takes; -1: all
	byPage  bool  // it ends where one of the provider's pages does
	given   int   // records before the open page
	outputs int   // the most that one item has given
	size    int   // bytes of that item
	items   int64 // the most that one page has had
}

func (w *wants) all() bool     { return w.most < 0 && !w.byPage }
func (w *wants) limited() bool { return w.most >= 0 && !w.byPage }

// saw is told of a page's items.
func (w *wants) saw(items int64) { w.items = max(w.items, items) }

// more says whether one more page may be needed beyond what is there and under way.
func (w *wants) more(a *ahead) bool {
	switch {
	case w.all():
		return true
	case !a.open.seen || w.limited() && w.outputs == 0:
		return false // what is there is not known
	case w.byPage && w.given > 0:
		return false // of the open page only the first record is wanted
	}
	supply := a.open.items
	for _, pg := range a.pages {
		if pg.seen {
			supply += pg.items
		} else {
			supply += max(w.items, 1)
		}
	}
	if w.byPage {
		return supply == 0
	}
	return supply*int64(w.outputs) < int64(w.most-w.given)
}

// open says whether the open page is worth being looked through. Where it is likely to fill the request it is not: that costs
// as much as reading it.
func (w *wants) open(size int) bool {
	if !w.limited() {
		return true
	}
	return w.outputs > 0 && w.size > 0 && 2*(size/w.size+1)*w.outputs < w.most-w.given
}
