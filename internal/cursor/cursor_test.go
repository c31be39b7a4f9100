package cursor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/kv"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
	"github.com/meterbridge/meterbridge/internal/secret"
)

const account = "acct-canary-1"

var (
	query = [16]byte{1, 2, 3}
	small = record.Position{Now: 1789, Window: 5, Rev: 7, Call: 1, Token: []byte("next-canary"), Job: []byte("job-canary"), Carry: []byte(`{"a":1}`), Parent: []byte(`["t1",{"id":"t1"}]`), Size: 100, Item: 7, Out: 2, Anchor: 99}
)

// large has a compact form of exactly size bytes.
func large(t testing.TB, size int) record.Position {
	t.Helper()
	p := small
	for n := size; n > 0; n-- {
		p.Token = bytes.Repeat([]byte("x"), n)
		if b, _ := p.AppendBinary(nil); len(b) == size {
			return p
		}
	}
	t.Fatalf("no position of %d bytes", size)
	return p
}

func keys(t testing.TB, all ...byte) *secret.Keyring {
	t.Helper()
	var ks [][]byte
	for _, b := range all {
		ks = append(ks, bytes.Repeat([]byte{b}, secret.KeySize))
	}
	r, err := secret.NewKeyring(ks...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func mint(t testing.TB, c *Codec, pos record.Position) string {
	t.Helper()
	token, err := c.Mint(t.Context(), account, query, pos)
	if err != nil {
		t.Fatal(err)
	}
	if len(token) > MaxToken {
		t.Fatalf("a token of %d bytes", len(token))
	}
	return token
}

func wantCode(t testing.TB, what string, err error, code problem.Code) {
	t.Helper()
	var p *problem.Problem
	if !errors.As(err, &p) || p.Code != code || p.Status != code.Status() {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

func TestTokensOpen(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
	for name, pos := range map[string]record.Position{
		"zero": {}, "small": small, "inline limit": large(t, maxInline), "past it": large(t, maxInline+1), "largest": large(t, MaxPosition),
	} {
		t.Run(name, func(t *testing.T) {
			store := kv.NewMemory(kv.MemoryConfig{})
			c := New(Config{Keys: keys(t, 1), Store: store, Now: func() time.Time { return now }})
			token := mint(t, c, pos)
			if strings.Trim(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.") != "" {
				t.Errorf("not URL-safe: %s", token)
			}
			o, err := c.Open(t.Context(), token, account)
			if err != nil || !reflect.DeepEqual(o, Opened{Position: pos, Selection: query, Issued: now}) {
				t.Fatalf("%+v, %v", o, err)
			}
			if token == mint(t, c, pos) {
				t.Error("minting twice gave the same token")
			}
		})
	}
}

// maxInline is the largest position that still travels in the token.
const maxInline = (MaxToken-len(tokenPrefix))*3/4 - secret.Overhead - payloadHeader

func TestLargePositionsGoThroughTheStore(t *testing.T) {
	for _, c := range []struct {
		size   int
		stored int
		err    problem.Code
	}{{maxInline, 0, ""}, {maxInline + 1, 1, ""}, {MaxPosition, 1, ""}, {MaxPosition + 1, 0, problem.UpstreamTooLarge}} {
		store := kv.NewMemory(kv.MemoryConfig{})
		token, err := New(Config{Keys: keys(t, 1), Store: store}).Mint(t.Context(), account, query, large(t, c.size))
		if c.err != "" {
			wantCode(t, fmt.Sprint(c.size), err, c.err)
		} else if err != nil || len(token) > MaxToken {
			t.Errorf("%d bytes: a token of %d, %v", c.size, len(token), err)
		}
		if got := store.Stats().Entries; got != c.stored {
			t.Errorf("%d bytes: %d entries in the store, want %d", c.size, got, c.stored)
		}
	}
}

func TestEveryAlteredByteIsRefused(t *testing.T) {
	c := New(Config{Keys: keys(t, 1)})
	token := mint(t, c, small)
	_, foreign := c.Open(t.Context(), token, "another account")
	wantCode(t, "another account", foreign, problem.CursorInvalid)
	refused := func(what, token string) {
		t.Helper()
		o, err := c.Open(t.Context(), token, account)
		if err == nil {
			t.Fatalf("%s: opened as %+v", what, o)
		}
		wantCode(t, what, err, problem.CursorInvalid)
		if !reflect.DeepEqual(err, foreign) {
			t.Errorf("%s: %v, and a foreign one: %v", what, err, foreign)
		}
	}
	for i := range len(token) {
		for b := range 256 {
			edge := i < len(tokenPrefix)+1 || i > len(token)-3 // elsewhere, every bit and some other letters will do
			if diff := byte(b) ^ token[i]; diff != 0 && (edge || diff&(diff-1) == 0 || b%16 == 4) {
				refused(fmt.Sprintf("byte %d as %#x", i, b), token[:i]+string([]byte{byte(b)})+token[i+1:])
			}
		}
		refused(fmt.Sprintf("cut to %d", i), token[:i])
		refused(fmt.Sprintf("a newline at %d", i), token[:i]+"\n"+token[i:])
	}
	for _, more := range []string{"A", "AA", "AAAA", "=", " ", "\x00"} {
		refused("with "+more, token+more)
	}
	for _, other := range []string{" " + token, "c2." + token[3:], "C1." + token[3:], token[3:], "c1.", "c1", strings.ToUpper(token)} {
		refused(other, other)
	}
	_, byOther := New(Config{Keys: keys(t, 2)}).Open(t.Context(), token, account)
	if !reflect.DeepEqual(byOther, foreign) {
		t.Errorf("another keyring: %v", byOther)
	}
}

func TestTokensAreReadUpToTheirBound(t *testing.T) {
	c := New(Config{Keys: keys(t, 1)})
	body, _ := large(t, (MaxTokenIn-len(tokenPrefix))*3/4-secret.Overhead-payloadHeader).AppendBinary(nil)
	p := payload{issued: time.Now().UnixMilli(), body: body}
	mac := c.cfg.Keys.MAC(labelAccount, []byte(account))
	copy(p.account[:], mac[:])
	if token := encode(c.cfg.Keys, p); len(token) != MaxTokenIn-1 { // base64 has no text one longer
		t.Fatalf("%d bytes", len(token))
	} else if _, err := c.Open(t.Context(), token, account); err != nil {
		t.Errorf("at the bound: %v", err)
	}
	p.body = append(body, 0)
	_, err := c.Open(t.Context(), encode(c.cfg.Keys, p), account)
	wantCode(t, "past the bound", err, problem.CursorInvalid)
}

func TestKeysRotate(t *testing.T) {
	store := kv.NewMemory(kv.MemoryConfig{})
	before, after := New(Config{Keys: keys(t, 1), Store: store}), New(Config{Keys: keys(t, 2, 1), Store: store})
	for name, pos := range map[string]record.Position{"inline": small, "stored": large(t, 4000)} {
		o, err := after.Open(t.Context(), mint(t, before, pos), account)
		if err != nil || !reflect.DeepEqual(o.Position, pos) {
			t.Errorf("%s: the second key does not open: %v", name, err)
		}
		_, err = after.Open(t.Context(), mint(t, before, pos), "another account")
		wantCode(t, name+", another account", err, problem.CursorInvalid)
		_, err = before.Open(t.Context(), mint(t, after, pos), account)
		wantCode(t, name+", a replica without the new key", err, problem.CursorInvalid)
	}
}

func TestTokensExpire(t *testing.T) {
	now := time.UnixMilli(1789000000000)
	c := New(Config{Keys: keys(t, 1), Store: kv.NewMemory(kv.MemoryConfig{}), TTL: time.Hour, Now: func() time.Time { return now }})
	inline, stored := mint(t, c, small), mint(t, c, large(t, 4000))
	for _, token := range []string{inline, stored} {
		now = time.UnixMilli(1789000000000).Add(time.Hour)
		if _, err := c.Open(t.Context(), token, account); err != nil {
			t.Errorf("in its last moment: %v", err)
		}
		now = now.Add(time.Millisecond)
		_, err := c.Open(t.Context(), token, account)
		wantCode(t, "a millisecond later", err, problem.CursorExpired)
		_, err = c.Open(t.Context(), token, "another account")
		wantCode(t, "expired and of another account", err, problem.CursorInvalid)
		now = time.UnixMilli(1789000000000).Add(-time.Hour)
		if _, err := c.Open(t.Context(), token, account); err != nil {
			t.Errorf("on a replica whose clock is behind: %v", err)
		}
		now = time.UnixMilli(1789000000000)
	}
}

func TestSelectionMustBeTheSame(t *testing.T) {
	c := New(Config{Keys: keys(t, 1)})
	o, err := c.Open(t.Context(), mint(t, c, small), account)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Check(query); err != nil {
		t.Error(err)
	}
	for i := range query {
		other := query
		other[i] ^= 1
		wantCode(t, "another query", o.Check(other), problem.CursorMismatch)
	}
}

func TestAPositionOfAnotherReleaseIsStale(t *testing.T) {
	c := New(Config{Keys: keys(t, 1)})
	p := payload{issued: time.Now().UnixMilli(), body: []byte{99, 0}}
	mac := c.cfg.Keys.MAC(labelAccount, []byte(account))
	copy(p.account[:], mac[:])
	_, err := c.Open(context.Background(), encode(c.cfg.Keys, p), account)
	wantCode(t, "version 99", err, problem.CursorStale)
}
