package native

// memory is where a machine's values live: slabs that are emptied behind each item and kept. Nothing in it is freed on
// its own.
type memory struct {
	slab  []value   // the one that is being filled
	slabs [][]value // those that are full
	bytes []byte    // texts that were made, likewise
	full  [][]byte

	root    *layout // of the empty object
	layouts int     // made since the last reset

	used  int // bytes of values and texts of this item
	limit int // past it an item bails
}
