package proxy

import (
	"bytes"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/record"
)

// What the walk has to know of each record is found in its text. A mapping's output has the model's form: its id is the
// first member, there is no white space, no member before start_date has one of that name in it, and the quotes of a key
// stand in no text.
var (
	idKey      = []byte(`{"id":`)
	chargesKey = []byte(`"charges":[`)
	startKey   = []byte(`"start_date":"`)
)

const underscore = len(`"start`) // its place in startKey

// startDate is when a mapping's output starts, nil where it does not say. Of the key's bytes the underscore is the one
// that stands in few other places.
func startDate(json []byte) []byte {
	for i := 0; ; i++ {
		next := bytes.IndexByte(json[i:], '_')
		if next < 0 {
			return nil
		}
		i += next
		if from := i - underscore; from >= 0 && bytes.HasPrefix(json[from:], startKey) {
			at := json[from+len(startKey):]
			return at[:max(bytes.IndexByte(at, '"'), 0)]
		}
	}
}

// chargesOf is a mapping's output from its list of charges on, nil where it has none. No member before them has one of that
// name either.
func chargesOf(json []byte) []byte {
	if i := bytes.Index(json, chargesKey); i >= 0 {
		return json[i+len(chargesKey)-1:]
	}
	return nil
}

// holds says whether a record belongs to the page's window: the one that holds its start_date. Dates have one form, so
// that they compare as text.
func (pg *page) holds(json []byte) bool {
	if pg.hi == "" {
		return true
	}
	at := startDate(json)
	return len(at) == 0 || pg.lo <= string(at) && string(at) < pg.hi
}

// anchor is the hash of a record's id, never 0.
func anchor(json []byte) uint64 {
	if bytes.HasPrefix(json, idKey) {
		end, _ := record.Scan(json, len(idKey), true)
		return hash(json[len(idKey):end])
	}
	if id := gjson.GetBytes(json, "id"); id.Exists() { // of an item that passes unmapped
		return hash([]byte(id.Raw))
	}
	return hash(json) // it has no id that is known
}

// hash is FNV-1a, never 0.
func hash(b []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range b {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return max(h, 1)
}
