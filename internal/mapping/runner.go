package mapping

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/mapping/native"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

const (
	// BaseBudget is the time of an item, whatever its size. An item takes about a tenth of a millisecond; the rest is
	// for a machine whose cores are somebody else's, since the budget is a clock on the wall.
	BaseBudget = time.Second
	// BudgetPerMiB is what each MiB of an item adds.
	BudgetPerMiB = time.Second
	// MaxBatch bounds the bytes of one item's outputs.
	MaxBatch = jq.MaxEncoded
)

// Error is an item that a mapping could not read, or an output that the model does not take.
type Error struct {
	Resource string
	Layer    Layer
	Record   string // the id of the record that an override failed on
	Msg      string
	File     string
	Line     int // of the expression that failed or wrote the value, or of the resource's definition
	Col      int // the same; 0 where it is the definition of a mapping
	cause    error
}

func (e *Error) Error() string {
	if e.Layer != Base {
		return fmt.Sprintf("override of %s (%s): %s:%d:%d: record %s: %s", e.Resource, e.Layer, e.File, e.Line, e.Col, e.Record, e.Msg)
	}
	if e.Col > 0 {
		return fmt.Sprintf("mapping %s: %s:%d:%d: %s", e.Resource, e.File, e.Line, e.Col, e.Msg)
	}
	return fmt.Sprintf("mapping %s: %s:%d: %s", e.Resource, e.File, e.Line, e.Msg)
}

func (e *Error) Unwrap() error { return e.cause }

// Runner runs one resource's program on one item after another: compiled, and where that is not sure, by gojq. It belongs
// to one goroutine.
type Runner struct {
	program *Program
	unit    *compiled
	machine *native.Machine // nil where gojq runs every item, and while paused
	paused  bool
	gojq    interpreter
	docs    [][]byte // of the roots, as they are bound
	item    []byte
	encoder jq.Encoder
	over    []*overRun
	held    []map[string]any // outputs of an item that wait for the overrides
	way     []onWay          // the same on their way through them
	out     *record.Batch    // that the machine writes to
	size    int              // of the batch before the item
	take    func(b []byte, remote, said native.Output) ([]byte, bool)
	hold    func(native.Output) bool
	checks  checks
	ran     Ran
	streak  int // of items that bailed
}

// Runner is a new runner of a resource, nil where the file does not define it. Close gives back what it has.
func (p *Program) Runner(resource string) *Runner {
	c := p.resources[resource]
	if c == nil {
		return nil
	}
	r := &Runner{program: p, unit: c, over: p.overRuns(resource), docs: make([][]byte, len(roots))}
	r.take, r.hold = r.taken, r.keep
	if !p.interpreted {
		r.machine = c.engine.machine()
	}
	return r
}

// Close ends the runner, which must not be used again.
func (r *Runner) Close() {
	r.unit.engine.items.Add(uint64(r.ran.Compiled))
	r.rest()
}

// Bind sets the roots for the items that follow. Roots that the file does not name are not decoded.
func (r *Runner) Bind(v *Vars) error {
	for i, text := range v.list() {
		if err := r.bind(i, text); err != nil {
			return err
		}
	}
	return nil
}

// BindParent sets $parent alone: of nested items it changes more often than the page does.
func (r *Runner) BindParent(text []byte) error { return r.bind(parentRoot, text) }

// bind keeps a root's document, which may be overwritten once the runner has it.
func (r *Runner) bind(i int, text []byte) error {
	if !r.program.mentions[i] || bytes.Equal(r.docs[i], text) {
		return nil
	}
	r.resume() // with what it was bound to
	r.gojq.stale = true
	var ok bool
	if r.machine != nil {
		if r.docs[i], ok = r.machine.Bind(i, text); ok {
			return nil
		}
	} else {
		r.docs[i] = bytes.Clone(text)
	}
	_, err := r.root(i)
	return err
}

// root is the value of a root for gojq, nil where there is none.
func (r *Runner) root(i int) (any, error) {
	if len(r.docs[i]) == 0 {
		return nil, nil
	}
	v, err := jq.Decode(r.docs[i])
	if err != nil {
		return nil, r.fail(err, fmt.Sprintf("%s: %v", roots[i], err))
	}
	return v, nil
}

// Scan finds the end of the item that starts at window[i], as record.Scan does, and remembers its bytes for Emit. They
// are not copied: the window must not change before Emit returns. Bind and BindParent may come between.
func (r *Runner) Scan(window []byte, i int, eof bool) (end int, st record.Status) {
	r.resume()
	if r.item = nil; r.unit.engine.faulty.Load() {
		r.machine = nil // another runner of the program has found out
	}
	i = record.SkipSpace(window, i)
	if end, st = r.scan(window, i, eof); r.machine == nil {
		end, st = record.Scan(window, i, eof)
	}
	if st == record.Done {
		r.item = window[i:end]
	}
	return end, st
}

var errNotScanned = errors.New("no item was scanned")

// Emit appends all outputs of the item that Scan found to the batch; on an error the batch is as it was.
func (r *Runner) Emit(out *record.Batch) error {
	return r.EmitContext(context.Background(), out)
}

// EmitContext is Emit with a context that can stop it.
func (r *Runner) EmitContext(ctx context.Context, out *record.Batch) error {
	if r.item == nil {
		return r.fail(errNotScanned, errNotScanned.Error())
	}
	r.out, r.size = out, len(out.Buf)
	outs := len(out.Outs)
	sure, err := r.compiled(ctx)
	if !sure {
		out.Buf, out.Outs = out.Buf[:r.size], out.Outs[:outs]
		err = r.interpret(ctx)
	}
	if err == nil && sure && r.due() {
		err = r.check(ctx, outs)
	}
	if err != nil {
		out.Buf, out.Outs = out.Buf[:r.size], out.Outs[:outs]
		return r.locate(ctx, r.fail(err, err.Error()))
	}
	return nil
}

// Budget is the time of an item of n bytes.
func Budget(n int) time.Duration {
	return BaseBudget + time.Duration(n)*BudgetPerMiB/(1<<20)
}

// append adds one record to the batch.
func (r *Runner) append(out *record.Batch, m map[string]any, size int) error {
	start := len(out.Buf)
	buf, err := appendRecord(out.Buf, r.unit.fields, m)
	if err != nil {
		return err
	}
	o := record.Out{JSON: record.Span{Start: start, End: len(buf)}, Remote: record.Span{Start: len(buf), End: len(buf)}}
	if o.Warning, err = warning(m[WarningField]); err != nil {
		return in(WarningField, err)
	}
	if remote := m[RemoteData]; remote != nil {
		if buf, err = r.encoder.AppendValue(buf, remote); err != nil {
			return in(RemoteData, &fieldError{"", err.Error()})
		}
		o.Remote.End = len(buf)
	}
	if len(buf)-size > MaxBatch {
		return fmt.Errorf("%w: the item's outputs have more than %d bytes", jq.ErrBudget, MaxBatch)
	}
	out.Buf, out.Outs = buf, append(out.Outs, o)
	return nil
}

// Add appends a record to the batch that is not the mapping's own, from its fields, in the model's form.
func (r *Runner) Add(out *record.Batch, fields map[string]any) error {
	if err := r.append(out, fields, len(out.Buf)); err != nil {
		return r.fail(err, err.Error())
	}
	return nil
}

// maxWarning bounds the message of a mapping's warning, which stands in a header too: what is longer is cut.
const maxWarning = 300

// warning reads what an output says beside its record.
func warning(v any) (*record.Warning, error) {
	if v == nil {
		return nil, nil
	}
	m, ok := v.(map[string]any)
	code, isCode := m["code"].(string)
	message, isText := m["message"].(string)
	switch {
	case !ok || len(m) != 2 || !isCode || !isText || message == "":
		return nil, wrong("an object of code and message, which are texts", v)
	case !slices.Contains(problem.MappingWarnings, code):
		return nil, &fieldError{"code", "is " + shown(code) + ", and must be one of " + strings.Join(problem.MappingWarnings, ", ")}
	case len(message) > maxWarning: // a provider's long name in it must not fail the record
		message = strings.ToValidUTF8(message[:maxWarning-len("…")], "") + "…"
	}
	return &record.Warning{Code: code, Message: message}, nil
}

func wrongOutput(v any) error {
	return fmt.Errorf("an output is %s, and must be an object", shown(v))
}

func (r *Runner) fail(cause error, msg string) *Error {
	if e := (*Error)(nil); errors.As(cause, &e) {
		return e // an override's, which knows its own place
	}
	return &Error{Resource: r.unit.name, Layer: Base, Msg: msg, File: r.program.src.File, Line: r.unit.line, cause: cause}
}
