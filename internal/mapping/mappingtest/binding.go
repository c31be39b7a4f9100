package mappingtest

import "strings"

// let binds a value, or its parts, for what follows.
func (g *generator) let(s scope, want kind, depth int) (*node, *shape) {
	v, shape := g.expr(s.single(), anything, depth-1)
	name := g.fresh("$v")
	body, out := g.expr(s.with(name, shape), want, depth-1)
	return join("(", v, " as "+name+" | ", body, ")"), out
}

// define makes a function and goes on with an expression that may call it.
func (g *generator) define(s scope, want kind, depth int) (*node, *shape) {
	d := definition{name: g.fresh("f"), in: s.in}
	if g.once(2) {
		d.in = of(pick(g.Dice, []kind{text, number, date, array, object, anything}))
	}
	body := s.on(d.in).single()
	body.defs = without(body.defs, d.name)
	for range pick(g.Dice, []int{0, 0, 1, 2}) {
		if g.once(2) {
			name := g.fresh("$p")
			d.params = append(d.params, name)
			body = body.with(name, of(anything))
		} else {
			name := g.fresh("c")
			if name == d.name {
				continue
			}
			d.params = append(d.params, name)
			body.defs = append(body.defs[:len(body.defs):len(body.defs)], definition{name: name, in: d.in, out: of(anything)})
		}
	}
	inner, out := g.expr(body, pick(g.Dice, []kind{want, want, anything}), depth-1)
	d.out = out
	after := s
	after.defs = append(without(s.defs, d.name), d)
	rest, shape := g.expr(after, want, depth-1)
	if g.once(2) {
		if n, called := g.call(after, want, depth); n != nil {
			rest, shape = n, called
		}
	}
	head := "(def " + d.name
	if len(d.params) > 0 {
		head += "(" + strings.Join(d.params, "; ") + ")"
	}
	return join(head+": ", inner, "; ", rest, ")"), shape
}

func without(defs []definition, name string) []definition {
	var out []definition
	for _, d := range defs {
		if d.name != name {
			out = append(out, d)
		}
	}
	return out
}

// call calls a function of the program's own that gives what is wanted, nil where there is none.
func (g *generator) call(s scope, want kind, depth int) (*node, *shape) {
	var fit []definition
	for _, d := range s.defs {
		if d.out.kind.fits(want) {
			fit = append(fit, d)
		}
	}
	if len(fit) == 0 {
		return nil, nil
	}
	d := pick(g.Dice, fit)
	parts := []any{"("}
	if d.in != s.in {
		in, _ := g.expr(s.single(), d.in.kind, depth-1)
		parts = append(parts, in, " | ")
	}
	parts = append(parts, d.name)
	for i := range d.params {
		arg, _ := g.expr(s.on(d.in).single(), anything, depth-2)
		parts = append(parts, string("(;"[min(i, 1)]), arg)
	}
	if len(d.params) > 0 {
		parts = append(parts, ")")
	}
	return join(append(parts, ")")...), d.out
}

// special are the forms with a scope within.
func (g *generator) special(s scope, want kind, depth int) (*node, *shape) {
	one := s.single()
	list, shape := g.expr(one, array, depth-1)
	name := g.fresh("$e")
	each := one.with(name, shape.inner())
	switch g.below(7) {
	case 0:
		start, out := g.expr(one, want, depth-2)
		update, _ := g.expr(each.on(out), want, depth-2)
		return join("reduce ", list, "[] as "+name+" (", start, "; ", update, ")"), out
	case 1:
		start, acc := g.expr(one, anything, depth-2)
		update, _ := g.expr(each.on(acc), anything, depth-2)
		extract, _ := g.expr(each.on(acc), anything, depth-2)
		return join("[foreach ", list, "[] as "+name+" (", start, "; ", update, "; ", extract, ")]"), of(array)
	case 2:
		body, _ := g.expr(each, anything, depth-2)
		return join("[", list, "[] as "+name+" | ", body, "]"), of(array)
	case 3:
		cond, _ := g.expr(one, boolean, depth-2)
		yes, out := g.expr(s, want, depth-1)
		no, _ := g.expr(s, want, depth-1)
		return join("(if ", cond, " then ", yes, " else ", no, " end)"), out
	case 4:
		body, out := g.expr(s, want, depth-1)
		other, _ := g.expr(one.on(of(text)), want, depth-2)
		return join("(try ", body, " catch ", other, ")"), out
	case 5:
		left, _ := g.expr(s, want, depth-1)
		right, out := g.expr(s, want, depth-1)
		return join("(", left, " // ", right, ")"), out
	}
	left, _ := g.expr(one, pick(g.Dice, []kind{anything, object}), depth-2)
	right, out := g.expr(one, want, depth-2)
	return join("([", left, ", ", right, "] | .[1])"), out
}

// stream is an expression of any number of outputs.
func (g *generator) stream(s scope, want kind, depth int) (*node, *shape) {
	one := s.single()
	switch g.below(7) {
	case 0:
		left, _ := g.expr(s, want, depth-1)
		right, out := g.expr(s, want, depth-1)
		return join("(", left, ", ", right, ")"), out
	case 1:
		list, shape := g.expr(one, array, depth-1)
		body, out := g.expr(s.on(shape.inner()), want, depth-1)
		return join("(", list, "[] | ", body, ")"), out
	case 2:
		cond, _ := g.expr(one, boolean, depth-2)
		body, out := g.expr(one, want, depth-1)
		return join("(select(", cond, ") | ", body, ")"), out
	case 3:
		list, shape := g.expr(one, array, depth-1)
		name := g.fresh("$s")
		body, out := g.expr(one.with(name, shape.inner()), want, depth-1)
		return join("(", list, "[]? as "+name+" | ", body, ")"), out
	case 4:
		list, shape := g.expr(one, array, depth-1)
		key, _ := g.expr(one.on(shape.inner()), pick(g.Dice, []kind{text, anything}), depth-2)
		body, out := g.expr(one.on(shape), want, depth-1)
		return join("(", list, " | group_by(", key, ")[] | ", body, ")"), out
	case 5:
		obj, got := g.expr(one, object, depth-1)
		body, out := g.expr(one.on(entry(got)), want, depth-1)
		return join("(", obj, " | to_entries[] | ", body, ")"), out
	}
	body, out := g.expr(s, want, depth-1)
	return join("(limit(2; ", body, "))"), out
}
