package native

import "github.com/meterbridge/meterbridge/internal/jq/core"

// card says how many outputs an expression has. A nil node is `.`.
func (c *compiler) card(n core.Node) card {
	if n == nil {
		return one
	}
	k, ok := c.cards[n]
	if !ok {
		k = c.count(n)
		c.cards[n] = k
	}
	return k
}

// most is the most of what several expressions have, which multiply.
func (c *compiler) most(ns ...core.Node) card {
	k := one
	for _, n := range ns {
		k = max(k, c.card(n))
	}
	return k
}

func (c *compiler) count(n core.Node) card {
	switch n := n.(type) {
	case *core.Field:
		return c.card(n.Of)
	case *core.Index:
		return c.most(n.Of, n.Key)
	case *core.Slice:
		return c.most(n.Of, n.From, n.To)
	case *core.Iterate, *core.Comma, *core.Foreach:
		return many
	case *core.Pipe:
		return c.most(n.Left, n.Right)
	case *core.Object:
		k := one
		for _, m := range n.Members {
			k = max(k, c.most(m.Key, m.Value))
		}
		return k
	case *core.If:
		return c.most(n.Cond, n.Then, n.Else)
	case *core.Logic:
		return c.most(n.Left, n.Right)
	case *core.Alternative:
		if c.card(n.Left) == many {
			return many
		}
		return c.card(n.Right)
	case *core.Binary:
		return c.most(n.Left, n.Right)
	case *core.Negate:
		return c.card(n.Of)
	case *core.Let:
		return c.most(n.Value, n.Body)
	case *core.Reduce:
		return c.card(n.Start)
	case *core.Try:
		if n.Catch == nil {
			return max(some, c.card(n.Body))
		}
		return c.most(n.Body, n.Catch)
	case *core.Label:
		return max(some, c.card(n.Body))
	case *core.Break:
		return some
	case *core.Text:
		return c.most(n.Parts...)
	case *core.Invoke:
		return c.card(n.Func.Body)
	case *core.Call:
		return c.countCall(n)
	case *core.Assign:
		if n.Kind == core.Modify {
			return one // of several outputs the first counts, and none deletes
		}
		return c.card(n.Value)
	}
	return one
}
