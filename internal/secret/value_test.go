package secret

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const canary = "canary-7f3a91"

// holder has the value where fmt may not call its methods.
type holder struct {
	Name   string
	Public Value
	hidden Value
	list   []Value
	byName map[string]Value
	ptr    *Value
}

func newHolder() holder {
	v := New(canary)
	return holder{Name: "h", Public: v, hidden: v, list: []Value{v}, byName: map[string]Value{"k": v}, ptr: &v}
}

func TestValueNeverPrints(t *testing.T) {
	v := New(canary)
	outputs := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T %v", "%10.3s", "%w", "%p", "%!", "%z"} {
		for name, arg := range map[string]any{"value": v, "pointer": &v, "slice": []Value{v}, "map": map[string]Value{"k": v}, "holder": newHolder(), "holder pointer": new(newHolder())} {
			outputs["fmt "+verb+" "+name] = fmt.Sprintf(verb, arg)
		}
	}
	outputs["surplus argument"] = fmt.Sprintf(strings.Clone("x"), v)
	outputs["wrapped error"] = fmt.Errorf("signing with %v: %w", v, errors.New("x")).Error()
	outputs["Sprint"] = fmt.Sprint(v, &v, newHolder())
	outputs["String"], outputs["GoString"] = v.String(), v.GoString()

	for name, marshal := range map[string]func(any) ([]byte, error){
		"json": json.Marshal, "xml": xml.Marshal, "yaml": yaml.Marshal,
	} {
		arg := any(newHolder())
		if name == "xml" { // has no maps
			arg = v
		}
		b, err := marshal(arg)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !strings.Contains(string(b), Redacted) {
			t.Errorf("%s does not say %s: %s", name, Redacted, b)
		}
		outputs[name] = string(b)
	}
	text, err := v.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	outputs["text"] = string(text)
	inYAML, err := v.MarshalYAML()
	if err != nil {
		t.Fatal(err)
	}
	outputs["yaml"] = fmt.Sprint(inYAML)

	var log bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(h).Info("m", "value", v, "holder", newHolder(), "group", slog.GroupValue(slog.Any("k", v)))
	}
	outputs["slog"] = log.String()

	for name, out := range outputs {
		if strings.Contains(out, canary) || strings.Contains(out, fmt.Sprintf("%x", canary)) {
			t.Errorf("%s shows the secret: %s", name, out)
		}
	}
	for _, name := range []string{"fmt %v value", "fmt %+v pointer", "fmt %#v value", "fmt %s value", "fmt %q value", "fmt %x value", "String", "GoString", "text", "yaml"} {
		if outputs[name] != Redacted {
			t.Errorf("%s = %q, want %q", name, outputs[name], Redacted)
		}
	}
}

// TestPanicNeverPrints re-runs the test binary, because a panic's text is the runtime's and can't be caught.
func TestPanicNeverPrints(t *testing.T) {
	if os.Getenv("SECRET_PANIC") != "" {
		panic(New(canary))
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestPanicNeverPrints$")
	cmd.Env = append(os.Environ(), "SECRET_PANIC=1", "GOTRACEBACK=all")
	out, err := cmd.CombinedOutput()
	if err == nil || !bytes.Contains(out, []byte("panic: ")) {
		t.Fatalf("the child did not panic: %v\n%s", err, out)
	}
	if bytes.Contains(out, []byte(canary)) {
		t.Fatalf("the panic shows the secret:\n%s", out)
	}
}

func TestValueRevealsItsText(t *testing.T) {
	for _, c := range []struct {
		text string
		zero bool
	}{{"", true}, {canary, false}, {" ", false}, {"\x00", false}} {
		if v := New(c.text); v.Reveal() != c.text || v.IsZero() != c.zero {
			t.Errorf("New(%q): Reveal %q, IsZero %v", c.text, v.Reveal(), v.IsZero())
		}
	}
	if z := (Value{}); z.Reveal() != "" || !z.IsZero() || z.String() != Redacted {
		t.Error("the zero value is not the empty secret")
	}
}
