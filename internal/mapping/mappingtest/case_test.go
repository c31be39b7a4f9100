package mappingtest

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/connectors"
	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/mappings"
)

func testModel(t *testing.T) *mapping.Model {
	t.Helper()
	model, err := mapping.LoadModel(mappings.FS, "usage-metering")
	if err != nil {
		t.Fatal(err)
	}
	return model
}

// wrong is a defect, on purpose: where a program says "defect", another one takes its place.
func wrong(t *testing.T, model *mapping.Model) func(*mapping.Program) *mapping.Program {
	return func(p *mapping.Program) *mapping.Program {
		q, found := mapping.Compile(jq.Source{File: "made.jq", Text: strings.ReplaceAll(p.Source().Text, "ascii_downcase", "ascii_upcase")}, model)
		if q == nil {
			t.Fatal(found)
		}
		return q
	}
}

// TestADefectIsFoundAndMadeSmall: were ascii_downcase compiled wrongly, it would be found among programs at random, and
// what remains of the program and of the items would be what shows it.
func TestADefectIsFoundAndMadeSmall(t *testing.T) {
	model := testModel(t)
	m, err := NewMaker(model, connectors.FS)
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(500) {
		c := m.Case(Seeded(seed))
		c.other = wrong(t, model)
		p, err := c.Compile(model)
		if err != nil {
			continue
		}
		if err = c.Run(p, func(Gave) {}); err == nil {
			continue
		}
		small, err := c.Shrunk(30*time.Second, func(c *Case) error { return c.Differs(model) })
		if !errors.Is(err, ErrDiffer) || !strings.Contains(small.Text, "ascii_downcase") || len(small.Text) > 200 || len(small.Steps) != 1 {
			t.Errorf("%v\n%s", err, small)
		}
		return
	}
	t.Error("no program showed the defect")
}

func TestCasesAreWrittenDown(t *testing.T) {
	c := &Case{Text: "# x\ndef usage: {id: .a};", Override: "$base\n| .b = 1", Resource: "usage", Steps: []Step{
		{Item: []byte("{\"a\": \"\\u0000\xff\n-- item --\n\"}"), Roots: map[string][]byte{"$query": []byte(`{"q":1}`), "$page": {}}},
		{Item: []byte("{}"), Parent: []byte(`"p"`)},
		{Item: []byte{}, Roots: map[string][]byte{}},
	}}
	got, err := ParseCase([]byte(c.String()))
	if err != nil || !reflect.DeepEqual(got, c) {
		t.Errorf("%v\n%#v\n%#v", err, got, c)
	}
	if _, err := ParseCase([]byte("-- item --\nno text")); !errors.Is(err, errCase) {
		t.Error(err)
	}
}

// TestThePairSeesWhatACallerSees: differences in records, remote data, warnings and errors are differences.
func TestThePairSeesWhatACallerSees(t *testing.T) {
	model := testModel(t)
	const base = `{id: "a", remote_data: [1], warning: {code: "unpriced", message: "m"}}`
	program := func(text string) *mapping.Program {
		p, found := mapping.Compile(jq.Source{File: "made.jq", Text: "# x\ndef usage: " + text + ";"}, model)
		if p == nil {
			t.Fatal(found)
		}
		return p
	}
	for name, other := range map[string]string{
		"record":      `{id: "b", remote_data: [1], warning: {code: "unpriced", message: "m"}}`,
		"remote data": `{id: "a", remote_data: [2], warning: {code: "unpriced", message: "m"}}`,
		"warning":     `{id: "a", remote_data: [1], warning: {code: "unpriced", message: "n"}}`,
		"another":     base + `, {id: "b"}`,
		"none":        `empty`,
		"an error":    base + ` | error("x")`,
	} {
		if _, err := newPair(program(base), program(other), "usage").Item([]byte("{}"), true); !errors.Is(err, ErrDiffer) {
			t.Errorf("%s: %v", name, err)
		}
	}
	pair := newPair(program(base), program(base), "usage")
	for item, want := range map[string]Result{"{}": Records, "{": Malformed, " 1 ": Records} {
		if res, err := pair.Item([]byte(item), true); res != want || err != nil {
			t.Errorf("%s: %v, %v", item, res, err)
		}
	}
	if res, err := newPair(program(`error("x")`), program(`error("x")`), "usage").Item([]byte("{}"), true); res != Failed || err != nil {
		t.Error(res, err)
	}
	if _, err := newPair(program(`error("x")`), program(`error("y")`), "usage").Item([]byte("{}"), true); !errors.Is(err, ErrDiffer) {
		t.Error(err)
	}
}
