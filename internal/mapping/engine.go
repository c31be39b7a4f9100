package mapping

import (
	"context"
	"sync/atomic"

	"github.com/meterbridge/meterbridge/internal/jq/core"
	"github.com/meterbridge/meterbridge/internal/mapping/native"
	"github.com/meterbridge/meterbridge/internal/record"
)

// maxStreak is how many items in a row may bail before gojq is given the rest of them. It is not the program that is given
// up but the data of one walk: another account's may be sane.
const maxStreak = 64

// engine is the compiled form of one resource's program. All programs that are made of one file share it.
type engine struct {
	code    *native.Code // nil where the program does not compile
	reasons []native.Reason
	items   atomic.Uint64 // that runners have given it which are closed
	faulty  atomic.Bool   // it did what jq does not
}

func newEngine(program core.Node, fields []*Field) *engine {
	code, reasons := native.Compile(program, len(roots), native.NewPlan(planned(fields), RemoteData, WarningField))
	return &engine{code: code, reasons: reasons}
}

// planned are the model's fields as a plan takes them.
func planned(fields []*Field) []native.Field {
	var out []native.Field
	for _, f := range fields {
		out = append(out, native.Field{Name: f.Name, Type: string(f.Type), Always: f.Always, Required: f.Required, Needs: f.Needs, Fields: planned(f.Fields)})
	}
	return out
}

// machine is one that runs the program, nil where gojq does.
func (e *engine) machine() *native.Machine {
	if e.code == nil || e.faulty.Load() {
		return nil
	}
	return e.code.Machine()
}

// Ran says who ran the items that a runner was given.
type Ran struct {
	Compiled    int // the compiled program
	Bailed      int // the compiled program, which left them to jq's machine
	Interpreted int // jq's machine, from the start
}

// Ran says who ran the items so far.
func (r *Runner) Ran() Ran { return r.ran }

// compiled is what the machine makes of the item; sure is false where gojq has to say what that is.
func (r *Runner) compiled(ctx context.Context) (sure bool, err error) {
	if r.machine == nil {
		r.ran.Interpreted++
		return false, nil
	}
	r.held = r.held[:0]
	if r.run(ctx) {
		r.ran.Compiled++
		r.streak = 0
		if len(r.held) > 0 {
			if err = r.refresh(); err == nil {
				err = r.lay(ctx, r.out, r.size)
			}
		}
		return true, err
	}
	r.ran.Bailed++
	if r.streak++; r.streak == maxStreak {
		r.rest()
	}
	return false, nil
}

// scan is the machine's, where there is one.
func (r *Runner) scan(window []byte, i int, eof bool) (end int, st record.Status) {
	if r.machine == nil {
		return 0, record.Bad
	}
	defer r.fallen()
	return r.machine.Scan(window, i, eof)
}

func (r *Runner) run(ctx context.Context) (sure bool) {
	defer r.fallen()
	if len(r.over) > 0 {
		return r.machine.Run(ctx, Budget(len(r.item)), r.hold)
	}
	return r.machine.Write(ctx, Budget(len(r.item)), r.out.Buf, r.take)
}

// keep is given an output that waits for the overrides.
func (r *Runner) keep(o native.Output) bool {
	m, ok := o.Any().(map[string]any)
	r.held = append(r.held, m)
	return ok
}

// taken adds the record at the end of b to the batch as append does, with what stands beside it. It leaves the reason why
// it can't to gojq's run.
func (r *Runner) taken(b []byte, remote, said native.Output) (_ []byte, ok bool) {
	out := r.out
	rec := record.Out{JSON: record.Span{Start: len(out.Buf), End: len(b)}, Remote: record.Span{Start: len(b), End: len(b)}}
	if !said.Null() {
		var err error
		if rec.Warning, err = warning(said.Any()); err != nil {
			return b, false
		}
	}
	if !remote.Null() {
		if b, ok = remote.AppendJSON(b); !ok {
			return b, false
		}
		rec.Remote.End = len(b)
	}
	if len(b)-r.size > MaxBatch {
		return b, false
	}
	out.Buf, out.Outs = b, append(out.Outs, rec)
	return b, true
}
