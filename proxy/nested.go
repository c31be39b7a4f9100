package proxy

import (
	"io"
	"strings"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// nestedItems yields the elements of a list within each item of another reader, numbered through, and beside each of them the
// outer item, that list emptied.
type nestedItems struct {
	items
	path   []string
	scan   record.Scanner // of the inner items
	in     *jsonItems     // the list that is open; nil between two outer items
	parent []byte
	n      int64
}

func newNested(outer items, path string, scan record.Scanner) *nestedItems {
	return &nestedItems{items: outer, path: connector.SplitPath(path), scan: scan}
}

func (s *nestedItems) Next() (record.Item, error) {
	for {
		if s.in == nil {
			outer, err := s.items.Next()
			if err != nil {
				return record.Item{}, err
			}
			if err := s.open(outer.Raw); err != nil {
				return record.Item{}, err
			}
		}
		item, err := s.in.Next()
		if err == io.EOF {
			s.in = nil
			continue
		}
		if err != nil {
			return record.Item{}, err
		}
		s.n++
		item.N, item.Parent = s.n-1, s.parent
		return item, nil
	}
}

// open reads an outer item once for what stands beside its list, some of it behind, and then anew for the list.
func (s *nestedItems) open(outer []byte) error {
	if at := record.SkipSpace(outer, 0); at == len(outer) || outer[at] != '{' {
		return problem.New(problem.UpstreamUnexpected, "an item of the provider's is no object with a list at %q", strings.Join(s.path, ".")).AsRemote()
	}
	beside := s.list(outer, record.Scan)
	for {
		if _, err := beside.Next(); err == io.EOF {
			break
		} else if err != nil {
			return err
		}
	}
	s.parent, s.in = beside.Envelope(), s.list(outer, s.scan)
	return nil
}

// list reads the list of an item that is in memory, and whole.
func (s *nestedItems) list(outer []byte, scan record.Scanner) *jsonItems {
	return &jsonItems{window: window{buf: outer, eof: true}, path: s.path, absent: true, scanner: scan}
}
