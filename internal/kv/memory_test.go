package kv_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/kv"
	"github.com/meterbridge/meterbridge/internal/kv/kvtest"
)

func TestMemoryKeepsTheContract(t *testing.T) {
	kvtest.Contract(t, func(*testing.T) kv.Store {
		return kv.NewMemory(kv.MemoryConfig{MaxValue: kvtest.ContractMaxValue})
	})
}

func TestMemoryCountsByTheContract(t *testing.T) {
	kvtest.LimiterContract(t, func(*testing.T) kvtest.LimiterStore { return kv.NewMemory(kv.MemoryConfig{}) })
}

// However many buckets there are, they take no more memory than the store may.
func TestBucketsAreBounded(t *testing.T) {
	one := entrySize(t, "k0000", 8)
	m := kv.NewMemory(kv.MemoryConfig{MaxBytes: 10 * one})
	for i := range 1000 {
		if _, err := m.Take(t.Context(), kv.Bucket{Key: fmt.Sprintf("k%04d", i), Rate: kv.Rate{Requests: 1, Per: time.Hour}}); err != nil {
			t.Fatal(err)
		}
	}
	if s := m.Stats(); s.Entries != 10 || s.Bytes > 10*one {
		t.Errorf("%+v", s)
	}
}

// entrySize measures what one entry of a key and a value of this size counts.
func entrySize(t *testing.T, key string, size int) int64 {
	t.Helper()
	m := kv.NewMemory(kv.MemoryConfig{})
	if err := m.Set(t.Context(), key, make([]byte, size), time.Minute); err != nil {
		t.Fatal(err)
	}
	return m.Stats().Bytes
}

func TestMemoryEvictsTheLongestUnused(t *testing.T) {
	one := entrySize(t, "a", 100)
	for _, c := range []struct {
		name string
		max  int64
		kept string
	}{
		{"room for three", 3 * one, "abc"},
		{"one byte less", 3*one - 1, "ac"}, // a was read after b was written
		{"room for one", one, "c"},
		{"room for none", one - 1, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := kv.NewMemory(kv.MemoryConfig{MaxBytes: c.max})
			for i, key := range []string{"a", "b", "c"} {
				if i == 2 {
					_, _, _ = m.Get(t.Context(), "a")
				}
				if err := m.Set(t.Context(), key, make([]byte, 100), time.Minute); (err != nil) != (c.kept == "") {
					t.Fatal(err)
				}
			}
			kept := ""
			for _, key := range []string{"a", "b", "c"} {
				if _, ok, _ := m.Get(t.Context(), key); ok {
					kept += key
				}
			}
			st := m.Stats()
			if kept != c.kept || st.Entries != len(kept) || st.Bytes != one*int64(len(kept)) {
				t.Errorf("kept %q, %+v; want %q", kept, st, c.kept)
			}
		})
	}
}

func TestMemoryCountsWhatItHolds(t *testing.T) {
	now := time.Unix(1000, 0)
	m := kv.NewMemory(kv.MemoryConfig{Now: func() time.Time { return now }})
	for i := range 3 {
		for range 2 { // a value that is replaced counts once
			if err := m.Set(t.Context(), fmt.Sprint(i), make([]byte, 100), time.Minute); err != nil {
				t.Fatal(err)
			}
		}
	}
	if st := m.Stats(); st.Entries != 3 || st.Bytes != 3*entrySize(t, "0", 100) || st.Evicted != 0 {
		t.Errorf("%+v", st)
	}
	for _, c := range []struct {
		after time.Duration
		ok    bool
	}{{time.Minute - 1, true}, {time.Minute, false}} {
		now = time.Unix(1000, 0).Add(c.after)
		if _, ok, err := m.Get(t.Context(), "0"); ok != c.ok || err != nil {
			t.Errorf("after %s: %v, %v", c.after, ok, err)
		}
	}
	if st := m.Stats(); st.Entries != 2 {
		t.Errorf("an ended value stays: %+v", st)
	}
	if err := m.Set(t.Context(), "k", make([]byte, kv.DefaultMaxValue+1), time.Minute); err == nil {
		t.Error("the default bound of a value does not hold")
	}
	if m.Status() != "up" {
		t.Error(m.Status())
	}
}
