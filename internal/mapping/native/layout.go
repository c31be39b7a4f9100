package native

import "strings"

const (
	// maxKeys bounds the keys of a layout that is found in the tree.
	maxKeys = 256
	// maxSteps bounds the keys that may follow one layout in the tree, and maxFirst those that may come first.
	maxSteps = 32
	maxFirst = 512
	// maxLayouts bounds the layouts of a tree, and maxKeyBytes their keys.
	maxLayouts  = 4096
	maxKeyBytes = 256 << 10
	// fewKeys is how many keys, or steps, are searched one by one.
	fewKeys = 8
	// layoutsAtOnce and keysAtOnce are how many are made of those outside the tree.
	layoutsAtOnce = 16
	keysAtOnce    = 256
)

// layout is the keys of objects that have the same ones in the same order; every such object of a machine has the same
// layout. It is found key by key, from the empty one on, and each remembers the key that came next the last time: where
// records resemble each other, which they do, a key costs one comparison of bytes. So a place in a program that reads a
// field remembers one layout and its column, and needs no look at the keys.
//
// Objects whose keys are data and not a shape, such as ids, would make a layout each: those that have too many keys, or
// keys where many others came before, have a layout of their own that no other object has and that dies with them.
type layout struct {
	keys      []string // in order of appearance, decoded; what a prefix has in common is shared
	values    []value  // the keys as texts
	last      *step    // the step that was taken the last time
	steps     []*step
	byStep    map[string]*step // the steps again, where there are many
	tree      *tree            // nil for one of its own
	lasting   bool             // it has none, and outlives the item: a constant's, or of what is kept for a page
	byKey     map[string]int   // made once somebody asks, where there are many keys
	byName    []int            // columns in the order of their names; made once somebody asks
	spellings []spelling       // its keys in JSON; made once somebody asks
	merges    []*merger        // with which layouts it was merged
	writings  []*writing       // how its objects are written
	overlays  []*overlay       // how others are written over its objects
	grown     bool             // another layout has this one's keys and more, in the same memory
}

// step is what a further key makes of a layout. A key that it has already leads back to it, and to the column that it has.
type step struct {
	fast   pattern
	to     *layout
	key    string
	column int

	// What a scan met the last time in the value of the key, or in the elements of it.
	first    *step // of its object
	columns  int   // of its object
	elements int   // of its array
	inner    int   // of the arrays in its array
}

// tree is the layouts of a machine.
type tree struct {
	root    *layout
	layouts int
	bytes   int
	full    bool // it takes no further layouts and is to be begun anew
}

func newTree() *tree {
	t := &tree{}
	t.root = &layout{tree: t}
	return t
}

// step is the step that a key takes from a layout, nil where the tree has none and takes no more.
func (t *tree) step(l *layout, key string) *step {
	if s := l.find(key); s != nil {
		l.last = s
		return s
	}
	if l.tree == nil {
		return nil
	}
	if l.tree != t { // it is from a tree before this one
		if l = t.layoutOf(l.keys); l == nil {
			return nil
		}
		return t.step(l, key)
	}
	return t.grow(l, key)
}

// find is the step that was taken before.
func (l *layout) find(key string) *step {
	if l.last != nil && l.last.key == key {
		return l.last
	}
	if l.byStep != nil {
		return l.byStep[key]
	}
	for _, s := range l.steps {
		if s.key == key {
			return s
		}
	}
	return nil
}

func (t *tree) grow(l *layout, key string) *step {
	most := maxSteps
	if l == t.root {
		most = maxFirst
	}
	if len(l.steps) >= most || len(l.keys) >= maxKeys {
		return nil
	}
	if t.layouts >= maxLayouts || t.bytes+len(key) > maxKeyBytes {
		t.full = true
		return nil
	}
	s := &step{column: l.scan(key)}
	if s.column >= 0 {
		s.key, s.to = l.keys[s.column], l
	} else {
		t.layouts++
		t.bytes += len(key)
		s.key, s.column = strings.Clone(key), len(l.keys)
		s.to = l.child(s.key)
	}
	if s.fast = noPattern; s.to != l {
		s.fast = patternOf(s.key)
	}
	l.steps, l.last = append(l.steps, s), s
	if l.byStep != nil {
		l.byStep[s.key] = s
	} else if len(l.steps) > fewKeys {
		l.byStep = make(map[string]*step, 2*fewKeys)
		for _, s := range l.steps {
			l.byStep[s.key] = s
		}
	}
	return s
}

// child is the layout with one key more. The first child goes on in the memory of its parent's keys.
func (l *layout) child(key string) *layout {
	keys, values := l.keys, l.values
	if l.grown {
		keys, values = keys[:len(keys):len(keys)], values[:len(values):len(values)]
	}
	l.grown = true
	return &layout{keys: append(keys, key), values: append(values, keyText(key)), tree: l.tree}
}

// layoutOf is the layout of keys, none of which repeats; nil where the tree takes no more.
func (t *tree) layoutOf(keys []string) *layout {
	l := t.root
	for _, k := range keys {
		s := t.step(l, k)
		if s == nil {
			return nil
		}
		l = s.to
	}
	return l
}

// layoutOf is the layout of keys, none of which repeats.
func (m *memory) layoutOf(keys []string) *layout {
	if l := m.tree.layoutOf(keys); l != nil {
		return l
	}
	return m.own(keys)
}

// own is a layout outside the tree. It keeps the keys.
func (m *memory) own(keys []string) *layout {
	values := m.values(len(keys))
	for i, k := range keys {
		values[i] = keyText(k)
	}
	if len(m.layouts) == 0 {
		m.layouts = make([]layout, layoutsAtOnce)
	}
	l := &m.layouts[0]
	m.layouts = m.layouts[1:]
	l.keys, l.values = keys, values
	return l
}

// names is an empty list with room for n keys of a layout outside the tree. Neither is ever used anew: a place in a
// program may still hold the layout, and must not take another for it.
func (m *memory) names(n int) []string {
	if n > len(m.keys) {
		m.keys = make([]string, max(n, keysAtOnce))
	}
	keys := m.keys[:0:n]
	m.keys = m.keys[n:]
	return keys
}

// column is the place of a key, or -1.
func (l *layout) column(key string) int {
	if len(l.keys) <= fewKeys {
		return l.scan(key)
	}
	if l.byKey == nil {
		l.byKey = make(map[string]int, len(l.keys))
		for i, k := range l.keys {
			l.byKey[k] = i
		}
	}
	if i, ok := l.byKey[key]; ok {
		return i
	}
	return -1
}

func (l *layout) scan(key string) int {
	for i, k := range l.keys {
		if k == key {
			return i
		}
	}
	return -1
}
