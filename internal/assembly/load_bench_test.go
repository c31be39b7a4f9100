package assembly_test

import (
	"testing"

	"github.com/meterbridge/meterbridge/internal/assembly"
)

// BenchmarkCatalog is most of a start: every connector and mapping, read, checked and compiled.
func BenchmarkCatalog(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (assembly.Files{}).Catalog(); err != nil {
			b.Fatal(err)
		}
	}
}
