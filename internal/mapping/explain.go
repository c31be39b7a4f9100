package mapping

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/meterbridge/meterbridge/internal/jq"
)

// Limits of an explanation, which runs the mapping again and again.
const (
	maxExplainRuns    = 20_000          // runs of a mapping for one explanation
	ExplainTimeout    = 5 * time.Second // time of one explanation; what is not known by then is left out, and it says so
	maxExplainOutputs = 20              // records of one item that are explained
	maxSources        = 8               // sources of a field that are named one by one; past it those of a list are one
	maxUnread         = 200             // unread fields that are named
)

// Explanation says where the records of one item come from.
type Explanation struct {
	Input   json.RawMessage   `json:"input"`
	Records []ExplainedRecord `json:"records"`
	Shapes  []string          `json:"shapes"`            // the input that decides how many records there are, or whether the mapping fails
	Partial bool              `json:"partial,omitempty"` // it was stopped at a limit: a source may be missing
}

// ExplainedRecord is a record, and the source of each of its values.
type ExplainedRecord struct {
	Output json.RawMessage `json:"output"`
	Fields []FieldSource   `json:"fields"`
}

// FieldSource is where a value of a record comes from.
type FieldSource struct {
	Field string          `json:"field"` // charges[0].amount
	Value json.RawMessage `json:"value"`
	From  []string        `json:"from"`  // paths of the item, or of a root: $query.preliminary_from; or "constant", or "unknown"
	Line  string          `json:"line"`  // where the mapping builds it: acme.jq:52
	Layer Layer           `json:"layer"` // base, environment or account: whose that is
}

const (
	Constant = "constant" // the source of a value that nothing in the input changes
	Unknown  = "unknown"  // that of one for which there was no time
)

// Explainer explains the items of one request: each value of the input is changed in turn, the mapping run again with
// the overrides over it, and what is different in the records came from there. The values of one group are changed
// together first, so that a group without any influence costs one run. It belongs to one goroutine.
type Explainer struct {
	unit     *compiled
	layers   []*dissected    // the mapping, and what lies over it from below
	over     []*overRun      // of the layers but the first
	refs     [][][]string    // what they read: of the item, and of the roots
	names    map[string]bool // that they look up in objects
	literals []string        // texts that stand in them
	words    []string        // those of them that a changed value keeps, the longest first
	taken    map[string]bool // texts of the input, which no other value may become
	vars     []any
	runs     int
	most     int // runs that it may have
	until    time.Time
	fields   map[string]*seen // of the provider's items, by their pattern
	order    []string
	items    int
}

// seen is what is known of a field of the provider's over several items.
type seen struct {
	read   bool
	tested bool
}

// Explainer starts an explanation that ends within a time. It is nil where the file does not define the resource.
func (p *Program) Explainer(resource string, within time.Duration) (*Explainer, error) {
	c := p.resources[resource]
	if c == nil {
		return nil, nil
	}
	if p.Apart(resource) {
		return nil, fmt.Errorf("explaining %s: an override that is untrusted runs apart, and can't be looked into", resource)
	}
	e := &Explainer{unit: c, over: p.overRuns(resource), refs: make([][][]string, len(roots)+1), names: map[string]bool{}, vars: make([]any, len(roots)),
		most: maxExplainRuns, until: time.Now().Add(within), taken: map[string]bool{}, fields: map[string]*seen{}}
	if _, err := e.dissect(Base, p.src, options(p.libs), resource); err != nil {
		return nil, err
	}
	for _, o := range e.over {
		d, err := e.dissect(o.layer, o.unit.src, overrideOptions(o.unit.code.Libs()), o.unit.def)
		if err != nil {
			return nil, err
		}
		o.session = d
	}
	slices.Sort(e.literals)
	for _, word := range e.literals {
		if len(word) > 1 {
			e.words = append(e.words, word)
		}
	}
	slices.SortStableFunc(e.words, func(a, b string) int { return len(b) - len(a) })
	return e, nil
}

// Bind sets the roots for the items that follow.
func (e *Explainer) Bind(v *Vars) error {
	for i, text := range v.list() {
		e.vars[i] = nil
		if len(text) == 0 || len(e.refs[i+1]) == 0 {
			continue
		}
		val, err := jq.Decode(text)
		if err != nil {
			return fmt.Errorf("explaining: %s: %w", roots[i], err)
		}
		e.vars[i] = val
	}
	return nil
}

// Item explains an item: of the records that it makes those with the given places.
func (e *Explainer) Item(ctx context.Context, raw []byte, places ...int) (*Explanation, error) {
	x, err := e.begin(ctx, raw, places)
	if err != nil {
		return nil, err
	}
	defer x.stop()
	x.own()
	x.locate()
	x.trace()
	e.note(x)
	out := &Explanation{Input: slices.Clone(raw), Records: []ExplainedRecord{}, Shapes: paths(x.shapes), Partial: x.cut || x.forest.cut}
	for _, r := range x.records {
		out.Records = append(out.Records, x.told(r))
	}
	return out, nil
}

// told is a record as an explanation shows it.
func (x *examined) told(r *explained) ExplainedRecord {
	rec := ExplainedRecord{Output: r.json, Fields: []FieldSource{}}
	for _, t := range r.targets {
		d := x.layers[t.built.layer]
		s := FieldSource{Field: t.field, Value: json.RawMessage(t.text), From: t.sources(), Line: fmt.Sprintf("%s:%d", d.file, d.anatomy.Line), Layer: d.layer}
		if k := x.key(t); k != nil {
			s.Line = fmt.Sprintf("%s:%d", k.File, k.Line)
		}
		if len(s.From) == 0 && x.cut && !x.literal(t) {
			s.From = []string{Unknown}
		} else if len(s.From) == 0 {
			s.From = []string{Constant}
		}
		rec.Fields = append(rec.Fields, s)
	}
	return rec
}

// Pass looks at an item for nothing but the fields of it that go unread.
func (e *Explainer) Pass(ctx context.Context, raw []byte) error {
	if e.spent() {
		return nil
	}
	x, err := e.begin(ctx, raw, nil)
	if err != nil {
		return err
	}
	defer x.stop()
	e.note(x)
	return nil
}

// note remembers which fields of an item are read. Of what the mapping reads as a part of something larger that is
// found by changing it wherever it stands in the item.
func (e *Explainer) note(x *examined) {
	e.items++
	asked := map[string][]int{}
	for i, l := range x.forest.leaves {
		if l.root > 0 {
			break
		}
		s := e.fields[l.pattern]
		if s == nil {
			s = &seen{}
			e.fields[l.pattern] = s
			e.order = append(e.order, l.pattern)
		}
		s.read = s.read || l.read == byName
		s.tested = s.tested || l.read == unread
		if l.read == within && !s.read {
			asked[l.pattern] = append(asked[l.pattern], i)
		}
	}
	for _, r := range x.records {
		for _, t := range r.targets {
			for _, l := range t.from {
				if s := e.fields[l.pattern]; s != nil && l.root == 0 {
					s.read = true
				}
			}
		}
	}
	for _, pattern := range slices.Sorted(maps.Keys(asked)) {
		s := e.fields[pattern]
		if s.read || x.spent() {
			continue
		}
		s.read, s.tested = x.any(asked[pattern]), true
	}
}

// Unread are the provider's fields that no record comes from, how many they are, and over how many items.
func (e *Explainer) Unread() (paths []string, n, over int) {
	paths = []string{}
	for _, path := range e.order {
		s := e.fields[path]
		if path == "" || s.read || !s.tested {
			continue
		}
		if n++; n <= maxUnread {
			paths = append(paths, path)
		}
	}
	return paths, n, e.items
}
