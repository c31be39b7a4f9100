package connector

import "strings"

// examples are values of what is wanted, by how a finding calls it.
var examples = map[string]string{
	"path": "data.items", "jq": ".body.next", "condition": ".status == 404", "jq without braces": `.body.state == "done"`,
	"text, with jq in {{ }}": `"/v1/usage/{{ .context.project }}"`, "true or false": "true",
	"a whole number, not negative": "100", "a list": "[data.items]", "a name": "usage", "a key": "usage",
	"a text": `"v1"`, "a value, or a list of values": `"{{ .window.start | date }}"`,
}

// example says what to write for what is wanted, "" where that says it already.
func example(want string) string {
	if e := examples[want]; e != "" {
		return "such as " + e
	}
	if keys, ok := strings.CutPrefix(want, "an object with "); ok {
		key, _, _ := strings.Cut(keys, ", ")
		return "such as { " + key + ": … }"
	}
	if want == "an object" {
		return "such as { name: value }"
	}
	return ""
}
