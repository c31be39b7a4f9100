package jq

import "github.com/meterbridge/meterbridge/internal/jq/core"

// gojq drops an instruction where a value is loaded only to be thrown away. It does so too where that load is the end of
// one of several ways, as in `(., $x) | "text"`: what the other ways left stays on its stack, and the next to take
// something from there takes the wrong thing. What a program means there is what gojq does, and only gojq can say it.

// blind says whether a pipe has several ways that lead to a right side which does not look at its input.
func blind(left, right core.Node) bool { return forks(left) && ignores(right) }

// forks says whether several ways lead to the end of an expression.
func forks(n core.Node) bool {
	switch n := n.(type) {
	case *core.Comma, *core.If, *core.Alternative, *core.Logic:
		return true
	case *core.Try:
		return n.Catch != nil
	case *core.Pipe:
		if input(n.Right) == nil {
			return forks(n.Left)
		}
		return forks(n.Right)
	case *core.Let:
		return forks(n.Body)
	case *core.Label:
		return forks(n.Body)
	}
	return false
}

// ignores says whether an expression begins by throwing its input away.
func ignores(n core.Node) bool {
	switch n := n.(type) {
	case *core.Const, *core.Var, *core.Root:
		return true
	case *core.Pipe:
		return ignores(n.Left)
	case *core.Field:
		return n.Of != nil && ignores(n.Of)
	case *core.Iterate:
		return n.Of != nil && ignores(n.Of)
	case *core.Text:
		return len(n.Parts) == 1 && ignores(n.Parts[0])
	}
	return false
}
