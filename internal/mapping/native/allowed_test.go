package native

import (
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/jq"
)

// arguments are those of functions whose arguments have to be something.
var arguments = map[string]string{
	"test": `"a"`, "match": `"a"`, "capture": `"(?<a>a)"`, "sub": `"a"; "b"`, "join": `","`, "contains": `"a"`, "inside": `"a"`, "index": `"a"`, "rindex": `"a"`,
	"indices": `"a"`, "strptime": `"%Y"`, "strftime": `"%Y"`, "format": `"csv"`, "path": `.a`, "paths": `. == 1`, "del": `.a`, "pick": `.a`, "delpaths": `[["a"]]`,
}

// Every function that a mapping may call is one of the engine's.
func TestAllowedFunctionsCompile(t *testing.T) {
	for _, sig := range jq.Functions() {
		name, n, _ := strings.Cut(sig, "/")
		text := name
		if n != "0" {
			args, given := arguments[name]
			if !given {
				args = "."
			}
			for strings.Count(args, ";") < int(n[0]-'1') {
				args += "; " + map[bool]string{true: "null", false: "."}[given]
			}
			text += "(" + args + ")"
		}
		code, findings := jq.Compile(jq.Source{File: "t", Text: text}, jq.Options{})
		if code == nil {
			t.Errorf("%s: %v", text, findings)
			continue
		}
		if _, reasons := Compile(code.Core(), 0, nil); len(reasons) > 0 {
			t.Errorf("%s: %v", text, reasons)
		}
	}
}
