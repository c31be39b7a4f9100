package principal_test

import (
	"context"
	"errors"
	"testing"

	"github.com/meterbridge/meterbridge/internal/principal"
	"github.com/meterbridge/meterbridge/internal/principal/principaltest"
)

func TestMemory(t *testing.T) {
	principaltest.Run(t, func(*testing.T) principal.Store { return new(principaltest.Memory) })
}

func TestReplaceIsAllOrNothing(t *testing.T) {
	ctx := context.Background()
	one, two := &principal.Principal{Name: "one", Sum: principal.SumOf("one")}, &principal.Principal{Name: "two", Sum: principal.SumOf("one")}
	s, err := principal.NewStatic(one)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Replace([]*principal.Principal{two, {Name: "twin", Sum: two.Sum}}); err == nil {
		t.Fatal("the same token twice is taken")
	}
	if p, err := s.Find(ctx, one.Sum); p != one || err != nil {
		t.Errorf("the running set is gone: %v, %v", p, err)
	}
	for i := range one.Sum {
		sum := one.Sum
		sum[i] ^= 1
		if _, err := s.Find(ctx, sum); !errors.Is(err, principal.ErrUnknown) {
			t.Errorf("a hash that differs in byte %d: %v", i, err)
		}
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := s.Find(gone, one.Sum); err == nil || errors.Is(err, principal.ErrUnknown) {
		t.Errorf("a caller that left: %v", err)
	}
}
