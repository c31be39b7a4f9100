package connector

import (
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"
)

// Request is how to ask: method, path, query, headers and body.
type Request struct {
	GetPath  Template `yaml:"get" doc:"a GET of this path below base_url; each slot is one escaped segment"`
	PostPath Template `yaml:"post" doc:"a POST to this path below base_url"`
	Query    []Field  `yaml:"query" doc:"query parameters in order; null leaves one out, a list repeats it"`
	Headers  []Field  `yaml:"headers" doc:"request headers, never those of auth"`
	Body     *Body    `yaml:"body" doc:"the request's body"`
}

// Field is one named value of a query or of the headers.
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
	Window   *WindowSpec   `yaml:"window" doc:"how the range is sliced; without it the whole range is one window"`
	ItemSpec `yaml:",inline"`
	Latest   *Latest       `yaml:"latest" doc:"of the items of one answer that share a key only the latest counts"`
	Unit     string        `yaml:"unit" default:"item" enum:"item|window" doc:"what the mapping gets at a time: one item, or all items of the window as one list"`
	Control  *ControlTotal `yaml:"control_total" doc:"the provider's own total"`
	NoData   string        `yaml:"no_data" enum:"no_data_yet" doc:"the warning for a window without a record, where no fallback follows"`
	Page     *Page         `yaml:"page" doc:"how to get to the next page"`
	Job      *JobSpec      `yaml:"job" scope:"job" doc:"the call starts a job whose download carries the items"`
}

// Latest says which of several versions of an item counts.
type Latest struct {
	Key   []string `yaml:"key" form:"path" need:"true" doc:"dotted paths that together are the key"`
	Month string   `yaml:"month" form:"path" doc:"dotted path of a date whose month is a part of the key too"`
	By    string   `yaml:"by" form:"path" need:"true" doc:"dotted path of what is compared; the greatest wins"`
}

// ControlTotal is a total that the provider states beside its parts.
type ControlTotal struct {
	Path   string `yaml:"path" form:"path" need:"true" doc:"dotted path of the total within the item"`
	Mode   string `yaml:"mode" need:"true" enum:"ignore|check" doc:"check warns total_mismatch where the parts differ from it"`
	Reason string `yaml:"reason" doc:"why it is ignored"`
}

// Page is how one page leads to the next. A link is followed as it was given, a token is sent beside the same parameters.
type Page struct {
	NextURL    []string  `yaml:"next_url" form:"path" doc:"dotted paths of the next link; a value that is no URL is a token for token_param"`
	NextToken  []string  `yaml:"next_token" form:"path" doc:"dotted paths of the next token"`
	TokenParam string    `yaml:"token_param" doc:"the query parameter that takes the token"`
	Size       *PageSize `yaml:"size" doc:"how many items a page has"`
}

// PageSize is the size of the provider's pages.
type PageSize struct {
	Param   string `yaml:"param" doc:"the query parameter that takes it; none where a slot reads .page_size"`
	Default int    `yaml:"default" need:"true" doc:"the size to ask for"`
	Max     int    `yaml:"max" doc:"the largest that the provider takes"`
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
		c := new(CallSpec)
		d.into(n, c)
		m.Calls = []*CallSpec{c}
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
		c := new(CallSpec)
		d.into(inherit(item, n), c)
		m.Calls = append(m.Calls, c)
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
		if c.Request.reads(root, name) || c.When.reads(root, name) {
			return true
		}
	}
	return false
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
