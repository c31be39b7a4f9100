package proxy

import (
	"bytes"
	"syscall"
	"testing"

	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/record"
	"github.com/meterbridge/meterbridge/internal/simulate"
)

// BenchmarkRecorded maps the items of every cassette with all that stands beside them, compiled and by gojq alone.
func BenchmarkRecorded(b *testing.B) {
	catalog := installed(b)
	for _, c := range cassettes(b) {
		pages := recordedPages(b, portableHouse(b, c, catalog), c)
		b.Run(c.Name+"/compiled", func(b *testing.B) { mapPages(b, catalog.Mappings[c.Name], pages) })
		b.Run(c.Name+"/gojq", func(b *testing.B) { mapPages(b, catalog.Mappings[c.Name].Interpreted(), pages) })
	}
}

// recordedPage is what a walk bound a mapping to, and the items that it was given then.
type recordedPage struct {
	resource string
	vars     *mapping.Vars
	items    [][]byte
}

func recordedPages(b *testing.B, p *Proxy, c *simulate.Cassette) (pages []recordedPage) {
	for _, ask := range c.Requests {
		if ask.Via != "unified" || ask.Format != "unified" {
			continue // other formats have the same items
		}
		var bound *page
		eachItem(b, p, c.Name, ask, func(w *walk) {
			if bound != w.page || w.item.Parent != nil {
				bound = w.page
				pages = append(pages, recordedPage{resource: w.mapped, vars: cloned(w.itemRoots())})
			}
			last := &pages[len(pages)-1]
			last.items = append(last.items, bytes.Clone(w.item.Raw))
		})
	}
	return pages
}

// cloned are roots that outlive their page.
func cloned(v *mapping.Vars) *mapping.Vars {
	return &mapping.Vars{Query: bytes.Clone(v.Query), Account: bytes.Clone(v.Account), Call: bytes.Clone(v.Call), Page: bytes.Clone(v.Page),
		Lookups: bytes.Clone(v.Lookups), Parent: bytes.Clone(v.Parent), Carry: bytes.Clone(v.Carry)}
}

// pageTimes is how often a page's items are mapped before the next page's: a provider's pages are longer than a cassette's.
const pageTimes = 32

// mapPages maps all items, each with what its page was bound to. Binding is no part of it.
func mapPages(b *testing.B, p *mapping.Program, pages []recordedPage) {
	runners := make([]*mapping.Runner, len(pages))
	size := 0
	for i, page := range pages {
		runners[i] = p.Runner(page.resource)
		defer runners[i].Close()
		if err := runners[i].Bind(page.vars); err != nil {
			b.Fatal(err)
		}
		for _, item := range page.items {
			size += len(item)
		}
	}
	var out record.Batch
	b.SetBytes(int64(size) * pageTimes)
	b.ReportAllocs()
	used := core(b)
	for b.Loop() {
		for i, page := range pages {
			for range pageTimes {
				for _, item := range page.items {
					out.Reset()
					runners[i].Scan(item, 0, true)
					if err := runners[i].Emit(&out); err != nil {
						b.Fatal(err)
					}
				}
			}
		}
	}
	b.ReportMetric(float64(core(b)-used)/float64(b.N), "core-ns/op")
}

// core is the time that this process has taken of all cores, which is the same whatever else a machine does.
func core(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
