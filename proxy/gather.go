package proxy

import (
	"io"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// noItems is an answer that an errors rule of the connector reads as empty.
type noItems struct{}

func (noItems) Next() (record.Item, error) { return record.Item{}, io.EOF }
func (noItems) Envelope() []byte           { return nil }
func (noItems) Count() int64               { return 0 }

// document is an answer that is itself the one item.
type document struct {
	r    io.Reader
	scan record.Scanner
	all  []byte
}

func (d *document) Envelope() []byte { return d.all }
func (d *document) Count() int64     { return int64(min(len(d.all), 1)) }

func (d *document) Next() (record.Item, error) {
	if d.all != nil {
		return record.Item{}, io.EOF
	}
	body, err := io.ReadAll(io.LimitReader(d.r, maxItem+1))
	if err != nil {
		return record.Item{}, err
	}
	if len(body) > maxItem {
		return record.Item{}, problem.New(problem.UpstreamTooLarge, "the provider's answer is larger than %d bytes", maxItem).AsRemote()
	}
	at := record.SkipSpace(body, 0)
	end, st := d.scan(body, at, true)
	if st != record.Done || record.SkipSpace(body, end) < len(body) {
		return record.Item{}, corrupt("it is not one JSON document")
	}
	d.all = body
	return record.Item{Raw: body[at:end], Scanned: true}, nil
}

// whole makes one item, an array, of all items of a window, for mappings that compare items with each other.
type whole struct {
	items                       // of the page that is open
	next  func() (items, error) // opens the window's next page; io.EOF where there is none
	done  bool
}

func (g *whole) Next() (record.Item, error) {
	if g.done {
		return record.Item{}, io.EOF
	}
	all := []byte{'['}
	for {
		item, err := g.items.Next()
		if err == io.EOF {
			following, err := g.next()
			if err == io.EOF {
				break
			}
			if err != nil {
				return record.Item{}, err
			}
			letGo(g.items)
			g.items = following
			continue
		}
		if err != nil {
			return record.Item{}, err
		}
		if len(all) > 1 {
			all = append(all, ',')
		}
		if all = append(all, item.Raw...); len(all) > maxBuffered {
			return record.Item{}, problem.New(problem.UpstreamTooLarge, "this window must be read whole and is larger than %d bytes; ask for a shorter range", maxBuffered).AsRemote()
		}
	}
	g.done = true
	if len(all) == 1 {
		return record.Item{}, io.EOF
	}
	return record.Item{Raw: append(all, ']')}, nil
}

// Close lets go of what the open page holds.
func (g *whole) Close() error {
	letGo(g.items)
	return nil
}

// letGo closes the readers that hold more than memory.
func letGo(it items) {
	if held, ok := it.(io.Closer); ok {
		held.Close()
	}
}
