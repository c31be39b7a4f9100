package connector

import (
	"slices"
	"testing"
)

// TestWhatLeadsToTheNextPage: the members at the top of a document, where they alone do.
func TestWhatLeadsToTheNextPage(t *testing.T) {
	for _, c := range []struct {
		name string
		spec CallSpec
		want []string
		ok   bool
	}{
		{"no pages", CallSpec{ItemSpec: ItemSpec{Items: "data", Format: "json", Compression: "none"}}, nil, true},
		{"a token", CallSpec{ItemSpec: ItemSpec{Items: "data"}, Page: &Page{NextToken: []string{"meta.next", "meta.other", "cursor"}}}, []string{"meta", "cursor"}, true},
		{"a link, a flag and what is carried", CallSpec{ItemSpec: ItemSpec{Items: "data"}, Page: &Page{NextURL: []string{"links.next"}, More: "more"}, Carry: map[string]string{"n": "total.n"}}, []string{"links", "total", "more"}, true},
		{"a header", CallSpec{ItemSpec: ItemSpec{Items: "data"}, Page: &Page{LinkHeader: "next"}}, nil, true},
		{"a number", CallSpec{ItemSpec: ItemSpec{Items: "data"}, Page: &Page{Number: &NumberPages{Total: "pages"}}}, []string{"pages"}, true},
		{"an offset", CallSpec{ItemSpec: ItemSpec{Items: "data"}, Page: &Page{Offset: &OffsetPages{}}}, nil, false},
		{"a token within what is around the list", CallSpec{ItemSpec: ItemSpec{Items: "data.lines"}, Page: &Page{NextToken: []string{"data.next"}}}, nil, false},
		{"items within items", CallSpec{ItemSpec: ItemSpec{Items: "data", Each: "results"}}, nil, false},
		{"a table", CallSpec{ItemSpec: ItemSpec{Format: "csv"}}, nil, false},
		{"a file", CallSpec{ItemSpec: ItemSpec{Items: "data", Compression: "gzip"}}, nil, false},
		{"a job", CallSpec{ItemSpec: ItemSpec{Items: "data"}, Job: &JobSpec{}}, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, ok := c.spec.Leads(); ok != c.ok || !slices.Equal(got, c.want) {
				t.Errorf("%v, %v", got, ok)
			}
		})
	}
}
