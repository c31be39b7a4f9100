package native

import (
	"slices"
	"strings"
	"unsafe"

	"github.com/meterbridge/meterbridge/internal/jq/core"
)

// What only the roots decide is the same for all records of a page: it is evaluated once, when it is asked for first.

// fixed says whether an expression is the same whatever its input is.
func (c *compiler) fixed(n core.Node) bool {
	is, ok := c.fixedOnes[n]
	if !ok {
		is = c.depends(n, false, nil)
		c.fixedOnes[n] = is
	}
	return is
}

// depends says whether an expression is fixed where its input is, or is not, and where the variables and labels of bound are.
func (c *compiler) depends(n core.Node, in bool, bound []*core.Binding) bool {
	same := func(n core.Node) bool { return c.depends(n, in, bound) }
	inner := func(n core.Node) bool { return c.depends(n, true, bound) }
	with := func(b *core.Binding) []*core.Binding { return append(slices.Clip(bound), b) }
	switch n := n.(type) {
	case nil, *core.Identity:
		return in
	case *core.Const, *core.Root:
		return true
	case *core.Var:
		return slices.Contains(bound, n.Binding)
	case *core.Break:
		return slices.Contains(bound, n.Binding)
	case *core.Field:
		return same(n.Of)
	case *core.Index:
		return same(n.Of) && same(n.Key)
	case *core.Slice:
		return same(n.Of) && (n.From == nil || same(n.From)) && (n.To == nil || same(n.To))
	case *core.Iterate:
		return same(n.Of)
	case *core.Pipe:
		return same(n.Left) && inner(n.Right)
	case *core.Comma:
		return same(n.Left) && same(n.Right)
	case *core.Object:
		return !slices.ContainsFunc(n.Members, func(m core.Member) bool { return !same(m.Key) || !same(m.Value) })
	case *core.Array:
		return n.Of == nil || same(n.Of)
	case *core.If:
		return same(n.Cond) && same(n.Then) && same(n.Else)
	case *core.Logic:
		return same(n.Left) && same(n.Right)
	case *core.Alternative:
		return same(n.Left) && same(n.Right)
	case *core.Binary:
		return same(n.Left) && same(n.Right)
	case *core.Negate:
		return same(n.Of)
	case *core.Let:
		return same(n.Value) && c.depends(n.Body, in, with(n.Binding))
	case *core.Reduce:
		return same(n.Over) && same(n.Start) && c.depends(n.Update, true, with(n.Binding))
	case *core.Label:
		return c.depends(n.Body, in, with(n.Binding))
	case *core.Text:
		return !slices.ContainsFunc(n.Parts, func(p core.Node) bool { return !same(p) })
	case *core.Invoke:
		if len(bound) == 0 && !in {
			return c.fixed(n.Func.Body)
		}
		return same(n.Func.Body)
	case *core.Call:
		if s := c.sugar(n); s != nil {
			return same(s)
		}
		return c.callDepends(n, same, inner, in)
	}
	return false
}

func (c *compiler) callDepends(n *core.Call, same, inner func(core.Node) bool, in bool) bool {
	switch signature(n) {
	case "empty/0":
		return true
	case "error/0", "error/1":
		return false
	case "first/1", "last/1", "isempty/1":
		return same(n.Args[0])
	case "any/2", "all/2":
		return same(n.Args[0]) && inner(n.Args[1])
	}
	return in && !slices.ContainsFunc(n.Args, func(a core.Node) bool { return !inner(a) })
}

// path says that an expression only finds what a root has, for which there is nothing to be kept.
func path(n core.Node) bool {
	switch n := n.(type) {
	case *core.Const, *core.Root:
		return true
	case *core.Field:
		return n.Of != nil && path(n.Of)
	case *core.Index:
		return n.Of != nil && path(n.Of) && path(n.Key)
	}
	return false
}

// once keeps what a fixed expression gives until a root is bound anew.
func once(f eval) eval {
	var kept value
	var since uint64
	return func(m *Machine, in value) value {
		if since != m.bindings {
			kept, since = keep(f(m, in)), m.bindings
		}
		return kept
	}
}

// keep is a copy of a value that outlives the item.
func keep(v value) value {
	switch v.kind {
	case isText:
		if v.x > 0 {
			v.p = unsafe.Pointer(unsafe.StringData(string([]byte(v.str()))))
		}
	case isNumber:
		if v.form == asText {
			v.p = unsafe.Pointer(unsafe.StringData(string([]byte(v.str()))))
		}
	case isArray:
		elems := make([]value, len(v.elems()))
		for i, e := range v.elems() {
			elems[i] = keep(e)
		}
		return arrayOf(elems)
	case isObject:
		all := make([]value, len(v.columns())+1)
		all[0] = value{p: unsafe.Pointer(keptLayout(v.layout()))}
		for i, e := range v.columns() {
			all[i+1] = keep(e)
		}
		v.p = unsafe.Pointer(&all[0])
	}
	return v
}

// keptLayout is a layout that outlives the item: one of the tree does, one of its own is copied.
func keptLayout(l *layout) *layout {
	if l.tree != nil {
		return l
	}
	own := &layout{lasting: true}
	for _, k := range l.keys {
		k = strings.Clone(k)
		own.keys, own.values = append(own.keys, k), append(own.values, keyText(k))
	}
	return own
}
