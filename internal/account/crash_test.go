package account_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/database/databasetest"
	"github.com/meterbridge/meterbridge/internal/secret"
)

const crashEnv = "MB_TEST_CRASH_DATABASE"

// TestWriteUntilKilled is no test: it is what TestAKilledWriterLeavesNoHalf kills.
func TestWriteUntilKilled(t *testing.T) {
	address := os.Getenv(crashEnv)
	if address == "" {
		t.Skip("run by TestAKilledWriterLeavesNoHalf")
	}
	r := stored(t, address, ring(t, 1))
	for i := 0; ; i++ {
		a := &account.Account{ID: fmt.Sprint("a", i), Connector: "acme", Credentials: map[string]secret.Value{}}
		for c := range 20 {
			a.Credentials[fmt.Sprint("c", c)] = secret.New("first")
		}
		r.add(t, a)
		if _, err := r.Update(t.Context(), a.ID, func(a *account.Account) error {
			a.TenantID = "second"
			for name := range a.Credentials {
				a.Credentials[name] = secret.New("second")
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		fmt.Println("wrote", i)
	}
}

// TestAKilledWriterLeavesNoHalf: whenever a writer is killed, each account is as it was before a change or after it, and the
// database opens.
func TestAKilledWriterLeavesNoHalf(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, address string) {
		stored(t, address, ring(t, 1)) // the tables are there
		for range 3 {
			writer := exec.Command(os.Args[0], "-test.run", "^TestWriteUntilKilled$")
			writer.Env = append(os.Environ(), crashEnv+"="+address)
			out, err := writer.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := writer.Start(); err != nil {
				t.Fatal(err)
			}
			for lines, wrote := bufio.NewScanner(out), 0; wrote < 10 && lines.Scan(); {
				if strings.HasPrefix(lines.Text(), "wrote") {
					wrote++
				}
			}
			_ = writer.Process.Kill() // amid the next change
			_ = writer.Wait()
			r := stored(t, address, ring(t, 1))
			n := 0
			err = account.All(t.Context(), r, account.Query{}, func(a *account.Account) bool {
				n++
				whole(t, r, a.ID)
				return true
			})
			if err != nil || n < 10 {
				t.Fatalf("%d accounts, %v", n, err)
			}
			for i := range n { // the next writer begins anew
				if err := r.Delete(t.Context(), fmt.Sprint("a", i)); err != nil && !errors.Is(err, account.ErrNotFound) {
					t.Fatal(err)
				}
			}
		}
	})
}

func whole(t *testing.T, r *replica, id string) {
	t.Helper()
	a := r.get(t, id)
	want := "first"
	if a.TenantID != "" {
		want = a.TenantID
	}
	if a.Unreadable || len(a.Credentials) != 20 {
		t.Errorf("%s has %d credentials, unreadable: %v", id, len(a.Credentials), a.Unreadable)
	}
	for name, v := range a.Credentials {
		if v.Reveal() != want {
			t.Errorf("%s has %s of another change", id, name)
		}
	}
}
