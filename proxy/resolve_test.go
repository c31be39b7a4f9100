package proxy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/problem"
)

func TestWarningsAreBounded(t *testing.T) {
	var q request
	kind := func(n int) problem.Warning {
		return problem.Warning{Code: problem.WarnNoDataYet, Message: fmt.Sprintf("month %d", n)}
	}
	for n := range maxWarnings {
		q.warn(kind(n), kind(n))
	}
	if len(q.warnings) != maxWarnings {
		t.Fatalf("%d warnings, want %d", len(q.warnings), maxWarnings)
	}
	q.warn(problem.Warning{Code: problem.WarnRangeCut, Message: "x"})
	for n := range 5 {
		q.warn(kind(maxWarnings + n))
	}
	if len(q.warnings) != maxWarnings+1 {
		t.Fatalf("%d warnings, want the bound and one of another kind", len(q.warnings))
	}
	if got := q.warnings[maxWarnings-1].Message; !strings.HasPrefix(got, "and 6 more") || !strings.HasSuffix(got, "month 24") {
		t.Errorf("the last is %q", got)
	}
}
