package cursor

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/kv"
)

func TestPagesComeBack(t *testing.T) {
	now := time.Unix(1789000000, 0)
	clock := func() time.Time { return now }
	p := NewPages(Config{Keys: keys(t, 1), Store: kv.NewMemory(kv.MemoryConfig{Now: clock}), TTL: time.Hour, Now: clock})
	ctx := t.Context()
	for _, c := range []struct {
		name string
		size int
		kept bool
	}{{"empty", 0, true}, {"small", 100, true}, {"at the bound", MaxPage, true}, {"past the bound", MaxPage + 1, false}} {
		key, body := p.Key([]byte(c.name)), bytes.Repeat([]byte("x"), c.size)
		p.Put(ctx, key, body)
		got, ok := p.Get(ctx, key)
		if ok != c.kept || ok && !bytes.Equal(got, body) {
			t.Errorf("%s: %d bytes, %v", c.name, len(got), ok)
		}
	}
	if st := p.Stats(); st.Hits != 3 || st.Misses != 1 || st.Puts != 3 || st.TooLarge != 1 || st.Errors != 0 {
		t.Errorf("%+v", st)
	}
	key := p.Key([]byte("job"))
	p.PutTTL(ctx, key, []byte("id"), time.Minute)
	for _, c := range []struct {
		after     time.Duration
		page, job bool
	}{{time.Minute - 1, true, true}, {time.Minute, true, false}, {time.Hour - 1, true, false}, {time.Hour, false, false}} {
		now = time.Unix(1789000000, 0).Add(c.after)
		if _, ok := p.Get(ctx, p.Key([]byte("small"))); ok != c.page {
			t.Errorf("after %s: page %v", c.after, ok)
		}
		if _, ok := p.Get(ctx, key); ok != c.job {
			t.Errorf("after %s: job %v", c.after, ok)
		}
	}
	p.PutTTL(ctx, key, []byte("id"), 0)
	if _, ok := p.Get(ctx, key); ok {
		t.Error("kept for no time at all")
	}
}

func TestPageKeysDiffer(t *testing.T) {
	p := NewPages(Config{Keys: keys(t, 1)})
	seen := map[[32]byte]string{}
	for name, key := range map[string][32]byte{
		"ab c": p.Key([]byte("ab"), []byte("c")), "a bc": p.Key([]byte("a"), []byte("bc")), "abc": p.Key([]byte("abc")),
		"another ring": NewPages(Config{Keys: keys(t, 2)}).Key([]byte("abc")),
	} {
		if other, ok := seen[key]; ok {
			t.Errorf("%s and %s share a key", name, other)
		}
		seen[key] = name
	}
	if first, second := p.Key([]byte("abc")), p.Key([]byte("abc")); first != second {
		t.Error("the same parts give another key")
	}
}

func TestPagesNeverFail(t *testing.T) {
	s := &plainStore{values: map[string][]byte{}}
	p := NewPages(Config{Keys: keys(t, 1), Store: s})
	ctx := t.Context()
	a, b := p.Key([]byte("a")), p.Key([]byte("b"))
	p.Put(ctx, a, []byte("page a"))
	p.Put(ctx, b, []byte("page b"))

	s.values[pageName(a)], s.values[pageName(b)] = s.values[pageName(b)], s.values[pageName(a)]
	if body, ok := p.Get(ctx, a); ok {
		t.Errorf("another key's page: %q", body)
	}
	s.values[pageName(a)] = []byte("short")
	if body, ok := p.Get(ctx, a); ok {
		t.Errorf("garbage: %q", body)
	}
	s.err = kv.ErrDown
	if _, ok := p.Get(ctx, a); ok {
		t.Error("a page from a store that is down")
	}
	p.Put(ctx, a, nil)
	if st := p.Stats(); st.Corrupt != 2 || st.Errors != 2 || st.Misses != 3 {
		t.Errorf("%+v", st)
	}
	left, cancel := context.WithCancel(ctx)
	cancel()
	p.Get(left, a)
	p.Put(left, a, nil)
	if st := p.Stats(); st.Errors != 2 {
		t.Errorf("a caller that left counts as an error of the store: %+v", st)
	}
	none := NewPages(Config{Keys: keys(t, 1)})
	none.Put(ctx, a, []byte("x"))
	if _, ok := none.Get(ctx, a); ok || none.Stats().Misses != 1 {
		t.Errorf("without a store: %v, %+v", ok, none.Stats())
	}
}
