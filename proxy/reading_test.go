package proxy

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

// lateReader takes its time for each read.
type lateReader struct {
	r io.Reader
	d time.Duration
}

func (s lateReader) Read(b []byte) (int, error) {
	time.Sleep(s.d)
	return s.r.Read(b)
}

func TestResting(t *testing.T) {
	for _, c := range []struct {
		name  string
		takes time.Duration
		want  int
	}{
		{"soon", restAfter - 1, 0},
		{"late", restAfter + 1, 3},
		{"much later", time.Hour, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rested, reading := 0, false
				r := newResting(lateReader{iotest.OneByteReader(strings.NewReader("ab")), c.takes}, func() {
					if rested++; !reading {
						t.Error("outside of a read")
					}
				})
				for i := range 3 {
					reading = true
					n, err := r.Read(make([]byte, 8))
					reading = false
					if wantEOF := i == 2; n != 1 && !wantEOF || (err == io.EOF) != wantEOF {
						t.Errorf("read %d: %d, %v", i, n, err)
					}
					time.Sleep(2 * restAfter) // whoever maps for long is not waited for
				}
				if rested != c.want {
					t.Errorf("rested %d times, want %d", rested, c.want)
				}
			})
		})
	}
}
