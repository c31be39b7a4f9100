package mapping

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/mapping/native"
	"github.com/meterbridge/meterbridge/internal/record"
)

// defective is a program whose compiled form is another's.
func defective(t *testing.T, text, compiled string) *Program {
	t.Helper()
	p := compile(t, "# acme\ndef usage: "+text+";")
	p.resources["usage"].engine = compile(t, "# acme\ndef usage: "+compiled+";").resources["usage"].engine
	return p
}

// ids runs items through a runner: the ids of their records, or errors.
func ids(r *Runner, items ...string) string {
	var got []string
	for _, item := range items {
		out := record.Batch{Buf: []byte("kept")}
		r.Scan([]byte(item), 0, true)
		if err := r.Emit(&out); err != nil {
			var e *Error
			errors.As(err, &e)
			got = append(got, e.Msg)
		}
		for i := range out.Len() {
			id, _, _ := strings.Cut(strings.TrimPrefix(string(out.JSON(i)), `{"id":"`), `"`)
			got = append(got, id)
		}
	}
	return strings.Join(got, " ")
}

func TestCheck(t *testing.T) {
	items := []string{`{"a":"1"}`, `{"a":"2"}`, `{"a":"3"}`, `{"a":"4"}`, `{"a":"5"}`}
	for _, c := range []struct {
		name, text, compiled string
		every                uint64
		want, told           string
	}{
		{"the same", `{id: .a}`, `{id: .a}`, 2, "1 2 3 4 5", "same same"},
		{"never", `{id: .a}`, `{id: "x"}`, 0, "x x x x x", ""},
		{"every one", `{id: .a}`, `{id: .a}`, 1, "1 2 3 4 5", "same same same same same"},
		{"a record differs, and is not served again", `{id: .a}`, `{id: "x"}`, 3, "x x 3 4 5", "other"},
		{"remote data differs", `{id: .a, remote_data: [1]}`, `{id: .a, remote_data: [2]}`, 3, "1 2 3 4 5", "other"},
		{"a warning differs", `{id: .a, warning: {code: "unpriced", message: "m"}}`, `{id: .a}`, 3, "1 2 3 4 5", "other"},
		{"fewer records", `{id: .a}, {id: .a}`, `{id: .a}`, 2, "1 2 2 3 3 4 4 5 5", "other"},
		{"an error", `if .a == "2" then error("e") else {id: .a} end`, `{id: .a}`, 2, "1 error: e 3 4 5", "other"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := defective(t, c.text, c.compiled)
			r := p.Runner("usage")
			var told []string
			r.Check(c.every, func(x Checked) {
				if x.File != "acme.jq" || x.Line != 2 || x.Panic != "" {
					t.Errorf("told %+v", x)
				}
				told = append(told, map[bool]string{true: "same", false: "other"}[x.Same])
			})
			if got := ids(r, items...); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if got := strings.Join(told, " "); got != c.told {
				t.Errorf("told %q, want %q", got, c.told)
			}
			if other := p.Runner("usage"); (other.machine == nil) != strings.Contains(c.told, "other") {
				t.Errorf("the next runner is compiled: %v", other.machine != nil)
			}
		})
	}
}

// TestChecksCountAcrossRunners: requests are short, and what they read counts together.
func TestChecksCountAcrossRunners(t *testing.T) {
	p, told := defective(t, `{id: .a}`, `{id: .a}`), 0
	for range 10 {
		r := p.Runner("usage")
		r.Check(5, func(Checked) { told++ })
		ids(r, `{"a":"1"}`, `{"a":"2"}`, `{"a":"3"}`)
		r.Close()
	}
	if told != 6 {
		t.Errorf("of 30 items %d were checked", told)
	}
}

// TestCompiledMappingThatFalls: a panic within is nobody's but ours, and the item is there all the same.
func TestCompiledMappingThatFalls(t *testing.T) {
	p := defective(t, `{id: .a}`, `{id: .a}`)
	r := p.Runner("usage")
	var told []Checked
	r.Check(1000, func(x Checked) { told = append(told, x) })
	r.take = func([]byte, native.Output, native.Output) ([]byte, bool) { panic("fell") }
	if got := ids(r, `{"a":"1"}`, `{"a":"2"}`); got != "1 2" || len(told) != 1 || told[0].Same || told[0].Panic != "fell" {
		t.Errorf("got %s, told %+v", got, told)
	}
	if p.Runner("usage").machine != nil {
		t.Error("it runs again")
	}
}

// TestACheckThatIsTooSlow serves what the compiled mapping made, unless nobody waits any more.
func TestACheckThatIsTooSlow(t *testing.T) {
	r := defective(t, `{id: .a}`, `{id: "x"}`).Runner("usage")
	r.Check(1, func(x Checked) { t.Errorf("told %+v", x) })
	ctx, cancel := context.WithCancel(t.Context())
	r.Scan([]byte(`{"a":"1"}`), 0, true)
	take := r.take
	r.take = func(b []byte, remote, said native.Output) ([]byte, bool) { // it ends while the compiled mapping runs
		cancel()
		return take(b, remote, said)
	}
	if err := r.EmitContext(ctx, &record.Batch{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
