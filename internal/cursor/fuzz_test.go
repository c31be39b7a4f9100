package cursor

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/kv"
	"github.com/meterbridge/meterbridge/internal/problem"
)

func FuzzOpen(f *testing.F) {
	c := New(Config{Keys: keys(f, 1), Store: kv.NewMemory(kv.MemoryConfig{})})
	foreign, err := c.Mint(f.Context(), "another account", query, small)
	if err != nil {
		f.Fatal(err)
	}
	position, _ := small.AppendBinary(nil)
	for _, seed := range []string{foreign, foreign + "=", "c1.", "c1." + strings.Repeat("A", 100), string(position), strings.Repeat("k", storeKeySize)} {
		f.Add(seed)
	}
	mac := c.cfg.Keys.MAC(labelAccount, []byte(account))
	own := payload{issued: time.Now().UnixMilli()}
	copy(own.account[:], mac[:])
	f.Fuzz(func(t *testing.T, in string) {
		if o, err := c.Open(t.Context(), in, account); err == nil {
			t.Fatalf("%q opened: %+v", in, o)
		} else if problem.From(err).Code != problem.CursorInvalid {
			t.Fatalf("%q: %v", in, err)
		}
		// The same bytes under a good seal, as another release might have sealed them: whole, as a position, as a key.
		whole := tokenPrefix + text.EncodeToString(c.cfg.Keys.Seal(labelToken, []byte(in), []byte(tokenAAD)))
		inline, stored := own, own
		inline.body, stored.body, stored.stored = []byte(in), []byte(in), true
		for _, token := range []string{whole, encode(c.cfg.Keys, inline), encode(c.cfg.Keys, stored)} {
			if _, err := c.Open(t.Context(), token, account); err != nil && problem.From(err).Status != 400 {
				t.Fatalf("%q: %v", in, err)
			}
		}
	})
}

func BenchmarkMint(b *testing.B) {
	c := New(Config{Keys: keys(b, 1)})
	m := c.For(account, query)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = m.Mint(context.Background(), small)
	}
}
