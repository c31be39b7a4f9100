package admin_test

import (
	"bytes"
	"errors"
	"net/http/httptest"
	"testing"

	"github.com/meterbridge/meterbridge/internal/admin"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// FuzzRead: whatever is sent, it is read or refused with a problem that is the sender's to mend.
func FuzzRead(f *testing.F) {
	for _, body := range []string{``, `{}`, `{"id":1}`, `{"connector":"acme","context":{"a":[1e400,null]},"credentials":{"k":null}}`, `{"overrides":{"mappings":{"usage":"."},"requests":{}}}`, `[[[[`, `{} {}`, `{"nope":"canary"}`, "\xff"} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var d admin.AccountDraft
		err := admin.Read(httptest.NewRequest("POST", "/", bytes.NewReader(body)), &d)
		var p *problem.Problem
		if err != nil && (!errors.As(err, &p) || p.Status >= 500) {
			t.Fatalf("%q: %v", body, err)
		}
	})
}

func TestABodyIsBounded(t *testing.T) {
	for size, good := range map[int]bool{admin.MaxBody: true, admin.MaxBody + 1: false} {
		body := append([]byte(`{"connector":"`), bytes.Repeat([]byte("x"), size-len(`{"connector":""}`))...)
		var d admin.AccountDraft
		err := admin.Read(httptest.NewRequest("POST", "/", bytes.NewReader(append(body, `"}`...))), &d)
		if (err == nil) != good {
			t.Errorf("%d bytes: %v", size, err)
		}
		var p *problem.Problem
		if !good && (!errors.As(err, &p) || p.Code != problem.TooLarge) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}
