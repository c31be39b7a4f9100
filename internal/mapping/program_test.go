package mapping

import (
	"os"
	"testing"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/mappings"
)

func model(t testing.TB) *Model {
	t.Helper()
	m, err := LoadModel(mappings.FS, "usage-metering")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func acme(t testing.TB) *Program {
	t.Helper()
	text, err := os.ReadFile("testdata/acme.jq")
	if err != nil {
		t.Fatal(err)
	}
	return compile(t, string(text))
}

func compile(t testing.TB, text string) *Program {
	t.Helper()
	p, findings := Compile(jq.Source{File: "acme.jq", Text: text}, model(t))
	for _, f := range findings {
		t.Error(f)
	}
	if p == nil {
		t.Fatal("no program")
	}
	return p
}
