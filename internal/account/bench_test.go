package account_test

import (
	"fmt"
	"testing"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/database/databasetest"
	"github.com/meterbridge/meterbridge/internal/secret"
)

// BenchmarkReseal seals 10,000 accounts with a new key.
func BenchmarkReseal(b *testing.B) {
	for name, address := range map[string]func(testing.TB) string{"sqlite": databasetest.SQLite, "postgres": databasetest.Postgres} {
		b.Run(name, func(b *testing.B) {
			where := address(b)
			first := stored(b, where, ring(b, 0))
			for i := range 10_000 {
				first.add(b, &account.Account{ID: fmt.Sprint("a", i), Connector: "acme", Credentials: map[string]secret.Value{"key": secret.New("x")}})
			}
			for i := byte(1); b.Loop(); i++ {
				if n, _, err := stored(b, where, ring(b, i, i-1)).Reseal(b.Context()); n != 10_000 || err != nil {
					b.Fatal(n, err)
				}
			}
		})
	}
}

// BenchmarkGet is what a request pays for its account.
func BenchmarkGet(b *testing.B) {
	r := stored(b, databasetest.SQLite(b), ring(b, 1))
	r.add(b, one())
	b.ReportAllocs()
	for b.Loop() {
		r.get(b, "one")
	}
}
