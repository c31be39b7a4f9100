package mappingtest

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/record"
)

// Pair runs one resource's program in both ways, on the same items and roots.
type Pair struct {
	compiled, interpreted *mapping.Runner
	out                   [2]record.Batch
	last                  [2]string // what the item before gave, which the memory of this one must not touch
	window                [2][]byte
}

// NewPair is a pair of a program's resource.
func NewPair(p *mapping.Program, resource string) *Pair {
	return newPair(p, p.Interpreted(), resource)
}

func newPair(p, other *mapping.Program, resource string) *Pair {
	return &Pair{compiled: p.Runner(resource), interpreted: other.Runner(resource)}
}

// Bind binds the roots of both; bound is false where neither takes them.
func (p *Pair) Bind(v *mapping.Vars) (bound bool, err error) {
	return p.both("binding the roots", func(r *mapping.Runner) error { return r.Bind(v) })
}

// BindParent binds the parent of both.
func (p *Pair) BindParent(text []byte) (bound bool, err error) {
	return p.both("binding the parent "+string(text), func(r *mapping.Runner) error { return r.BindParent(text) })
}

func (p *Pair) both(what string, do func(*mapping.Runner) error) (bool, error) {
	a, b := do(p.compiled), do(p.interpreted)
	return a == nil, differ(what, "", shown(a), shown(b))
}

// Result is what an item gave.
type Result uint8

// The results.
const (
	Malformed Result = iota // it is no item
	Empty                   // it gave no record, and no error
	Records
	Failed // an error
	Slow   // an error, for the time that it took, which no two runs share
)

// ErrDiffer is behind each difference.
var ErrDiffer = errors.New("compiled and interpreted differ")

// Item scans and runs the item that begins a window. The error is a difference.
func (p *Pair) Item(window []byte, eof bool) (Result, error) {
	var told [2]string
	var res [2]Result
	for i, r := range []*mapping.Runner{p.compiled, p.interpreted} {
		told[i], res[i] = p.run(i, r, window, eof)
		if told[i] == "" {
			return res[i], fmt.Errorf("%w: the records of the item before have changed", ErrDiffer)
		}
	}
	if res[0] == Slow || res[1] == Slow {
		return Slow, nil
	}
	return res[1], differ("the item gives", string(window), told[0], told[1])
}

// kept stands in a batch before each run.
const kept = "kept"

func (p *Pair) run(i int, r *mapping.Runner, window []byte, eof bool) (told string, res Result) {
	defer func() {
		if v := recover(); v != nil {
			told, p.out[i], p.last[i] = fmt.Sprintf("panic: %v\n%s", v, debug.Stack()), record.Batch{}, ""
		}
	}()
	out := &p.out[i]
	if out.Len() > 0 && tell(out, 0) != p.last[i] {
		return "", Malformed
	}
	out.Buf, out.Outs = append(out.Buf[:0], kept...), append(out.Outs[:0], record.Out{JSON: record.Span{End: len(kept)}})
	told, st := p.scan(i, r, window, eof)
	err := r.Emit(out)
	for j := range p.window[i] { // nothing may be left that points into it
		p.window[i][j] = '#'
	}
	switch {
	case st != record.Done:
		res = Malformed
	case errors.Is(err, context.DeadlineExceeded):
		res = Slow
	case err != nil:
		res = Failed
	case out.Len() > 1:
		res = Records
	default:
		res = Empty
	}
	p.last[i] = tell(out, 0)
	return told + tell(out, 0) + shown(err), res
}

// scan scans the item as it may lie in a window: alone, among others, or cut off at first while the rest is long in coming.
func (p *Pair) scan(i int, r *mapping.Runner, item []byte, eof bool) (told string, st record.Status) {
	before, after := "", ""
	switch len(item) % 4 {
	case 0:
		before, after = `[{"a":[1]}, `, ` ,{"b":2}, ["c`
	case 1:
		after = "\n{\"id\":"
	}
	p.window[i] = append(append(append(p.window[i][:0], before...), item...), after...)
	if len(item)%4 == 2 {
		end, st := r.Scan(p.window[i][:len(item)/2], 0, false)
		told = fmt.Sprintf("half scanned to %d: %v\n", end, st)
		r.Pause() // until the other half comes
	}
	end, st := r.Scan(p.window[i], len(before), eof)
	return told + fmt.Sprintf("scanned to %d: %v\n", end, st), st
}

func shown(err error) string {
	if err == nil {
		return ""
	}
	var e *mapping.Error
	if errors.As(err, &e) {
		return fmt.Sprintf("error of %s: %v", e.Record, e)
	}
	return fmt.Sprintf("%T: %v", err, err)
}

// tell writes down a batch from its i-th record on.
func tell(out *record.Batch, i int) string {
	var b strings.Builder
	b.Write(out.Buf[:min(len(kept), len(out.Buf))])
	fmt.Fprintf(&b, ", %d bytes\n", len(out.Buf))
	for ; i < out.Len(); i++ {
		fmt.Fprintf(&b, "%s\t%s", out.JSON(i), out.Remote(i))
		if w := out.Outs[i].Warning; w != nil {
			fmt.Fprintf(&b, "\twarning %q %q", w.Code, w.Message)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// differ is the error of two accounts of the same that are not the same.
func differ(what, of, compiled, interpreted string) error {
	if compiled == interpreted {
		return nil
	}
	return fmt.Errorf("%w: %s\n%s\n--- compiled\n%s\n--- interpreted\n%s", ErrDiffer, what, of, compiled, interpreted)
}

// Ran is how many items were run compiled, and how many of them were left to gojq.
func (p *Pair) Ran() (items, bails uint64) {
	r := p.compiled.Ran()
	return uint64(r.Compiled + r.Bailed), uint64(r.Bailed)
}

// Close gives back what the pair has.
func (p *Pair) Close() {
	p.compiled.Close()
	p.interpreted.Close()
}
