package mapping

import (
	"flag"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

var update = flag.Bool("update", false, "write the goldens")

// golden compares with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := "testdata/" + name
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s differs; -update writes it\n%s", path, got)
	}
}

func TestSchemas(t *testing.T) {
	m := model(t)
	if got := strings.Join(m.Names(), " "); got != "usage products organizations workspaces users" {
		t.Error(got)
	}
	for _, name := range m.Names() {
		golden(t, name+".schema.json", m.Schema(name))
	}
	if m.Schema("nothing") != nil || m.Fields("nothing") != nil || m.Resource("nothing") != nil {
		t.Error("a resource that there is not")
	}
}

// The order of a usage record is the contract's.
func TestFields(t *testing.T) {
	var b strings.Builder
	for _, f := range model(t).Fields("usage") {
		b.WriteString(f.Path + " " + string(f.Type))
		if f.Required {
			b.WriteString(" required")
		} else if f.Always {
			b.WriteString(" always")
		}
		b.WriteString("\n")
	}
	golden(t, "usage.fields.txt", []byte(b.String()))
}

func TestModelErrors(t *testing.T) {
	const id = "resources:\n  r:\n    fields:\n      id: { type: id, required: true, meaning: x }\n"
	for _, c := range []struct{ name, text, want string }{
		{"no YAML", "a: [", "m/model.yaml: yaml: line 1: did not find expected node content"},
		{"an unknown key", "modl: x", `m/model.yaml:1:1: unknown key "modl", known are [model title meaning resources]`},
		{"no resources", "model: x", "m/model.yaml:1:1: a mapping with at least one name is expected"},
		{"an unknown key of a field", id + "      a: { type: string, meaning: x, optional: true }", `m/model.yaml:5:38: unknown key "optional", known are [type always required needs values meaning fields]`},
		{"an unknown type", id + "      a: { type: text, meaning: x }", `m/model.yaml:5:10: a: unknown type "text", known are [id string number boolean date currency object list map]`},
		{"a wrong type", id + "      a: { type: string, meaning: x, always: 7 }", "m/model.yaml:5:10: yaml: unmarshal errors:\n  line 5: cannot unmarshal !!int `7` into bool"},
		{"no meaning", id + "      a: { type: string }", "m/model.yaml:5:10: a: the meaning is missing"},
		{"an object without fields", id + "      a: { type: object, meaning: x }", "m/model.yaml:5:10: a: an object and a list have fields, and nothing else has"},
		{"a string with fields", id + "      a: { type: string, meaning: x, fields: { b: { type: id, meaning: y } } }", "m/model.yaml:5:10: a: an object and a list have fields, and nothing else has"},
		{"a need that is no member", id + "      a: { type: object, meaning: x, needs: c, fields: { b: { type: id, meaning: y } } }", `m/model.yaml:5:10: a needs "c", which is no member`},
		{"no id", "resources:\n  r:\n    fields:\n      a: { type: id, required: true, meaning: x }\n", "m/model.yaml:3:5: the first field of r must be id, of type id and required"},
	} {
		_, err := LoadModel(fstest.MapFS{"m/model.yaml": {Data: []byte(c.text)}}, "m")
		if got := strings.TrimPrefix(errText(err), "reading the model: "); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
	if _, err := LoadModel(fstest.MapFS{}, "m"); err == nil {
		t.Error("no file")
	}
}

func errText(err error) string {
	if err == nil {
		return "nil"
	}
	return err.Error()
}

// FuzzParseModel: an operator's file is refused or understood.
func FuzzParseModel(f *testing.F) {
	f.Add("resources:\n  r:\n    fields:\n      id: { type: id, required: true, meaning: x }\n      l: { type: list, meaning: x, fields: { a: { type: map, meaning: y } } }")
	f.Add("a: &a [*a]")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ParseModel("m", []byte(text))
		if err != nil {
			return
		}
		for _, name := range m.Names() {
			if len(m.Fields(name)) == 0 || len(m.Schema(name)) == 0 {
				t.Fatalf("%q: the resource %q is empty", text, name)
			}
		}
	})
}
