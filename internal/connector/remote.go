package connector

import (
	"slices"

	"github.com/meterbridge/meterbridge/internal/bracket"
)

// remotePairs are the caller's remote_query, in the caller's order.
type remotePairs []bracket.Pair

// merge takes the query's parameters that the caller gives out of it and puts the caller's last. The keys in drop are
// the page's: after the first call they are the connector's again.
func (r remotePairs) merge(query []Param, drop []string) []Param {
	var own []Param
	for _, p := range r {
		if !slices.Contains(drop, p.Key) {
			own = append(own, Param{p.Key, p.Value, OwnerCaller})
		}
	}
	query = slices.DeleteFunc(query, func(q Param) bool {
		return slices.ContainsFunc(own, func(p Param) bool { return p.Key == q.Key })
	})
	return append(query, own...)
}

// check refuses what has no place in a request.
func (r remotePairs) check() error {
	for _, p := range r {
		if p.Key == "" {
			return remoteError(p, "is a list without a name; write remote_query[name][]")
		}
	}
	return nil
}

// Unclipped says whether the caller's remote_query sets a key that carries the window. Then the gateway neither slices
// nor clips: there is one window, the whole range.
func (m *Method) Unclipped(s *Scope) bool {
	if len(s.Remote) == 0 {
		return false
	}
	keys := append(m.keys(OwnerPlanner), m.overlay(s).keys(OwnerPlanner)...)
	return slices.ContainsFunc(s.Remote, func(p bracket.Pair) bool {
		return slices.Contains(keys, p.Key) || m.jsonBody() && slices.Contains(keys, p.Path[0])
	})
}

func (m *Method) jsonBody() bool {
	return slices.ContainsFunc(m.Calls, func(c *CallSpec) bool { return c.Body != nil })
}

// keys are the query parameters and the body's top keys of an owner, over all calls.
func (m *Method) keys(o Owner) []string {
	var out []string
	for _, c := range m.Calls {
		for _, f := range c.Query {
			if f.Value.owner() == o {
				out = append(out, f.Key)
			}
		}
		if c.Body == nil {
			continue
		}
		for i, kid := range c.Body.JSON.tree.kids {
			if kid.owner() == o && i < len(c.Body.JSON.tree.keys) {
				out = append(out, c.Body.JSON.tree.keys[i])
			}
		}
	}
	return out
}

// pageKeys are the keys that carry the page.
func (m *Method) pageKeys() []string {
	out := m.keys(OwnerPage)
	for _, c := range m.Calls {
		if c.Page != nil {
			out = append(out, c.Page.TokenParam)
			if c.Page.Size != nil {
				out = append(out, c.Page.Size.Param)
			}
		}
	}
	return slices.DeleteFunc(out, func(k string) bool { return k == "" })
}

func (t tree) owner() Owner {
	switch {
	case t.reads("window", "") || t.reads("range", ""):
		return OwnerPlanner
	case t.reads("page_size", "") || t.reads("carry", ""):
		return OwnerPage
	}
	return OwnerConnector
}
