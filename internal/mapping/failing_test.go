package mapping

import (
	"regexp"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/jq"
)

// TestErrorsNameTheExpression: the expression that failed, or the key that wrote what the model does not take.
func TestErrorsNameTheExpression(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"a function", "def usage: {id: .a,\n  start_date: (.b | rfc3339)};", "3:21"},
		{"a function with an argument", "def usage: {id: .a,\n  usage: {quantity: (.n |\n    dmul({}))}};", "4:5"},
		{"an iteration", "def usage:\n  .parts[]\n  | {id: .b[]};", "4:10"},
		{"an operator", "def usage: {id: .a, usage:\n  {quantity: (.n\n   / .b)}};", "4:4"},
		{"what the mapping raises", "def usage: {id: .a} | if .c then . else\n  error(\"no c\") end;", "3:3"},
		{"in a definition", "def when: rfc3339;\ndef usage: {id: .a, start_date: (.b | when)};", "2:11"},
		{"after an error that was caught", "def usage: {id: ((.b | dec)? // .a),\n  start_date: (try (.b | rfc3339) catch null), end_date: (.n | rfc3339)};", "3:64"},
		{"after an output", "def usage: {id: .a}, {id: \"y\",\n product: .b.c};", "3:11"},
		{"in a library", "include \"shared\";\ndef usage: {id: .a, start_date: (.b | shared_day)};", "shared.jq:3:3"},
		{"a value of the wrong type", "def usage: {id: .a,\n  metric_name: .n};", "3:3"},
		{"a value in a list", "def usage: {id: .a, charges: [.parts[] | {amount: 1, type: \"total\",\n  currency: .c}]};", "3:3"},
		{"one of two that write it", "def usage: {id: .a, charges: [\n  {currency: \"USD\", amount: 1, type: \"total\"},\n  {amount: 1, type: \"list\", currency: .empty}]};", "4:29"},
		{"a short key", "def usage: {id: .a,\n  dimensions: .parts};", "3:3"},
		{"a member that is not there", "def usage: {id: .a,\n  charges: [{amount: 1, type: \"total\"}]};", "3:3"},
		{"a member with a computed name", "def usage: {id: .a,\n  product: {id: .a, (.b): 1}};", "3:3"},
		{"no object", "def usage:\n  .n;", "2"},
		{"too much of it", "def usage: {id: .a, metric_name: (.parts | length | tostring)},\n  (.many[] | {id: \"x\"});", "2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			lib := jq.Source{File: "lib/shared.jq", Text: "# shared\ndef shared_day:\n  rfc3339;\n"}
			p, bad := Compile(jq.Source{File: "acme.jq", Text: "# acme\n" + c.text}, model(t), lib)
			if p == nil {
				t.Fatal(bad)
			}
			many := "[" + strings.Repeat("1,", jq.MaxOutputs) + "1]"
			got := emit(t, p, "usage", `{"a":"x","b":"nope","n":5,"empty":"","parts":[{"c":"USD"},{"c":"usd"},{"c":"EUR"}],"many":`+many+`}`, nil)
			if !strings.HasPrefix(c.want, "shared") {
				c.want = "acme.jq:" + c.want
			} else {
				c.want = "lib/" + c.want
			}
			if !strings.HasPrefix(got, "error: mapping usage: "+c.want+": ") {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

// unplaced is the message of a mapping's error without its place.
func unplaced(text string) string {
	return regexp.MustCompile(`^.*?acme\.jq:[0-9:]+ `).ReplaceAllString(text, "")
}
