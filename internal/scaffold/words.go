package scaffold

import (
	"slices"
	"strings"
	"unicode"

	"github.com/meterbridge/meterbridge/internal/openapi"
)

// words are those of a name in any of the usual ways to write one: usageStartTime, usage-start-time, usage_start_time.
func words(name string) []string {
	var out []string
	var word []rune
	end := func() {
		if len(word) > 0 {
			out, word = append(out, strings.ToLower(string(word))), nil
		}
	}
	letters := []rune(name)
	for i, r := range letters {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			end()
			continue
		case unicode.IsUpper(r) && i > 0 && (unicode.IsLower(letters[i-1]) || i+1 < len(letters) && unicode.IsLower(letters[i+1])):
			end()
		}
		word = append(word, r)
	}
	end()
	return out
}

// has says that a name's words hold one of others.
func has(have []string, any ...string) bool {
	return slices.ContainsFunc(any, func(w string) bool { return slices.Contains(have, w) })
}

// snake is a name as the house writes credentials and context.
func snake(name string) string {
	out := strings.Join(words(name), "_")
	if out == "" || out[0] < 'a' || out[0] > 'z' {
		return "x_" + out
	}
	return strings.Map(func(r rune) rune {
		if r == '_' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, out)
}

// leaf is a scalar of an object, at its path.
type leaf struct {
	path   []string
	words  []string // of the last name
	schema *openapi.Schema
}

// maxLeafDepth is how deep scalars are looked for in an item.
const maxLeafDepth = 3

// leaves are the scalars of an object, those above first. What stands in a list is none of them.
func leaves(s *openapi.Schema) []leaf {
	var out []leaf
	var walk func(s *openapi.Schema, path []string)
	walk = func(s *openapi.Schema, path []string) {
		for _, p := range s.Props {
			at := append(slices.Clone(path), p.Name)
			switch {
			case !plainName(p.Name):
			case p.Schema.Type == "object" && len(at) < maxLeafDepth:
				walk(p.Schema, at)
			case p.Schema.Type != "object" && p.Schema.Type != "array":
				out = append(out, leaf{at, words(p.Name), p.Schema})
			}
		}
	}
	if s != nil {
		walk(s, nil)
	}
	slices.SortStableFunc(out, func(a, b leaf) int { return len(a.path) - len(b.path) })
	return out
}

// plainName says that a property can stand in a path of the connector language.
func plainName(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return r != '_' && r != '-' && r != '$' && r != '@' && !unicode.IsLetter(r) && !unicode.IsDigit(r) || r > unicode.MaxASCII
	})
}

func (l leaf) dotted() string { return strings.Join(l.path, ".") }

func (l leaf) numeric() bool { return l.schema.Type == "number" || l.schema.Type == "integer" }

func (l leaf) text() bool { return l.schema.Type == "string" || l.schema.Type == "" }

// jq is the leaf's path in jq, behind a root: .a.b
func (l leaf) jq(root string) string {
	var b strings.Builder
	b.WriteString(root)
	for _, name := range l.path {
		if identifier(name) {
			b.WriteString("." + name)
		} else if b.Len() == len(root) && root == "" {
			b.WriteString("." + openapi.Quote(name))
		} else {
			b.WriteString("[" + openapi.Quote(name) + "]")
		}
	}
	return b.String()
}

func identifier(name string) bool {
	for i, r := range name {
		if r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}
