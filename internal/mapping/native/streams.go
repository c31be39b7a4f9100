package native

import "github.com/meterbridge/meterbridge/internal/jq/core"

// Functions that are written out: what sugar is longer than a line.

// binding is `v as $x | body`.
func binding(p core.Pos, v core.Node, body func(x core.Node) core.Node) core.Node {
	b := &core.Binding{Name: "$_"}
	return &core.Let{Pos: p, Value: v, Binding: b, Body: body(&core.Var{Pos: p, Binding: b})}
}

// counted is `if $n op 0 then … else … end`.
func counted(p core.Pos, op core.Op, n, then, other core.Node) core.Node {
	return &core.If{Pos: p, Cond: &core.Binary{Pos: p, Op: op, Left: n, Right: &core.Const{Pos: p, Value: 0}}, Then: then, Else: other}
}

// limit is `label $out | foreach g as $item ($n; . - 1; $item, if . <= 0 then break $out else empty end)`, guarded.
func limit(p core.Pos, n, g core.Node) core.Node {
	out, item := &core.Binding{Name: "*out"}, &core.Binding{Name: "$item"}
	zero := &core.Const{Pos: p, Value: 0}
	empty := &core.Call{Pos: p, Name: "empty"}
	loop := &core.Label{Pos: p, Binding: out, Body: &core.Foreach{Pos: p, Over: g, Binding: item, Start: n,
		Update: &core.Binary{Pos: p, Op: core.Sub, Left: &core.Identity{Pos: p}, Right: &core.Const{Pos: p, Value: 1}},
		Extract: &core.Comma{Pos: p, Left: &core.Var{Pos: p, Binding: item}, Right: &core.If{Pos: p,
			Cond: &core.Binary{Pos: p, Op: core.Le, Left: &core.Identity{Pos: p}, Right: zero},
			Then: &core.Break{Pos: p, Binding: out}, Else: empty}}}}
	return &core.If{Pos: p, Cond: &core.Binary{Pos: p, Op: core.Gt, Left: n, Right: zero}, Then: loop,
		Else: &core.If{Pos: p, Cond: &core.Binary{Pos: p, Op: core.Eq, Left: n, Right: zero}, Then: empty,
			Else: &core.Call{Pos: p, Name: "error"}}}
}

// skip is `foreach g as $item ($n; . - 1; if . < 0 then $item else empty end)`, guarded.
func skip(p core.Pos, n, g core.Node) core.Node {
	item := &core.Binding{Name: "$item"}
	loop := &core.Foreach{Pos: p, Over: g, Binding: item, Start: n,
		Update:  &core.Binary{Pos: p, Op: core.Sub, Left: &core.Identity{Pos: p}, Right: &core.Const{Pos: p, Value: 1}},
		Extract: counted(p, core.Lt, &core.Identity{Pos: p}, &core.Var{Pos: p, Binding: item}, &core.Call{Pos: p, Name: "empty"})}
	return counted(p, core.Gt, n, loop, counted(p, core.Eq, n, g, &core.Call{Pos: p, Name: "error"}))
}

// joinBy is `[.[] | [., $idx[key]]]`, or with a stream in the place of the elements its pairs one by one.
func joinBy(n *core.Call) core.Node {
	p := n.Pos
	return binding(p, n.Args[0], func(idx core.Node) core.Node {
		rows, key := core.Node(&core.Iterate{Pos: p}), n.Args[len(n.Args)-1]
		if len(n.Args) > 2 {
			rows, key = n.Args[1], n.Args[2]
		}
		found := &core.Index{Pos: p, Of: idx, Key: key}
		pairs := core.Node(&core.Pipe{Pos: p, Left: rows, Right: &core.Array{Pos: p, Of: &core.Comma{Pos: p, Left: &core.Identity{Pos: p}, Right: found}}})
		switch len(n.Args) {
		case 2:
			return &core.Array{Pos: p, Of: pairs}
		case 4:
			return &core.Pipe{Pos: p, Left: pairs, Right: n.Args[3]}
		}
		return pairs
	})
}

// substitute is sub: what was found gives way to each text that is made of its captures; where there is none the input
// stays. All of them are made before the first is given.
func substitute(n *core.Call) core.Node {
	p, self := n.Pos, &core.Identity{Pos: n.Pos}
	re := []core.Node{n.Args[0]}
	if len(n.Args) > 2 {
		re = append(re, n.Args[2])
	}
	call := func(name string) core.Node { return &core.Call{Pos: p, Name: name, Args: re} }
	found := &core.Alternative{Pos: p, Left: call("match"), Right: &core.Const{Pos: p}}
	return binding(p, self, func(whole core.Node) core.Node {
		return binding(p, found, func(match core.Node) core.Node {
			from := &core.Field{Pos: p, Of: match, Name: "offset"}
			to := &core.Binary{Pos: p, Op: core.Add, Left: from, Right: &core.Field{Pos: p, Of: match, Name: "length"}}
			before := &core.Binary{Pos: p, Op: core.Add, Left: &core.Slice{Pos: p, Of: whole, To: from}, Right: n.Args[1]}
			made := &core.Array{Pos: p, Of: &core.Pipe{Pos: p, Left: call("capture"), Right: before}}
			return binding(p, made, func(texts core.Node) core.Node {
				none := &core.Binary{Pos: p, Op: core.Eq, Left: texts, Right: &core.Const{Pos: p, Value: []any{}}}
				all := &core.Binary{Pos: p, Op: core.Add, Left: &core.Iterate{Pos: p, Of: texts}, Right: &core.Slice{Pos: p, Of: whole, From: to}}
				return &core.If{Pos: p, Cond: none, Then: whole, Else: all}
			})
		})
	})
}
