package proxy

import (
	"errors"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// Limits of one answer of the provider; docs/limits.md lists them.
const (
	maxItem      = 8 << 20  // one item
	maxEnvelope  = 1 << 20  // everything of a page beside its items
	maxBuffered  = 16 << 20 // items of a window that make one list (`unit: window`)
	maxCSVRecord = 1 << 20  // one row of a table
)

// items yields the elements of one answer. Next returns io.EOF only after the syntactic end of the body, so that a cut
// answer is an error and never a short one (I3).
type items interface {
	Next() (record.Item, error)
	// Envelope is the answer without its items, a JSON document; complete after io.EOF, nil where the format has none.
	Envelope() []byte
	// Count is how many elements the answer has where its items stand, as the provider counts them; complete after io.EOF.
	Count() int64
}

// cut turns the body's end in the middle of the document into the provider's fault.
func cut(err error) error {
	if errors.Is(err, errShort) {
		return problem.New(problem.UpstreamCorrupt, "the provider's answer is cut off").AsRemote()
	}
	return err
}

func corrupt(what string) error {
	return problem.New(problem.UpstreamCorrupt, "the provider's answer is malformed: %s", what).AsRemote()
}
