package proxy

import (
	"bytes"
	"fmt"
	"io"
	"slices"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// columnar makes an object of each item that is a list of values, by names that the answer has beside the items. Names
// that come behind the items let them wait. A page without names has those of the window's first page.
type columnar struct {
	items
	body    *jsonItems
	spec    *connector.Columns
	carried []byte   // the first page's names as a JSON list
	keys    [][]byte // `"name":`, nil until they are known
	names   []byte   // the page's names as a JSON list
	buf     []byte
}

func newColumnar(body *jsonItems, spec *connector.Columns, carried []byte) *columnar {
	return &columnar{items: body, body: body, spec: spec, carried: carried}
}

func (c *columnar) Next() (record.Item, error) {
	item, err := c.items.Next()
	if err == io.EOF {
		return item, c.end()
	}
	if err == nil && c.keys == nil {
		item, err = c.begin(item)
	}
	if err != nil {
		return record.Item{}, err
	}
	return c.object(item)
}

// Close lets go of items that wait.
func (c *columnar) Close() error {
	letGo(c.items)
	return nil
}

// begin finds the names, at the latest behind all items, and gives the first item again.
func (c *columnar) begin(first record.Item) (record.Item, error) {
	names := gjson.GetBytes(c.body.sofar(), c.spec.Names)
	if !names.Exists() && len(c.carried) > 0 {
		return first, c.use(gjson.ParseBytes(c.carried), "")
	}
	if names.Exists() {
		return first, c.use(names, c.spec.Name)
	}
	wait := &held{items: c.body}
	c.items = wait
	if err := wait.keep(first); err != nil {
		return first, err
	}
	again, err := wait.Next()
	if err != nil {
		return again, err
	}
	if names = gjson.GetBytes(c.body.Envelope(), c.spec.Names); !names.Exists() {
		return again, problem.New(problem.UpstreamUnexpected, "the provider's answer has no names of columns at %q", c.spec.Names).AsRemote()
	}
	return again, c.use(names, c.spec.Name)
}

// use takes a list of names into use.
func (c *columnar) use(list gjson.Result, path string) error {
	names, err := columnNames(list, path)
	if err != nil {
		return err
	}
	c.keys, c.names = [][]byte{}, []byte{'['}
	for i, name := range names {
		if i > 0 {
			c.names = append(c.names, ',')
		}
		c.names = quote(c.names, name)
		c.keys = append(c.keys, append(quote(nil, name), ':'))
	}
	c.names = append(c.names, ']')
	return nil
}

// columnNames reads a list of names.
func columnNames(list gjson.Result, path string) (names []string, err error) {
	if !list.IsArray() {
		return nil, problem.New(problem.UpstreamUnexpected, "the names of the provider's columns are no list").AsRemote()
	}
	seen := map[string]bool{}
	list.ForEach(func(_, e gjson.Result) bool {
		if path != "" {
			e = e.Get(path)
		}
		switch {
		case e.Type != gjson.String:
			err = problem.New(problem.UpstreamUnexpected, "the provider's column %d has no name", len(names)+1).AsRemote()
		case seen[e.Str]:
			err = corrupt("the column " + clip(e.Str, 80) + " stands twice")
		}
		seen[e.Str] = true
		names = append(names, e.Str)
		return err == nil
	})
	return names, err
}

// object makes an object of a row.
func (c *columnar) object(item record.Item) (record.Item, error) {
	row := gjson.ParseBytes(item.Raw)
	if !row.IsArray() {
		return item, problem.New(problem.UpstreamUnexpected, "an item of the provider's is no list of values").AsRemote()
	}
	b, n := append(c.buf[:0], '{'), 0
	row.ForEach(func(_, v gjson.Result) bool {
		if n < len(c.keys) {
			if n > 0 {
				b = append(b, ',')
			}
			b = append(append(b, c.keys[n]...), v.Raw...)
		}
		n++
		return true
	})
	if c.buf = append(b, '}'); n != len(c.keys) {
		return item, corrupt(fmt.Sprintf("a row has %d values, and there are %d columns", n, len(c.keys)))
	}
	item.Raw, item.Scanned = c.buf, false
	return item, nil
}

// end looks at what the whole answer says: a page without items has names too, and names that came behind the items must
// be those that were used.
func (c *columnar) end() error {
	list := gjson.GetBytes(c.body.Envelope(), c.spec.Names)
	if !list.Exists() {
		return io.EOF
	}
	if c.keys == nil {
		if err := c.use(list, c.spec.Name); err != nil {
			return err
		}
		return io.EOF
	}
	used := slices.Clone(c.names)
	if err := c.use(list, c.spec.Name); err != nil {
		return err
	}
	if !bytes.Equal(used, c.names) {
		return problem.New(problem.UpstreamUnexpected, "the provider's columns have other names behind the items than on the first page").AsRemote()
	}
	return io.EOF
}

// maxCarriedNames bounds the names that a cursor carries to the window's further pages.
const maxCarriedNames = 2 << 10

// carry is the position's carry with the names in it, for the pages that lack them.
func (c *columnar) carry(facts []byte) []byte {
	if c == nil || len(c.names) == 0 || len(c.names) > maxCarriedNames || gjson.GetBytes(facts, carriedNames).Exists() {
		return facts
	}
	out := append([]byte(`{"`+carriedNames+`":`), c.names...)
	if rest := bytes.TrimSpace(facts); len(rest) > len("{}") {
		return append(append(out, ','), rest[1:]...)
	}
	return append(out, '}')
}

// carriedNames is the fact of a window's first page that holds its columns.
const carriedNames = "columns"
