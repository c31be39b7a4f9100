package scaffold

import (
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/openapi"
)

// paging is a way from one page to the next.
type paging struct {
	style string // next_url, next_token, number, offset, link_header; "" for one page
	paths []string
	param *field // takes the token, number or offset
	total string
	more  string
	first string // the number of the first page, where it is not 1
	size  *field
}

// sizeWords name how many items a page has, in full.
var sizeNames = []string{"limit", "page_size", "per_page", "items_per_page", "max_results", "max_items", "size", "count", "results_per_page", "take"}

// findPaging recognises how an operation pages, by its parameters and its answer.
func findPaging(op *openapi.Operation) paging {
	var p paging
	all := fields(op)
	find := func(integer bool, names ...string) *field {
		for _, name := range names {
			for i := range all {
				f := &all[i]
				if strings.Join(f.words, "_") == name && f.In != "path" && f.In != "header" && f.Schema.Type != "array" && (!integer || f.integer()) {
					return f
				}
			}
		}
		return nil
	}
	p.size = find(true, sizeNames...)
	var next, total, more, count *leaf
	answer := leaves(op.Answer)
	for i := range answer {
		l := &answer[i]
		switch {
		case next == nil && l.text() && l.schema.Type != "boolean" && (has(l.words, "next") || has(l.words, "href", "url", "link", "uri") && has(words(l.dotted()), "next")):
			next = l
		case next == nil && l.text() && has(l.words, "cursor") && has(words(strings.Join(l.path, ".")), "next", "page", "pagination"):
			next = l
		case total == nil && l.numeric() && (has(l.words, "pages") || has(l.words, "total", "last", "num") && has(l.words, "page", "pages")):
			total = l
		case more == nil && l.schema.Type == "boolean" && has(l.words, "next", "more"):
			more = l
		case count == nil && l.numeric() && has(l.words, "total", "count"):
			count = l
		}
	}
	token := find(false, "page_token", "next_token", "next_page_token", "cursor", "next_cursor", "page_cursor", "continuation_token", "starting_after", "after", "next", "marker", "bookmark")
	if page := find(false, "page"); token == nil && page != nil && !page.integer() {
		token = page
	}
	number := find(true, "page", "page_number", "page_num", "page_no", "page_index")
	offset := find(true, "offset", "skip", "start_index", "start")
	switch {
	case next != nil && (isAddress(next) || token == nil && number == nil):
		p.style, p.paths, p.param = "next_url", []string{next.dotted()}, token
	case next != nil && token != nil:
		p.style, p.paths, p.param = "next_token", []string{next.dotted()}, token
	case number != nil:
		p.style, p.param = "number", number
		if total != nil {
			p.total = total.dotted()
		} else if more != nil {
			p.more = more.dotted()
		}
		if strings.Contains(number.Description, "0-based") || strings.Contains(strings.ToLower(number.Description), "zero-based") || number.Schema.Default == "0" {
			p.first = "0"
		}
	case offset != nil:
		p.style, p.param = "offset", offset
		if count != nil {
			p.total = count.dotted()
		}
	case slices.ContainsFunc(op.Headers, func(h string) bool { return strings.EqualFold(h, "Link") }):
		p.style = "link_header"
	}
	return p
}

// isAddress says that a next page is given as a link.
func isAddress(l *leaf) bool {
	return l.schema.Format == "uri" || l.schema.Format == "url" || has(l.words, "url", "uri", "link", "href") || has(words(l.path[0]), "links", "link") ||
		l.schema.Example != nil && strings.Contains(l.schema.Example.Value, "://")
}
