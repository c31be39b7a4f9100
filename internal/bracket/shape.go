package bracket

// shape is what the pairs seen so far make of one place in the query.
type shape struct {
	values uint8 // times that it was given a value itself
	items  uint8 // list items below it: each [] and each different index
	named  bool  // has named parts below it
	pushed bool  // has [] below it
}

// shapes are the shapes by the key that leads to them. A key's prefixes are slices of it and cost nothing.
type shapes map[string]shape

// add takes in a pair, or refuses the one that gives a place a second, contradicting shape: what a=1&a[b]=2 means is
// anybody's guess, and two parsers on the way of a request must not guess differently.
func (s shapes) add(p Pair) error {
	at := 0
	for i, part := range p.Path {
		at += len(part)
		if i > 0 {
			at += len("[]")
		}
		key := p.Key[:at]
		here := s[key]
		if i+1 == len(p.Path) {
			if here.named || here.items > 0 {
				return refuse(key, "is given both a value and parts")
			}
			if here.values++; here.values > MaxItems {
				return refuse(key, "is given more than %d times", MaxItems)
			}
			if part == "" { // each a[] is an item of its own, counted at a
				here.values = 1
			}
			s[key] = here
			return nil
		}
		if here.values > 0 {
			return refuse(key, "is given both a value and parts")
		}
		next := p.Path[i+1]
		switch {
		case next == "":
			here.pushed = true
			here.items++
		case isIndex(next):
			if _, met := s[p.Key[:at+len(next)+2]]; !met {
				here.items++
			}
		default:
			here.named = true
		}
		if here.items > MaxItems {
			return refuse(key, "has more than %d items", MaxItems)
		}
		if here.named && here.pushed {
			return refuse(key, "is both a list and an object")
		}
		s[key] = here
	}
	return nil
}
