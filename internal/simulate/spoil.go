package simulate

import (
	"io"
	"net/http"
	"time"
)

// size is how many bytes a body has; writing one twice gives the same.
func size(body func(io.Writer) error) int {
	var n counter
	body(&n)
	return int(n)
}

type counter int

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}

// half passes on the first bytes and stops the writer then.
type half struct {
	to   io.Writer
	left int
}

func (h *half) Write(b []byte) (int, error) {
	n, err := h.to.Write(b[:min(len(b), h.left)])
	h.left -= n
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	return n, err
}

// slowly passes on a piece, waits, and goes on while the client is there.
type slowly struct {
	to    http.ResponseWriter
	r     *http.Request
	piece int
	delay time.Duration
}

func (s *slowly) Write(b []byte) (int, error) {
	done := 0
	for done < len(b) {
		n, err := s.to.Write(b[done:min(len(b), done+s.piece)])
		done += n
		if err != nil {
			return done, err
		}
		if err := http.NewResponseController(s.to).Flush(); err != nil {
			return done, err
		}
		if done < len(b) && !pause(s.r, s.delay) {
			return done, s.r.Context().Err()
		}
	}
	return done, nil
}

// pause waits, and says whether the client still does.
func pause(r *http.Request, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
		return false
	}
}
