package connector

import (
	"slices"

	"github.com/meterbridge/meterbridge/internal/bracket"
)

// remotePairs are the caller's remote_query, in the caller's order.
type remotePairs []bracket.Pair

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
	over := m.overlay(s)
	return slices.ContainsFunc(s.Remote, func(p bracket.Pair) bool {
		return slices.ContainsFunc(m.Calls, func(c *CallSpec) bool {
			return c.Request.owns(OwnerPlanner, p) || over.owns(&c.Request, OwnerPlanner, p)
		})
	})
}

// laterRemote is the caller's remote_query after the first call, where the page's keys are the connector's again.
func (m *Method) laterRemote(s *Scope) remotePairs {
	return slices.DeleteFunc(slices.Clone(remotePairs(s.Remote)), func(p bracket.Pair) bool {
		return slices.ContainsFunc(m.Calls, func(c *CallSpec) bool {
			return c.Request.owns(OwnerPage, p) || c.Page != nil && (c.Page.takesToken(p) || c.Page.takesSize(p))
		})
	})
}

// owns says whether a caller's key replaces something of the request that an owner has.
func (r *Request) owns(o Owner, p bracket.Pair) bool {
	fields := r.Query
	if r.Body.takesRemote() {
		if t := r.Body.object(); t != nil {
			return t.owns(o, p.Path)
		}
		fields = r.Body.Form
	}
	return slices.ContainsFunc(fields, func(f Input) bool { return sameName(f.Key, p.Key) && ownerOf(f.Value.reads) == o })
}

// owns says whether a value that an owner has stands at a path, on the way to it or below it.
func (t *tree) owns(o Owner, path []string) bool {
	if len(t.keys) == 0 {
		return ownerOf(t.reads) == o
	}
	for i, k := range t.keys {
		if (len(path) == 0 || path[0] == k) && t.kids[i].owns(o, path[min(1, len(path)):]) {
			return true
		}
	}
	return false
}

// takesToken says whether a caller's key is the one that takes the token.
func (p *Page) takesToken(pair bracket.Pair) bool { return takes(p.TokenParam, p.TokenKey, pair) }

// takesSize says whether a caller's key is the one that takes the page's size.
func (p *Page) takesSize(pair bracket.Pair) bool {
	return p.Size != nil && takes(p.Size.Param, p.Size.Key, pair)
}

func takes(param, key string, pair bracket.Pair) bool {
	if param != "" && param == pair.Key {
		return true
	}
	path := SplitPath(key)
	n := min(len(path), len(pair.Path))
	return key != "" && slices.Equal(path[:n], pair.Path[:n])
}

// ownerOf is the owner of what a template, a list or a tree gives, by what it reads.
func ownerOf(reads func(root, name string) bool) Owner {
	switch {
	case reads("window", "") || reads("range", ""):
		return OwnerPlanner
	case reads("page_size", "") || reads("carry", "") || reads("token", ""):
		return OwnerPage
	}
	return OwnerConnector
}
