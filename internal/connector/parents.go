package connector

import (
	"slices"

	"github.com/tidwall/gjson"
	"go.yaml.in/yaml/v3"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// Parents says whose children a call asks for: the call is made once for each item of a list of its own. A position
// holds the parent that it is at, so that the call follows from the position alone.
type Parents struct {
	Request  `yaml:",inline"`
	ItemSpec `yaml:",inline"`
	Page     *Page    `yaml:"page" doc:"how to get to the next page"`
	Where    *Expr    `yaml:"where" scope:"item" doc:"a condition on the parent, which is the dot; the others are passed over"`
	Key      string   `yaml:"key" form:"path" need:"true" doc:"dotted path of the parent's id, by which a position finds it again"`
	Keep     []string `yaml:"keep" form:"path" doc:"dotted paths of what .parent and $parent have of it; the key where there are none"`
	Method   *Method  `yaml:"-"` // the same as a method, to plan its calls
}

// maxParent bounds what a position keeps of a parent.
const maxParent = 1 << 10

func (p *Parents) check(d *decoder, n *yaml.Node) {
	p.checkRequest(d, n)
	p.checkItems(d, n)
	call := &CallSpec{Request: p.Request, ItemSpec: p.ItemSpec, Page: p.Page, Unit: "item"}
	call.checkPlaces(d, n)
	p.Method = &Method{Calls: []*CallSpec{call}, purpose: "parents"}
	if len(p.Keep) == 0 && p.Key != "" {
		p.Keep = []string{p.Key}
	}
}

// checkParent holds a slot that reads .parent to what is kept of it.
func (d *decoder) checkParent(s *slot, r jq.Ref, line, col int) {
	switch {
	case s.call == nil || s.call.Parents == nil:
		d.addAt(line, col, "scope", "the call has no parents", "say with parents: whose children it asks for")
	case len(r.Path) > 1 && r.Path[1] != anyStep:
		var kept []string
		for _, path := range s.call.Parents.Keep {
			kept = append(kept, SplitPath(path)[0])
		}
		if !slices.Contains(kept, r.Path[1]) {
			d.addAt(line, col, "scope", ".parent does not keep "+clip(r.Path[1]), didYouMean(r.Path[1], kept, "add it to keep"))
		}
	}
}

// Scope is what the list of the parents is planned with: the children's window, and nothing that a caller asks of them.
func (p *Parents) Scope(s *Scope, w Range) *Scope {
	out := *s
	out.Window, out.Remote, out.PageSize, out.ID = w, nil, 0, ""
	return &out
}

// Narrow is what a position keeps of a parent, JSON of checked depth: nil where it is not wanted.
func (p *Parents) Narrow(item []byte) ([]byte, error) {
	if p.Where != nil {
		in, err := jq.Decode(item)
		if err != nil {
			return nil, problem.Wrap(problem.UpstreamCorrupt, err, "a parent is malformed").AsRemote()
		}
		switch ok, err := p.Where.holds(in); {
		case err != nil:
			return nil, problem.Wrap(problem.UpstreamUnexpected, err, "the condition of parents can't read one of them: %v", err).AsRemote()
		case !ok:
			return nil, nil
		}
	}
	key := firstText(item, []string{p.Key})
	if key == "" {
		return nil, problem.New(problem.UpstreamUnexpected, "a parent has no id at %s", p.Key).AsRemote()
	}
	kept := &doc{kind: '{'}
	for _, path := range p.Keep {
		if v := find(item, path); v.Exists() {
			if err := kept.place(SplitPath(path), []byte(v.Raw)); err != nil {
				return nil, err
			}
		}
	}
	out := append(jq.AppendString([]byte{'['}, key), ',')
	if out = append(kept.append(out), ']'); len(out) > maxParent {
		return nil, problem.New(problem.UpstreamTooLarge, "what is kept of the parent %s has more than %d bytes; keep less of it", clip(key), maxParent).AsRemote()
	}
	return out, nil
}

// ParentKey is the id of a position's parent, "" where it has none.
func ParentKey(p record.Position) string { return gjson.GetBytes(p.Parent, "0").String() }

// ParentJSON is what a position keeps of its parent, nil where it has none.
func ParentJSON(p record.Position) []byte {
	if r := gjson.GetBytes(p.Parent, "1"); r.Exists() {
		return []byte(r.Raw)
	}
	return nil
}

// parentOf is a position's parent for slots, nil where it has none.
func parentOf(p record.Position) any {
	if len(p.Parent) == 0 {
		return nil
	}
	if v, err := jq.Decode(ParentJSON(p)); err == nil {
		return v
	}
	return nil
}
