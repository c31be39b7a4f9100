package secret

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func testKey(b byte) []byte { return bytes.Repeat([]byte{b}, KeySize) }

func ring(t testing.TB, keys ...byte) *Keyring {
	t.Helper()
	var all [][]byte
	for _, k := range keys {
		all = append(all, testKey(k))
	}
	r, err := NewKeyring(all...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSealedBytesOpen(t *testing.T) {
	r := ring(t, 1)
	for name, c := range map[string]struct{ plain, aad []byte }{
		"empty":        {nil, nil},
		"no aad":       {[]byte("plain"), nil},
		"aad":          {[]byte("plain"), []byte("aad")},
		"long":         {bytes.Repeat([]byte("x"), 1<<20), []byte("aad")},
		"binary bytes": {[]byte{0, 255, 0}, []byte{0}},
	} {
		t.Run(name, func(t *testing.T) {
			sealed := r.Seal("l", c.plain, c.aad)
			if len(sealed) != len(c.plain)+Overhead {
				t.Errorf("sealed has %d bytes, want %d", len(sealed), len(c.plain)+Overhead)
			}
			got, err := r.Open("l", sealed, c.aad)
			if err != nil || !bytes.Equal(got, c.plain) {
				t.Fatalf("got %d bytes, %v", len(got), err)
			}
			if bytes.Equal(sealed, r.Seal("l", c.plain, c.aad)) {
				t.Error("sealing twice gave the same bytes")
			}
		})
	}
}

func TestNothingElseOpens(t *testing.T) {
	r := ring(t, 1)
	sealed := r.Seal("label", []byte("plain"), []byte("aad"))
	refused := func(what string, r *Keyring, label string, b, aad []byte) {
		t.Helper()
		if plain, err := r.Open(label, b, aad); !errors.Is(err, ErrOpen) || plain != nil {
			t.Errorf("%s: got %q, %v", what, plain, err)
		}
	}
	for i := range sealed {
		for bit := range 8 {
			b := bytes.Clone(sealed)
			b[i] ^= 1 << bit
			refused(fmt.Sprintf("byte %d bit %d flipped", i, bit), r, "label", b, []byte("aad"))
		}
		refused(fmt.Sprintf("cut to %d", i), r, "label", sealed[:i], []byte("aad"))
	}
	refused("one byte more", r, "label", append(bytes.Clone(sealed), 0), []byte("aad"))
	refused("another label", r, "labe", sealed, []byte("aad"))
	refused("another aad", r, "label", sealed, []byte("aae"))
	refused("no aad", r, "label", sealed, nil)
	refused("another key", ring(t, 2), "label", sealed, []byte("aad"))
	refused("nil", r, "label", nil, nil)

	same := ring(t, 2) // a ring whose key shares the id, and nothing else
	same.keys[0].id = r.keys[0].id
	refused("another key of the same id", same, "label", sealed, []byte("aad"))
}

func TestKeysRotate(t *testing.T) {
	old, both, swapped, fresh := ring(t, 1), ring(t, 2, 1), ring(t, 1, 2), ring(t, 2)
	byOld, byBoth := old.Seal("l", []byte("p"), nil), both.Seal("l", []byte("p"), nil)
	for _, c := range []struct {
		name   string
		r      *Keyring
		sealed []byte
		opens  bool
	}{
		{"the second key opens", both, byOld, true},
		{"the first key seals", fresh, byBoth, true},
		{"replicas of another order open", swapped, byBoth, true},
		{"the old ring knows no new key", old, byBoth, false},
		{"a key taken out opens no more", fresh, byOld, false},
	} {
		if _, err := c.r.Open("l", c.sealed, nil); (err == nil) != c.opens {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	collide := ring(t, 2, 1)
	collide.keys[0].id = old.keys[0].id
	if _, err := collide.Open("l", byOld, nil); err != nil {
		t.Errorf("two keys of one id: %v", err)
	}
}

func TestKeyringTakesWholeKeysOnly(t *testing.T) {
	for _, c := range []struct {
		name string
		keys [][]byte
		want string
	}{
		{"none", nil, "no key"},
		{"one byte short", [][]byte{testKey(1), make([]byte, KeySize-1)}, "key 2 has 31 bytes"},
		{"one byte long", [][]byte{make([]byte, KeySize+1)}, "key 1 has 33 bytes"},
		{"empty", [][]byte{{}}, "key 1 has 0 bytes"},
	} {
		if _, err := NewKeyring(c.keys...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	k := testKey(1)
	r, err := NewKeyring(k)
	if err != nil {
		t.Fatal(err)
	}
	k[0] = 99 // the caller may wipe its copy
	if _, err := r.Open("l", ring(t, 1).Seal("l", nil, nil), nil); err != nil {
		t.Errorf("the ring shares the caller's bytes: %v", err)
	}
}

func TestRandomKeyringsDiffer(t *testing.T) {
	a, b := RandomKeyring(), RandomKeyring()
	sealed := a.Seal("l", []byte("p"), nil)
	if _, err := a.Open("l", sealed, nil); err != nil {
		t.Error(err)
	}
	if _, err := b.Open("l", sealed, nil); err == nil {
		t.Error("another random ring opens it")
	}
}

func TestMAC(t *testing.T) {
	r := ring(t, 1)
	base := r.MAC("l", []byte("ab"), []byte("c"))
	if base != r.MAC("l", []byte("ab"), []byte("c")) {
		t.Error("the same data gives another MAC")
	}
	for name, other := range map[string][32]byte{
		"other boundaries": r.MAC("l", []byte("a"), []byte("bc")),
		"joined":           r.MAC("l", []byte("abc")),
		"one empty more":   r.MAC("l", []byte("ab"), []byte("c"), nil),
		"other label":      r.MAC("k", []byte("ab"), []byte("c")),
		"other key":        ring(t, 2).MAC("l", []byte("ab"), []byte("c")),
	} {
		if other == base {
			t.Errorf("%s gives the same MAC", name)
		}
	}
}

func TestCheckMAC(t *testing.T) {
	mac := ring(t, 1).MAC("l", []byte("a"))
	wrong := mac
	wrong[0] ^= 1
	for _, c := range []struct {
		name string
		r    *Keyring
		mac  []byte
		data string
		want bool
	}{
		{"whole", ring(t, 1), mac[:], "a", true},
		{"16 bytes", ring(t, 1), mac[:16], "a", true},
		{"15 bytes", ring(t, 1), mac[:15], "a", false},
		{"33 bytes", ring(t, 1), append(mac[:], 0), "a", false},
		{"none", ring(t, 1), nil, "a", false},
		{"second key", ring(t, 2, 1), mac[:16], "a", true},
		{"other key", ring(t, 2), mac[:16], "a", false},
		{"other data", ring(t, 1), mac[:16], "b", false},
		{"altered", ring(t, 1), wrong[:16], "a", false},
	} {
		if got := c.r.CheckMAC("l", c.mac, []byte(c.data)); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// TestSealerIsXAES holds the cipher to the vectors of c2sp.org/XAES-256-GCM.
func TestSealerIsXAES(t *testing.T) {
	nonce := [nonceSize]byte([]byte("ABCDEFGHIJKLMNOPQRSTUVWX"))
	for _, c := range []struct {
		key  byte
		aad  string
		want string
	}{
		{1, "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"},
		{3, "c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"},
	} {
		box := newSealer(testKey(c.key)).sealWith(nonce, nil, []byte("XAES-256-GCM"), []byte(c.aad))
		if got := hex.EncodeToString(box[nonceSize:]); got != c.want {
			t.Errorf("key %d: %s, want %s", c.key, got, c.want)
		}
	}
}

func FuzzOpen(f *testing.F) {
	r := ring(f, 1, 2)
	f.Add([]byte(nil), []byte(nil))
	f.Add(make([]byte, Overhead-1), []byte("a"))
	f.Add(make([]byte, Overhead), []byte("a"))
	f.Add(append(bytes.Clone(r.keys[1].id[:]), make([]byte, 60)...), []byte{})
	f.Add(r.Seal("other", []byte("plain"), nil), []byte(nil))
	f.Fuzz(func(t *testing.T, sealed, aad []byte) {
		if plain, err := r.Open("fuzz", sealed, aad); !errors.Is(err, ErrOpen) || plain != nil {
			t.Fatalf("%x opened with aad %x: %x, %v", sealed, aad, plain, err)
		}
		got, err := r.Open("fuzz", r.Seal("fuzz", sealed, aad), aad)
		if err != nil || !bytes.Equal(got, sealed) {
			t.Fatalf("%x with aad %x did not come back: %x, %v", sealed, aad, got, err)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	r, plain := ring(b, 1), make([]byte, 200)
	b.ReportAllocs()
	for b.Loop() {
		r.Seal("l", plain, nil)
	}
}
