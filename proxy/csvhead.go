package proxy

import (
	"bufio"
	"errors"
	"io"
	"strings"

	"github.com/meterbridge/meterbridge/internal/problem"
)

// maxPreamble bounds what stands before a table's header, with it.
const maxPreamble = 64 << 10

// preamble is a body from the line on whose first cell is the header's. The lines before need not be rows.
type preamble struct {
	in     *bufio.Reader
	header string
	comma  rune
	line   string // what is left of the header
	found  bool
}

func newPreamble(r io.Reader, header string, comma rune) *preamble {
	return &preamble{in: bufio.NewReader(r), header: header, comma: comma}
}

func (p *preamble) Read(b []byte) (int, error) {
	if !p.found {
		if err := p.seek(); err != nil {
			return 0, err
		}
		p.found = true
	}
	if p.line != "" {
		n := copy(b, p.line)
		p.line = p.line[n:]
		return n, nil
	}
	return p.in.Read(b)
}

func (p *preamble) seek() error {
	for left := maxPreamble; ; {
		var line strings.Builder
		for left >= 0 {
			c, err := p.in.ReadByte()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return err
			}
			line.WriteByte(c)
			if left--; c == '\n' {
				break
			}
		}
		switch {
		case left < 0:
			return problem.New(problem.UpstreamUnexpected, "the provider's table has no header that begins with %q within its first %d bytes", p.header, maxPreamble).AsRemote()
		case firstCell(line.String(), p.comma) == p.header:
			p.line = line.String()
			return nil
		case !strings.HasSuffix(line.String(), "\n"):
			return problem.New(problem.UpstreamUnexpected, "the provider's table has no header that begins with %q", p.header).AsRemote()
		}
	}
}

// firstCell is the first cell of a line.
func firstCell(line string, comma rune) string {
	line = strings.TrimRight(line, "\r\n")
	rest, quoted := strings.CutPrefix(line, `"`)
	if !quoted {
		cell, _, _ := strings.Cut(line, string(comma))
		return cell
	}
	var cell strings.Builder
	for {
		part, after, closed := strings.Cut(rest, `"`)
		cell.WriteString(part)
		if !closed || !strings.HasPrefix(after, `"`) {
			return cell.String()
		}
		cell.WriteByte('"')
		rest = after[1:]
	}
}
