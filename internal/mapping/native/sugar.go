package native

import "github.com/meterbridge/meterbridge/internal/jq/core"

// sugar is a function of jq's as what it stands for; nil where it has a form of its own. Only functions that take
// closures are here, and what is written shorter so.
func (c *compiler) sugar(n *core.Call) core.Node {
	if s, ok := c.sugared[n]; ok {
		return s
	}
	s := expand(n)
	c.sugared[n] = s
	return s
}

func expand(n *core.Call) core.Node {
	p := n.Pos
	self := &core.Identity{Pos: p}
	empty := &core.Call{Pos: p, Name: "empty"}
	all := &core.Iterate{Pos: p}
	call := func(name string, args ...core.Node) core.Node { return &core.Call{Pos: p, Name: name, Args: args} }
	pipe := func(l, r core.Node) core.Node { return &core.Pipe{Pos: p, Left: l, Right: r} }
	pick := func(cond core.Node) core.Node { return &core.If{Pos: p, Cond: cond, Then: self, Else: empty} }
	text := func(s string) core.Node { return &core.Const{Pos: p, Value: s} }
	number := func(i int) core.Node { return &core.Const{Pos: p, Value: i} }
	compare := func(op core.Op, l, r core.Node) core.Node {
		return &core.Binary{Pos: p, Op: op, Left: l, Right: r}
	}
	typed := func(names ...string) core.Node {
		var cond core.Node
		for _, name := range names {
			is := compare(core.Eq, call("type"), text(name))
			if cond == nil {
				cond = is
				continue
			}
			cond = &core.Logic{Pos: p, Or: true, Left: cond, Right: is}
		}
		return pick(cond)
	}
	let := func(v core.Node, body func(x core.Node) core.Node) core.Node { return binding(p, v, body) }
	arg := func(i int) core.Node { return n.Args[i] }
	switch n.Name {
	case "select":
		return pick(arg(0))
	case "map":
		return &core.Array{Pos: p, Of: pipe(all, arg(0))}
	case "map_values":
		return &core.Assign{Pos: p, Kind: core.Modify, Path: all, Value: arg(0)}
	case "with_entries":
		return pipe(call("to_entries"), pipe(call("map", arg(0)), call("from_entries")))
	case "arrays":
		return typed("array")
	case "objects":
		return typed("object")
	case "iterables":
		return typed("array", "object")
	case "booleans":
		return typed("boolean")
	case "numbers":
		return typed("number")
	case "strings":
		return typed("string")
	case "nulls":
		return pick(compare(core.Eq, self, &core.Const{Pos: p}))
	case "finites":
		return pick(call("isfinite"))
	case "normals":
		return pick(call("isnormal"))
	case "values":
		return pick(compare(core.Ne, self, &core.Const{Pos: p}))
	case "scalars":
		return &core.If{Pos: p, Cond: &core.Logic{Pos: p, Or: true, Left: compare(core.Eq, call("type"), text("array")),
			Right: compare(core.Eq, call("type"), text("object"))}, Then: empty, Else: self}
	case "add":
		if len(n.Args) == 1 {
			return pipe(&core.Array{Pos: p, Of: arg(0)}, call("add"))
		}
	case "any", "all":
		switch len(n.Args) {
		case 0:
			return call(n.Name, all, self)
		case 1:
			return call(n.Name, all, arg(0))
		}
	case "first", "last":
		if len(n.Args) == 0 {
			return &core.Index{Pos: p, Key: number(map[string]int{"first": 0, "last": -1}[n.Name])}
		}
	case "nth":
		return let(arg(0), func(x core.Node) core.Node {
			if len(n.Args) == 1 {
				return &core.Index{Pos: p, Key: x}
			}
			return counted(p, core.Ge, x, call("first", skip(p, x, arg(1))), call("error"))
		})
	case "in":
		return let(self, func(x core.Node) core.Node { return pipe(arg(0), call("has", x)) })
	case "inside":
		return let(self, func(x core.Node) core.Node { return pipe(arg(0), call("contains", x)) })
	case "IN":
		if len(n.Args) == 1 {
			return call("any", compare(core.Eq, arg(0), self), self)
		}
		return call("any", compare(core.Eq, arg(0), arg(1)), self)
	case "INDEX":
		over := core.Node(all)
		if len(n.Args) == 2 {
			over = arg(0)
		}
		b := &core.Binding{Name: "$row"}
		row := &core.Var{Pos: p, Binding: b}
		key := pipe(row, pipe(n.Args[len(n.Args)-1], call("tostring")))
		return &core.Reduce{Pos: p, Over: over, Binding: b, Start: &core.Const{Pos: p, Value: map[string]any{}},
			Update: &core.Assign{Pos: p, Kind: core.Set, Path: &core.Index{Pos: p, Key: key}, Value: row}}
	case "limit":
		return let(arg(0), func(x core.Node) core.Node { return limit(p, x, arg(1)) })
	case "skip":
		return let(arg(0), func(x core.Node) core.Node { return skip(p, x, arg(1)) })
	case "JOIN":
		return joinBy(n)
	case "sub":
		return substitute(n)
	}
	return nil
}
