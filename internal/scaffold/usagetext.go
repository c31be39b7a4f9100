package scaffold

import (
	"fmt"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/openapi"
)

func (p *proposal) usage(s *sheet) {
	s.line("resources:", "")
	s.line("  usage:", "")
	s.line("    granularities: ["+p.window.granularity+"]", "of hour, day, week and month, the periods that the provider has")
	s.line("    default: "+p.window.granularity, "")
	s.line("    restates: 72h", or(p.guessed("for how long figures still change"), "for so long figures still change: they are preliminary"))
	s.line(strings.TrimRight(noOmits, "\n"), "")
	s.line("    list:", "")
	method := strings.ToLower(p.operation.Method)
	s.line("      "+method+": "+scalar(p.path), "below base_url")
	p.sends(s)
	s.line("      window: "+p.window.value, or(p.guessed(p.window.note), p.window.note))
	if !p.list.whole {
		s.line("      items: "+or(p.list.path, `""`), "where the list of items stands in the answer")
	}
	if p.list.each != "" {
		s.line("      each: "+p.list.each, "the list within each of them, whose elements are the items")
	}
	p.pages(s)
	if findProduct(p.item) != nil {
		s.line("", "")
		s.line("  products: { derived: usage.product }", "the distinct products of usage; a list: of its own where there is one")
	}
}

func (p *proposal) guessed(what string) string {
	if p.Source == "" {
		return ""
	}
	return "guessed: " + what
}

// sends are the query and the body.
func (p *proposal) sends(s *sheet) {
	for _, body := range []bool{false, true} {
		begun := false
		for _, a := range p.arguments {
			if a.inBody != body {
				continue
			}
			indent := "        "
			if !begun && body {
				s.line("      body:", "")
				s.line("        json:", "")
			} else if !begun {
				s.line("      query:", or(strings.TrimPrefix(p.alsoTakes(), " "), "slots read .window, a slice of the range; its end is exclusive"))
			}
			if begun = true; body {
				indent += "  "
			}
			value := openapi.Quote(a.value)
			if a.number && body {
				value = a.value
			}
			s.line(indent+scalar(a.key)+": "+value, a.note)
		}
	}
	if p.operation.Method == "POST" && !slices.ContainsFunc(p.arguments, func(a argument) bool { return a.inBody }) {
		s.line("      body: { json: {} }", "")
	}
}

// alsoTakes names the parameters that nothing was made of.
func (p *proposal) alsoTakes() string {
	if len(p.idle) == 0 || p.Source == "" {
		return ""
	}
	return "it also takes " + oneLine(strings.Join(p.idle, ", "), 160)
}

func (p *proposal) pages(s *sheet) {
	g := p.paging
	if g.style == "" && g.size == nil {
		return
	}
	if g.style == "" { // a size alone pages nothing
		s.line("      # page:", "how to get to the next page: next_url, next_token, number, offset, link_header, …")
		return
	}
	s.line("      page:", "how to get to the next page")
	switch g.style {
	case "next_url", "next_token":
		s.line("        "+g.style+": ["+strings.Join(g.paths, ", ")+"]", "where the answer has it; absent or null on the last page")
	case "link_header":
		s.line("        link_header: next", "the rel of the Link header's next link")
	default:
		s.line("        "+g.style+": "+g.ends(), "counted by us; its end is what stands here, or an empty page")
	}
	if g.param != nil && g.param.inBody {
		s.line("        token_key: "+scalar(g.param.Name), "the key of the body that takes it")
	} else if g.param != nil {
		s.line("        token_param: "+scalar(g.param.Name), "the parameter that takes it")
	}
	if g.size != nil {
		where, size := "param", g.defaultSize()
		if g.size.inBody {
			where = "key"
		}
		most := ""
		if m := max(g.size.Schema.Maximum, 0); m >= size {
			most = fmt.Sprintf(", max: %d", m)
		}
		s.line(fmt.Sprintf("        size: { %s: %s, default: %d%s }", where, scalar(g.size.Name), size, most), p.guessed("how many items to ask for"))
	}
}

func (g *paging) ends() string {
	var parts []string
	if g.first != "" {
		parts = append(parts, "first: "+g.first)
	}
	if g.total != "" {
		parts = append(parts, "total: "+g.total)
	}
	if g.more != "" {
		parts = append(parts, "more: "+g.more)
	}
	if parts == nil {
		return "{}"
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}

// defaultSize is the provider's own, or a hundred; a provider's may be as small as seven days.
func (g *paging) defaultSize() int {
	size := 0
	if _, err := fmt.Sscan(g.size.Schema.Default, &size); err != nil || size < 1 {
		size = 100
	}
	if g.size.Schema.Maximum > 0 {
		size = min(size, g.size.Schema.Maximum)
	}
	return size
}
