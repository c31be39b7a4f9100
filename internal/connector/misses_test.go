package connector

import (
	"strings"
	"testing"
)

// TestMisses: what somebody who has only read the documentation gets wrong has one finding each, which says what to do.
func TestMisses(t *testing.T) {
	list := func(more string) string { return minimal("resources: { usage: { list: { " + more + " } } }\n") }
	for _, c := range []struct{ name, text, want string }{
		{"a function that is none of the house's dates", list(`get: /usage, query: { from: "{{ .now | dateformat }}" }`),
			"acme.yaml:4:70: unknown-function: dateformat is not defined (fix: the dates are date, "},
		{"a condition in braces", minimal("errors: { rules: [{ when: '{{ .status == 200 }}', code: plan_unsupported }] }\n" + oneResource), "(fix: conditions have no braces: .status == 200)"},
		{"a condition that assigns", minimal("errors: { rules: [{ when: '.status = 200', code: plan_unsupported }] }\n" + oneResource), "assignment: = assigns, and decides nothing (fix: did you mean ==?)"},
		{"a page of nothing", list("get: /usage, page: {}"), "missing: nothing leads to the next page (fix: " + toNext + ")"},
		{"a list for a path", list("get: /usage, page: { more: [has_more], next_token: next, token_param: t }"), "acme.yaml:4:58: type: here stands a list, wanted is path (fix: such as data.items)"},
		{"a page without a way", list("get: /usage, page: { token_param: t }"), "acme.yaml:4:52: unused: token_param, and nothing leads to the next page (fix: " + toNext + ")"},
		{"a page size that nobody sends", list("get: /usage, page: { next_url: next, size: { default: 10 } }"), "acme.yaml:4:68: unused: a page size, and nothing sends it (fix: add param: the query parameter that takes it, or key, or a slot that reads .page_size)"},
		{"a page size that a slot sends", list(`get: "/usage/{{ .page_size }}", page: { next_url: next, size: { default: 10 } }`), ""},
		{"a text for a number", list(`get: /usage, query: { from: "{{ .now | add_days(\"1\") }}" }`), "argument: add_days takes a number (fix: write it without quotes: add_days(-1))"},
		{"a span for a date", list(`get: /usage, query: { from: "{{ .range | date }}" }`), "span: .range is an object of start and end, and date takes a date (fix: .range.start | date)"},
		{"an open slot", list(`get: "/usage/{{ .now"`), "slot: {{ without its }} (fix: close the slot with }})"},
		{"an open quote", "connector: acme\ntitle: \"Acme\nresources:\n  usage: { list: { get: \"/usage\" } }\n", "acme.yaml:2:1: yaml: a quote that is opened here is not closed where it should be"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, f := range LintFile("acme.yaml", []byte(c.text)) {
				got = append(got, f.String())
			}
			if s := strings.Join(got, "\n"); c.want == "" && s != "" || !strings.Contains(s, c.want) || len(got) > 1 {
				t.Errorf("\n got %s\nwant %s", s, c.want)
			}
		})
	}
}
