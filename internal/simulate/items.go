package simulate

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// item is one element of an answer's dated items.
type item struct {
	gap  string // white space before it
	tpl  template
	date date
}

// dated is a body with items: what stands before them, they, and what stands after.
type dated struct {
	head, tail template
	list       []item
	comma      string // between items
}

// rawItem is an item before its text is cut: its place in the body and the marks in it, relative to the body.
type rawItem struct {
	start, end int
	marks      []mark
	date       *date
}

// shape says where the items are and what in them has a meaning.
type shape struct {
	items, date, id string
	counts          []string // paths of dates that are numbers
}

// read finds a date at a path: written out, or a number where the cassette says that it is one.
func (sh shape) read(path, text string) (date, bool) {
	if slices.Contains(sh.counts, path) {
		return readCount(text)
	}
	return readDate(text)
}

// newDated finds the items of a body. Errors carry a line relative to the body.
func newDated(body []byte, sh shape, known func(name, arg string) bool) (*dated, error) {
	read, comma := jsonItems, ","
	switch sh.items {
	case "csv":
		read, comma = csvItems, ""
	case "ndjson":
		read, comma = lineItems, ""
	}
	raws, open, err := read(body, sh)
	if err != nil {
		return nil, err
	}
	d := &dated{comma: comma, head: newTemplate(body[:open], nil, known)}
	at := open
	for _, r := range raws {
		if r.date == nil {
			return nil, &posError{line: lineAt(body, r.start, 0), text: fmt.Sprintf("the item has no date at %s", sh.date)}
		}
		for i := range r.marks {
			r.marks[i].start -= r.start
			r.marks[i].end -= r.start
		}
		d.list = append(d.list, item{
			gap:  strings.Replace(string(body[at:r.start]), ",", "", 1),
			tpl:  newTemplate(body[r.start:r.end], r.marks, known),
			date: *r.date,
		})
		at = r.end
	}
	d.tail = newTemplate(body[at:], nil, known)
	return d, nil
}

// jsonWalk reads a JSON body once and keeps offsets.
type jsonWalk struct {
	body  []byte
	dec   *json.Decoder
	shape shape
	items []rawItem
	open  int // after the array's bracket; 0 until it is found
	in    *rawItem
}

func jsonItems(body []byte, sh shape) ([]rawItem, int, error) {
	w := &jsonWalk{body: body, dec: json.NewDecoder(bytes.NewReader(body)), shape: sh}
	w.dec.UseNumber()
	if err := w.value(nil); err != nil {
		if pe := (*posError)(nil); errors.As(err, &pe) {
			return nil, 0, err
		}
		return nil, 0, &posError{line: lineAt(body, int(w.dec.InputOffset()), 0), text: err.Error()}
	}
	if w.open == 0 {
		return nil, 0, &posError{text: fmt.Sprintf("the body has no array at %s", sh.items)}
	}
	return w.items, w.open, nil
}

func (w *jsonWalk) value(path []string) error {
	tok, err := w.dec.Token()
	if err != nil {
		return err
	}
	end := int(w.dec.InputOffset())
	switch tok {
	case json.Delim('{'):
		for w.dec.More() {
			key, err := w.dec.Token()
			if err != nil {
				return err
			}
			if err := w.value(append(slices.Clip(path), fmt.Sprint(key))); err != nil {
				return err
			}
		}
		_, err = w.dec.Token()
		return err
	case json.Delim('['):
		isItems := w.in == nil && (strings.Join(path, ".") == w.shape.items || w.shape.items == "." && len(path) == 0)
		if isItems && w.open > 0 {
			return &posError{line: lineAt(w.body, end, 0), text: "a second array at " + w.shape.items}
		}
		if isItems {
			w.open = end
		}
		for i := 0; w.dec.More(); i++ {
			if isItems {
				err = w.element()
			} else {
				err = w.value(append(slices.Clip(path), fmt.Sprint(i)))
			}
			if err != nil {
				return err
			}
		}
		_, err = w.dec.Token()
		return err
	}
	if w.in != nil {
		return w.leaf(strings.Join(path, "."), tok, end)
	}
	return nil
}

func (w *jsonWalk) element() error {
	from := int(w.dec.InputOffset())
	brace := bytes.IndexAny(w.body[from:], "{[")
	if brace < 0 || len(bytes.Trim(w.body[from:from+brace], ", \t\r\n")) > 0 {
		return &posError{line: lineAt(w.body, from, 0), text: "an item is neither an object nor an array"}
	}
	w.in = &rawItem{start: from + brace}
	if err := w.value(nil); err != nil {
		return err
	}
	w.in.end = int(w.dec.InputOffset())
	w.items = append(w.items, *w.in)
	w.in = nil
	return nil
}

func (w *jsonWalk) leaf(path string, tok json.Token, end int) error {
	s, isString := tok.(string)
	if path == w.shape.id && w.shape.id != "" && tok != nil {
		if !isString {
			return &posError{line: lineAt(w.body, end, 0), text: fmt.Sprintf("%s is not a string: only a string id can get a suffix", path)}
		}
		w.in.marks = append(w.in.marks, mark{start: end - 1, end: end - 1, kind: idEnd})
		return nil
	}
	if isString {
		end--
	} else if n, ok := tok.(json.Number); ok && slices.Contains(w.shape.counts, path) {
		s = n.String()
	} else {
		return nil
	}
	start := end - len(s)
	if start < 0 || string(w.body[start:end]) != s { // with escapes in it, it is no date
		return nil
	}
	if d, ok := w.shape.read(path, s); ok {
		w.in.marks = append(w.in.marks, mark{start: start, end: end, kind: aDate, date: d})
		if path == w.shape.date {
			w.in.date = &d
		}
	}
	return nil
}

// lineItems reads a body of one document a line.
func lineItems(body []byte, sh shape) ([]rawItem, int, error) {
	var items []rawItem
	for at := 0; at < len(body); {
		n := bytes.IndexByte(body[at:], '\n') + 1
		if n == 0 {
			n = len(body) - at
		}
		if len(bytes.TrimSpace(body[at:at+n])) > 0 {
			line := slices.Concat([]byte("["), body[at:at+n], []byte("]"))
			found, _, err := jsonItems(line, shape{items: ".", date: sh.date, id: sh.id, counts: sh.counts})
			if pe := (*posError)(nil); errors.As(err, &pe) {
				return nil, 0, &posError{line: lineAt(body, at, 0), text: pe.text}
			}
			it := found[0]
			for i := range it.marks {
				it.marks[i].start += at - 1
				it.marks[i].end += at - 1
			}
			it.start, it.end = at+it.start-1, at+n // the line's end belongs to it
			items = append(items, it)
		}
		at += n
	}
	return items, 0, nil
}

func csvItems(body []byte, sh shape) ([]rawItem, int, error) {
	skip := len(body) - len(bytes.TrimPrefix(body, []byte("\ufeff")))
	r := csv.NewReader(bytes.NewReader(body[skip:]))
	fail := func(err error) ([]rawItem, int, error) {
		var pe *csv.ParseError
		if errors.As(err, &pe) {
			return nil, 0, &posError{line: pe.Line - 1, text: pe.Err.Error()}
		}
		return nil, 0, &posError{text: err.Error()}
	}
	header, err := r.Read()
	if err != nil {
		return fail(err)
	}
	dateCol, idCol := slices.Index(header, sh.date), slices.Index(header, sh.id)
	if dateCol < 0 {
		return nil, 0, &posError{text: fmt.Sprintf("the CSV has no column %q", sh.date)}
	}
	if sh.id != "" && idCol < 0 {
		return nil, 0, &posError{text: fmt.Sprintf("the CSV has no column %q", sh.id)}
	}
	open := skip + int(r.InputOffset())
	var items []rawItem
	for start := open; ; {
		row, err := r.Read()
		if err == io.EOF {
			return items, open, nil
		}
		if err != nil {
			return fail(err)
		}
		it := rawItem{start: start, end: skip + int(r.InputOffset())}
		at := start // cells follow each other, so each is found after the one before
		for i, cell := range row {
			pos := bytes.Index(body[at:it.end], []byte(cell))
			if pos < 0 {
				continue // quotes inside a cell: no date and no id
			}
			pos += at
			at = pos + len(cell)
			if i == idCol {
				it.marks = append(it.marks, mark{start: at, end: at, kind: idEnd})
			} else if d, ok := sh.read(header[i], cell); ok {
				it.marks = append(it.marks, mark{start: pos, end: at, kind: aDate, date: d})
				if i == dateCol {
					it.date = &d
				}
			}
		}
		items = append(items, it)
		start = it.end
	}
}
