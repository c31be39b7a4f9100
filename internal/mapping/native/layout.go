package native

// layout is the keys of objects that have the same ones in the same order; every such object of a machine has the same
// layout. It is found key by key, from the empty one on, and each remembers the key that came next the last time: where
// records resemble each other, which they do, a key costs one comparison of bytes. So a place in a program that reads a
// field remembers one layout and its column, and needs no look at the keys.
type layout struct {
	keys   []string // in order of appearance, decoded; what a prefix has in common is shared
	values []value  // the keys as texts
	last   *step    // the step that was taken the last time
	steps  map[string]*step
	byKey  map[string]int // made once somebody asks, where there are many keys
	byName []int          // columns in the order of their names; made once somebody asks
}

// step is what a further key makes of a layout. A key that it has already leads back to it, and to the column that it has.
type step struct {
	key    string
	to     *layout
	column int
}

// fewKeys is how many keys are searched one by one.
const fewKeys = 8

// column is the place of a key, or -1.
func (l *layout) column(key string) int {
	if len(l.keys) > fewKeys {
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
	for i, k := range l.keys {
		if k == key {
			return i
		}
	}
	return -1
}
