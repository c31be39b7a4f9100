package mapping

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/record"
)

// CheckEvery is how many items a compiled mapping reads, unless somebody says otherwise, until jq's machine reads one of
// them too. The machine takes 25 times as long, so that this costs a quarter of a percent.
const CheckEvery = 10_000

// Checked is what became of an item that a compiled mapping and jq's machine have both read, or of one that the compiled
// mapping fell over. It says where the mapping stands and has nothing of the item.
type Checked struct {
	File  string
	Line  int    // of the resource's definition
	Same  bool   // both made the same of it
	Panic string // what the compiled mapping fell over, "" where it did not
}

// checks hold a compiled mapping to jq's machine while it serves.
type checks struct {
	every uint64
	since uint64 // items of the program that others had read before
	told  func(Checked)
	buf   []byte
	outs  []record.Out
}

// Check has jq's machine read one of so many items too, 0 for none, and tells what became of it. Where the two make
// something else of an item, the machine's is served, and the machine reads all that follow.
func (r *Runner) Check(every uint64, told func(Checked)) {
	r.checks.every, r.checks.since, r.checks.told = every, r.unit.engine.items.Load(), told
}

func (r *Runner) tellChecked(same bool, panicked string) {
	if r.checks.told != nil {
		r.checks.told(Checked{File: r.program.src.File, Line: r.unit.line, Same: same, Panic: panicked})
	}
}

// due says that the item is one to be checked.
func (r *Runner) due() bool {
	return r.checks.every > 0 && r.program.tried == nil && (r.checks.since+uint64(r.ran.Compiled))%r.checks.every == 0
}

// check gives the item to jq's machine too, and leaves in the batch what that makes of it.
func (r *Runner) check(ctx context.Context, outs int) error {
	c, out := &r.checks, r.out
	c.buf = append(c.buf[:0], out.Buf[r.size:]...)
	c.outs = append(c.outs[:0], out.Outs[outs:]...)
	out.Buf, out.Outs = out.Buf[:r.size], out.Outs[:outs]
	err := r.interpret(ctx)
	if errors.Is(err, jq.ErrBudget) || ctx.Err() != nil { // it was too slow, which says nothing
		out.Buf, out.Outs = append(out.Buf[:r.size], c.buf...), append(out.Outs[:outs], c.outs...)
		return ctx.Err()
	}
	same := err == nil && bytes.Equal(out.Buf[r.size:], c.buf) && sameOuts(out.Outs[outs:], c.outs)
	r.tellChecked(same, "")
	if !same {
		r.giveUp()
	}
	return err
}

func sameOuts(a, b []record.Out) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		x, y := a[i].Warning, b[i].Warning
		if a[i].JSON != b[i].JSON || a[i].Remote != b[i].Remote || (x == nil) != (y == nil) || x != nil && *x != *y {
			return false
		}
	}
	return true
}

// giveUp leaves the program to jq's machine from now on.
func (r *Runner) giveUp() {
	r.unit.engine.faulty.Store(true)
	r.machine = nil // which is not used again
}

// fallen catches what a compiled mapping falls over, which must not end the process: its item is the machine's, and so are
// all that follow. What it had is not used again.
func (r *Runner) fallen() {
	if v := recover(); v != nil {
		r.giveUp()
		r.tellChecked(false, fmt.Sprint(v))
	}
}
