package proxy

import (
	"strings"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// nestedItems yields the elements of a list within each item of another reader, numbered through, and beside each of them the
// outer item, that list emptied.
type nestedItems struct {
	items
	in     jsonItems // the outer item that is open
	inside bool      // its list has more
	n      int64
}

func newNested(outer items, path string, scan record.Scanner) *nestedItems {
	return &nestedItems{items: outer, in: jsonItems{path: connector.SplitPath(path), absent: true, scanner: scan}}
}

func (s *nestedItems) Next() (record.Item, error) {
	for {
		if !s.inside {
			outer, err := s.items.Next()
			if err == nil {
				err = s.open(outer.Raw)
			}
			if err != nil {
				return record.Item{}, err
			}
			continue
		}
		raw, err := s.in.element()
		if err != nil {
			return record.Item{}, err
		}
		if s.inside = raw != nil; s.inside {
			s.n++
			return record.Item{Raw: raw, N: s.n - 1, Parent: s.in.env, Scanned: true}, nil
		}
	}
}

// Close lets go of the outer items.
func (s *nestedItems) Close() error {
	letGo(s.items)
	return nil
}

// open reads an outer item, which is in memory whole, for what stands beside its list, some of it behind, and goes back to
// the list.
func (s *nestedItems) open(outer []byte) error {
	if at := record.SkipSpace(outer, 0); at == len(outer) || outer[at] != '{' {
		return problem.New(problem.UpstreamUnexpected, "an item of the provider's is no object with a list at %q", strings.Join(s.in.path, ".")).AsRemote()
	}
	in := &s.in
	in.window, in.state, in.found, in.env, in.closes = window{buf: outer, eof: true}, stateStart, false, in.env[:0], in.closes[:0]
	if err := in.descend(); err != nil {
		return err
	}
	list := in.at
	if s.inside = in.state == stateFirst; s.inside {
		in.at, _ = record.Scan(outer, list-1, true)
	}
	if err := in.tail(); err != nil {
		return err
	}
	in.at, in.state = list, stateFirst
	return in.fault
}
