package proxy

import (
	"os"

	"github.com/meterbridge/meterbridge/internal/problem"
)

// Limits of a spool.
const (
	maxSpoolMemory = 4 << 20 // beyond it items that wait go to a temporary file
	maxSpool       = 1 << 30
)

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
