package mapping

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/record"
)

// locate runs the mapping once more on an item that it failed on, watched, and gives the error the place of the
// expression at fault: the one that failed, or the key that wrote what the model does not take. An error that does not
// come again as it was, or that is the budget's, keeps the place of the definition.
func (r *Runner) locate(ctx context.Context, e *Error) error {
	if e.Layer != Base || errors.Is(e, jq.ErrBudget) || ctx.Err() != nil {
		return e
	}
	w, err := r.program.module.Watched(r.unit.name)
	if err != nil {
		return e
	}
	if r.refresh() != nil {
		return e
	}
	var refused map[string]any
	again := w.Run(ctx, Budget(len(r.item)), jq.DecodeScanned(r.item), r.gojq.vars, func(v any) error {
		m, ok := v.(map[string]any)
		if !ok {
			return wrongOutput(v)
		}
		err := r.append(&record.Batch{}, m, 0)
		if err != nil {
			refused = m
		}
		return err
	})
	if again == nil || bare(again) != bare(e.cause) {
		return e
	}
	place, ok := jq.Place{}, false
	if fe := (*fieldError)(nil); errors.As(again, &fe) && refused != nil {
		place, ok = writer(w, refused, fe.path)
	} else if refused == nil {
		place, ok = w.Failed()
	}
	if ok {
		e.File, e.Line, e.Col = place.File, place.Line, place.Col
	}
	return e
}

// bare is an error's text without the word that gojq puts before what a program raises.
func bare(err error) string { return strings.TrimPrefix(err.Error(), "error: ") }

// writer is where the value at a path of an output was written, charges[0].currency; of one that is not there the nearest
// that holds its place.
func writer(w *jq.Watched, output map[string]any, path string) (jq.Place, bool) {
	var at any = output
	var place jq.Place
	found := false
	for step := range strings.SplitSeq(strings.ReplaceAll(path, "[", ".["), ".") {
		if n, isIndex := strings.CutPrefix(step, "["); isIndex {
			i, err := strconv.Atoi(strings.TrimSuffix(n, "]"))
			list, _ := at.([]any)
			if err != nil || i >= len(list) {
				break
			}
			at = list[i]
			continue
		}
		m, _ := at.(map[string]any)
		value, ok := m[step]
		if !ok {
			break
		}
		if p, ok := w.Wrote(step, value); ok {
			place, found = p, true
		}
		at = value
	}
	return place, found
}
