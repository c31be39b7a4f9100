package gateway_test

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	problems "github.com/meterbridge/meterbridge/internal/problem"
)

var update = flag.Bool("update", false, "write docs/errors.md and docs/limits.md anew")

const errorsHead = `# Errors and warnings

Every error, of ours and of a provider, has one shape, with the HTTP status of its code:

` + "```json" + `
{"statusCode":400,"error":"Bad Request","message":"limit is a whole number from 1 to 1000; got \"0\"","code":"invalid_parameter","request_id":"0b0e7a6e","details":{"parameter":"limit"}}
` + "```" + `

* ` + "`message`" + ` says what is wrong and what to do; it may change. ` + "`code`" + ` is stable.
* ` + "`request_id`" + ` is also the header ` + "`X-Request-Id`" + `, and stands in the log.
* ` + "`details`" + ` may name a ` + "`parameter`" + `, or what a provider said of fields.
* A provider's error adds ` + "`\"truto_is_remote_error\": true`" + `, ` + "`raw_response`" + ` (its body, parsed if it is JSON) and ` + "`truto_error_insight`" + `.
  Its 4xx keep their status; its 5xx are a 502 with its own in ` + "`details.status`" + `.
* ` + "`next_cursor`" + ` is there wherever a walk can go on behind the error; ` + "`Retry-After`" + ` wherever waiting helps, in whole seconds.

This file is generated from the tables of ` + "`internal/problem`" + `: ` + "`go test ./internal/gateway -run Documents -update`" + `.

`

// errorsDocument is docs/errors.md.
func errorsDocument() string {
	var b strings.Builder
	b.WriteString(errorsHead + "## Codes\n\n| code | status | what happened | what to do |\n|---|---|---|---|\n")
	for _, e := range problems.Table() {
		status := fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status))
		if e.Code == problems.ClientGone {
			status = fmt.Sprintf("%d, in logs only", e.Status)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", e.Code, status, cell(e.What), cell(e.Do))
	}
	b.WriteString("\n## Warnings\n\nA good answer says in `warnings`, or in the header `Meterbridge-Warning` where its body has no place for them, what its reader\nshould know.\n\n| code | what it says |\n|---|---|\n")
	for _, w := range problems.Warnings() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", w.Code, cell(w.What))
	}
	return b.String()
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

func TestDocumentsErrors(t *testing.T) { inStep(t, "../../docs/errors.md", errorsDocument()) }

// inStep compares a generated file with what is there, or writes it.
func inStep(t *testing.T, file, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) == want {
		return
	}
	for i, line := range strings.Split(want, "\n") {
		if had := strings.Split(string(got), "\n"); i >= len(had) || had[i] != line {
			t.Fatalf("%s:%d is not in step; run go test ./internal/gateway -run Documents -update\nwant %s", file, i+1, line)
		}
	}
	t.Fatalf("%s has more than it should; run go test ./internal/gateway -run Documents -update", file)
}

func TestEveryCodeSaysWhatHappenedAndWhatToDo(t *testing.T) {
	seen := map[problems.Code]bool{}
	for _, e := range problems.Table() {
		if e.What == "" || e.Do == "" || seen[e.Code] {
			t.Errorf("%s is said twice or not explained", e.Code)
		}
		seen[e.Code] = true
	}
}
