package connector

import (
	"maps"
	"slices"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/record"
)

// Settled says whether the beginning of a page, f, leads to the same next page as the whole of it would: the header, and the
// document as far as the first item. What a slot reads of the document may be anywhere in it.
func (c *CallSpec) Settled(at record.Position, f Facts) bool {
	p := c.Page
	if p == nil || c.Job != nil || c.Columns != nil {
		return false
	}
	more := p.More
	if p.Number != nil && more == "" {
		more = p.Number.More
	}
	if more != "" && find(f.Envelope, more).Type != gjson.True {
		return false
	}
	if len(at.Token) == 0 {
		for _, path := range c.Carry {
			if !find(f.Envelope, path).Exists() {
				return false
			}
		}
	}
	switch {
	case p.LinkHeader != "", p.NextTokenHeader != "":
		return true
	case p.Next != nil:
		return !p.Next.reads("body", "") && !p.Next.reads("items", "")
	case p.Number != nil:
		return p.Number.Total == "" || find(f.Envelope, p.Number.Total).Exists()
	case p.Offset != nil:
		return false
	case p.Index != nil:
		return len(at.Token) > 0 || find(f.Envelope, p.Index.Count).Exists()
	}
	first := append(append([]string{}, p.NextURL...), p.NextToken...)
	return len(first) > 0 && find(f.Envelope, first[0]).String() != ""
}

// Foresees says whether the pages behind one that has not come yet are known: they are counted, and f, the last that has come,
// says how many there are. Then Next with its facts leads from each to the one behind it.
func (c *CallSpec) Foresees(f Facts) bool {
	p := c.Page
	switch {
	case p == nil || c.Job != nil:
		return false
	case p.Number != nil:
		_, known, err := whole(f.Envelope, p.Number.Total)
		return known && err == nil
	case p.Offset != nil:
		_, known, err := whole(f.Envelope, p.Offset.Total)
		return known && err == nil && f.Items > 0
	}
	return p.Index != nil && f.Envelope != nil
}

// LeadsOn says whether a page that leads to another one does so by the provider's word. Of pages that are counted, and whose
// number nobody states, it is for want of one: the next may be the empty one that ends them.
func (c *CallSpec) LeadsOn(f Facts) bool { return !c.Counts() || c.Foresees(f) }

// Fixed says whether the list of the parents is the same for each window of a walk.
func (p *Parents) Fixed() bool {
	call := &CallSpec{Request: p.Request, Page: p.Page}
	return !call.reads("window", "")
}

// Leads names the members at the top of a document that decide what comes behind a page with items. ok is false where more
// than they do: the number of the items, or what a slot reads.
func (c *CallSpec) Leads() (members []string, ok bool) {
	if c.Job != nil || c.Columns != nil || c.Each != "" || c.Whole || c.Format == "csv" || c.Format == "ndjson" || c.Compression == "gzip" {
		return nil, false
	}
	p := c.Page
	if p == nil {
		return nil, true
	}
	paths := slices.Concat(p.NextURL, p.NextToken, slices.Collect(maps.Values(c.Carry)), []string{p.More})
	switch {
	case p.Offset != nil, p.Next != nil && (p.Next.reads("body", "") || p.Next.reads("items", "")):
		return nil, false
	case p.Number != nil:
		paths = append(paths, p.Number.More, p.Number.Total)
	case p.Index != nil:
		paths = append(paths, p.Index.Count)
	}
	list := SplitPath(c.Items)[0]
	for _, path := range paths {
		name := SplitPath(path)[0]
		if name == list && path != "" {
			return nil, false // it may stand behind the list, within the same member
		}
		if path != "" && !slices.Contains(members, name) {
			members = append(members, name)
		}
	}
	return members, true
}
