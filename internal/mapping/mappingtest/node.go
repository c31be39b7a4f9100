package mappingtest

import "strings"

// node is a part of a program that is being made: text with further nodes in it. There is one text more than kids.
type node struct {
	texts []string
	kids  []*node
}

// join is a node of texts (string) and nodes (*node), in their order.
func join(parts ...any) *node {
	n := &node{texts: []string{""}}
	for _, p := range parts {
		if s, ok := p.(string); ok {
			n.texts[len(n.texts)-1] += s
			continue
		}
		n.kids, n.texts = append(n.kids, p.(*node)), append(n.texts, "")
	}
	return n
}

func (n *node) write(b *strings.Builder) {
	b.WriteString(n.texts[0])
	for i, k := range n.kids {
		k.write(b)
		b.WriteString(n.texts[i+1])
	}
}

func (n *node) String() string {
	var b strings.Builder
	n.write(&b)
	return b.String()
}

// all lists the node and what is in it, from the outside in.
func (n *node) all() []*node {
	list := []*node{n}
	for i := 0; i < len(list); i++ {
		list = append(list, list[i].kids...)
	}
	return list
}
