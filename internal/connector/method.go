package connector

import (
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"
)

// Request is how to ask: method, path, query, headers and body.
type Request struct {
	GetPath  Template `yaml:"get" doc:"a GET of this path below base_url; a slot fills one escaped segment, or several where it gives a list"`
	PostPath Template `yaml:"post" doc:"a POST to this path below base_url"`
	Query    []Input  `yaml:"query" doc:"query parameters in order; null leaves one out, a list (of YAML, or that a slot gives) is written as arrays says"`
	Arrays   string   `yaml:"arrays" default:"repeat" enum:"repeat|brackets|indices|comma" doc:"how a list stands in the query and in a form: k=a&k=b, k[]=a&k[]=b, k[0]=a&k[1]=b, or k=a,b"`
	Headers  []Field  `yaml:"headers" doc:"request headers, never those of auth"`
	Body     *Body    `yaml:"body" doc:"the request's body: exactly one of json, form, graphql and text"`
	Auth     *Auth    `yaml:"auth" scope:"context" doc:"how this request is signed, in place of the connector's auth"`
}

// Input is one named value of a query or of a form.
type Input struct {
	Key   string `yaml:",key"`
	Value Values `yaml:",value"`
}

// Field is one named value of the headers.
type Field struct {
	Key   string   `yaml:",key"`
	Value Template `yaml:",value"`
}

// CallSpec is one call of a method.
type CallSpec struct {
	Name     string `yaml:"name" doc:"its name among several calls, seen by the mapping as $call.name"`
	When     *Expr  `yaml:"when" doc:"the call applies to a window for which this holds; the first that applies is made"`
	Fallback bool   `yaml:"fallback" doc:"made for a window for which the calls before it gave no record"`
	Request  `yaml:",inline"`
	Restates time.Duration `yaml:"restates" doc:"for how long the figures of this call still change, where it is not as long as the resource's"`
	Window   *WindowSpec   `yaml:"window" doc:"how the range is sliced; without it the whole range is one window, whose dates the mapping finds in $call.window"`
	ItemSpec `yaml:",inline"`
	Latest   *Latest           `yaml:"latest" doc:"of the items of one answer that share a key only the latest counts"`
	Unit     string            `yaml:"unit" default:"item" enum:"item|window" doc:"what the mapping gets at a time: one item, or all items of the window as one list"`
	Control  *ControlTotal     `yaml:"control_total" doc:"the provider's own total"`
	NoData   string            `yaml:"no_data" enum:"no_data_yet" doc:"the warning for a window without a record, where no fallback follows"`
	Page     *Page             `yaml:"page" doc:"how to get to the next page"`
	Carry    map[string]string `yaml:"carry" form:"path" doc:"facts of a window's first page, name: path, that slots of its later pages read as .carry.name"`
	Cost     int               `yaml:"cost" default:"1" doc:"how many calls of limits.rate this one counts as"`
	Parents  *Parents          `yaml:"parents" scope:"parents" doc:"whose children the call asks for: it is made for each of them, window by window"`
	Constant *Literal          `yaml:"constant" doc:"the items themselves, from the account's context and without a call: a list of objects of templates"`
	Job      *JobSpec          `yaml:"job" scope:"job" doc:"the call starts a job whose result carries the items"`
}

// Latest says which of several versions of an item counts.
type Latest struct {
	Key   []string `yaml:"key" form:"path" need:"true" doc:"dotted paths that together are the key"`
	Month string   `yaml:"month" form:"path" doc:"dotted path of a date whose month is a part of the key too"`
	By    string   `yaml:"by" form:"path" need:"true" doc:"dotted path of what is compared; the greatest wins"`
}

// Method is a resource's list or get: its calls, of which one is chosen for each window.
type Method struct {
	Calls   []*CallSpec
	purpose string
}

// Lookup is a side call that names things.
type Lookup struct {
	Name     string        `yaml:",key"`
	Key      string        `yaml:"key" doc:"the item's key for an object by key; without it the lookup is a list"`
	Cache    time.Duration `yaml:"cache" default:"1h" doc:"for how long its answer is kept"`
	Scope    string        `yaml:"scope" doc:"the provider's permission that it needs, named in the warning"`
	Request  `yaml:",inline"`
	ItemSpec `yaml:",inline"`
	Page     *Page   `yaml:"page" doc:"how to get to the next page"`
	Method   *Method `yaml:"-"` // the same as a method, to plan its calls
}

// methodForm is a method as it is written: one call, or several that share what stands beside them.
type methodForm struct {
	Calls    []CallSpec `yaml:"calls" doc:"several calls; what stands beside calls holds for each that does not say otherwise"`
	CallSpec `yaml:",inline"`
}

func (m *Method) decode(d *decoder, n *yaml.Node, f field) {
	m.purpose = f.key
	calls := d.at(n, "calls")
	if n.Kind != yaml.MappingNode || calls == n {
		m.call(d, n)
		return
	}
	if calls.Kind != yaml.SequenceNode || len(calls.Content) == 0 {
		d.add(calls, "type", "calls is a list of at least one call", "")
		return
	}
	names := map[string]bool{}
	for _, item := range calls.Content {
		if item.Kind != yaml.MappingNode {
			d.wrongType(item, "a call")
			continue
		}
		c := m.call(d, inherit(item, n))
		switch {
		case c.Name == "" && len(calls.Content) > 1:
			d.add(item, "missing", "one of several calls needs a name", "add name: …")
		case names[c.Name]:
			d.add(d.at(item, "name"), "duplicate", "a second call named "+c.Name, "give it another name")
		}
		names[c.Name] = true
	}
	if len(m.Calls) > 0 && m.Calls[0].Fallback {
		d.add(d.at(calls.Content[0], "fallback"), "value", "the first call can't be a fallback", "put the call that it follows before it")
	}
	if len(m.Calls) > maxCalls {
		d.add(calls, "limit", fmt.Sprintf("a method has at most %d calls", maxCalls), "")
	}
}

// call reads one call. Its slots know it, since what they may read of a parent is its to say.
func (m *Method) call(d *decoder, n *yaml.Node) *CallSpec {
	c := new(CallSpec)
	d.call = c
	d.into(n, c)
	d.call = nil
	m.Calls = append(m.Calls, c)
	if m.purpose == "list" {
		return c
	}
	for _, key := range []string{"parents", "constant"} {
		if at := d.key(n, key); at != n {
			d.add(at, "exclusive", key+" belongs to a list", "remove it")
		}
	}
	return c
}

// maxCalls is what a position's call index can hold, with room to spare.
const maxCalls = 64

// inherit is call with the keys of its method that it does not have itself.
func inherit(call, method *yaml.Node) *yaml.Node {
	own := map[string]bool{"calls": true}
	for i := 0; i+1 < len(call.Content); i += 2 {
		own[call.Content[i].Value] = true
	}
	if own["get"] || own["post"] {
		own["get"], own["post"] = true, true
	}
	if _, format := lookupKey(call, "format"); format != nil && format.Value != "json" {
		own["items"], own["columns"] = true, true // paths into JSON are not for it
	}
	out := *call
	out.Content = append([]*yaml.Node(nil), call.Content...)
	for i := 0; i+1 < len(method.Content); i += 2 {
		if !own[method.Content[i].Value] {
			out.Content = append(out.Content, method.Content[i], method.Content[i+1])
		}
	}
	return &out
}

func (m *Method) form() any { return methodForm{} }

// reads says whether a slot of the method reads .root.name, or anything of root where name is "".
func (m *Method) reads(root, name string) bool {
	for _, c := range m.Calls {
		if c.reads(root, name) {
			return true
		}
	}
	return false
}

func (c *CallSpec) reads(root, name string) bool {
	return c.Request.reads(root, name) || c.When.reads(root, name) || c.Job != nil && c.Job.reads(root, name) ||
		c.Page != nil && c.Page.Then != nil && c.Page.Then.reads(root, name) ||
		c.Parents != nil && c.Parents.reads(root, name) || c.Constant != nil && c.Constant.tree.reads(root, name)
}

func (j *JobSpec) reads(root, name string) bool {
	return j.StatusCall.reads(root, name) || j.FetchCall != nil && j.FetchCall.reads(root, name)
}

// Windowed says whether the method slices its range.
func (m *Method) Windowed() bool {
	for _, c := range m.Calls {
		if c.Window != nil {
			return true
		}
	}
	return false
}
