package proxy

import (
	"io"
	"os"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// Limits of what is gathered before a mapping may see it.
const (
	maxSpoolMemory = 4 << 20 // beyond it `latest` spools to a temporary file
	maxSpool       = 1 << 30
	maxLatestKeys  = 1 << 20
)

// noItems is an answer that an errors rule of the connector reads as empty.
type noItems struct{}

func (noItems) Next() (record.Item, error) { return record.Item{}, io.EOF }
func (noItems) Envelope() []byte           { return nil }
func (noItems) Count() int64               { return 0 }

// document is an answer that is itself the one item.
type document struct {
	r   io.Reader
	all []byte
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
	if !record.IsDocument(body) {
		return record.Item{}, corrupt("it is not one JSON document")
	}
	d.all = body
	return record.Item{Raw: body}, nil
}

// whole makes one item, an array, of all items of an answer, for mappings that compare items with each other.
type whole struct {
	items
	done bool
}

func (g *whole) Next() (record.Item, error) {
	if g.done {
		return record.Item{}, io.EOF
	}
	all := []byte{'['}
	for {
		item, err := g.items.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return record.Item{}, err
		}
		if len(all) > 1 {
			all = append(all, ',')
		}
		if all = append(all, item.Raw...); len(all) > maxBuffered {
			return record.Item{}, problem.New(problem.UpstreamTooLarge, "this answer must be read whole and is larger than %d bytes; ask for a shorter range", maxBuffered).AsRemote()
		}
	}
	g.done = true
	if len(all) == 1 {
		return record.Item{}, io.EOF
	}
	return record.Item{Raw: append(all, ']')}, nil
}

// latest lets only the last dated of the items with the same key pass. Which one that is shows at the answer's end, so
// the items wait in a spool: in memory while it is small, else in a temporary file. Only keys and places stay in memory.
type latest struct {
	items
	spec  *connector.Latest
	spool spool
	win   []place // survivors, in the provider's order
	ready bool
	n     int
	buf   []byte
}

type place struct {
	at   int64
	size int
	by   string
	dead bool
}

func (l *latest) Next() (record.Item, error) {
	if !l.ready {
		if err := l.gather(); err != nil {
			l.spool.close()
			return record.Item{}, err
		}
		l.ready = true
	}
	for ; l.n < len(l.win); l.n++ {
		p := l.win[l.n]
		if p.dead {
			continue
		}
		raw, err := l.spool.read(l.buf, p.at, p.size)
		if err != nil {
			return record.Item{}, err
		}
		l.buf = raw
		l.n++
		return record.Item{Raw: raw, N: int64(l.n - 1)}, nil
	}
	l.spool.close()
	return record.Item{}, io.EOF
}

// Close lets go of a spool that was not read to its end.
func (l *latest) Close() error {
	l.spool.close()
	return nil
}

func (l *latest) gather() error {
	last := map[string]int{} // key → its survivor in win
	for {
		item, err := l.items.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		at, err := l.spool.write(item.Raw)
		if err != nil {
			return err
		}
		p := place{at: at, size: len(item.Raw), by: gjson.GetBytes(item.Raw, l.spec.By).String()}
		key := l.key(item.Raw)
		if i, ok := last[key]; ok {
			if p.by < l.win[i].by {
				p.dead = true
			} else {
				l.win[i].dead = true
			}
		}
		if !p.dead {
			last[key] = len(l.win)
		}
		if l.win = append(l.win, p); len(l.win) > maxLatestKeys {
			return problem.New(problem.UpstreamTooLarge, "the provider's answer has more than %d items to compare; ask for a shorter range", maxLatestKeys).AsRemote()
		}
	}
}

// key is what versions of one fact have in common. A part that is absent, null or empty is the same: unknown.
func (l *latest) key(raw []byte) string {
	var b []byte
	for _, path := range l.spec.Key {
		b = append(append(b, gjson.GetBytes(raw, path).String()...), 0)
	}
	if l.spec.Month != "" {
		b = append(b, clipTo(gjson.GetBytes(raw, l.spec.Month).Str, len("2006-01"))...)
	}
	return string(b)
}

func clipTo(s string, n int) string { return s[:min(n, len(s))] }

// spool is bytes written once and read back by place.
type spool struct {
	mem  []byte
	file *os.File
	size int64
}

func (s *spool) write(b []byte) (int64, error) {
	at := s.size
	if s.size += int64(len(b)); s.size > maxSpool {
		return 0, problem.New(problem.UpstreamTooLarge, "the provider's answer is larger than %d bytes; ask for a shorter range", maxSpool).AsRemote()
	}
	if s.file == nil && s.size <= maxSpoolMemory {
		s.mem = append(s.mem, b...)
		return at, nil
	}
	if s.file == nil {
		f, err := os.CreateTemp("", "meterbridge-*")
		if err != nil {
			return 0, problem.Wrap(problem.Internal, err, "a large answer needs a temporary file, and none can be made; set TMPDIR to a folder that can be written")
		}
		os.Remove(f.Name()) // it lives as long as it is open
		if _, err = f.Write(s.mem); err != nil {
			f.Close()
			return 0, err
		}
		s.file, s.mem = f, nil
	}
	_, err := s.file.Write(b)
	return at, err
}

func (s *spool) read(buf []byte, at int64, size int) ([]byte, error) {
	if s.file == nil {
		return s.mem[at : at+int64(size)], nil
	}
	if cap(buf) < size {
		buf = make([]byte, size)
	}
	buf = buf[:size]
	_, err := s.file.ReadAt(buf, at)
	return buf, err
}

func (s *spool) close() {
	if s.file != nil {
		s.file.Close()
		s.file = nil
	}
}
