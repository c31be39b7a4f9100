package secret

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"sync"
)

const (
	// KeySize is the length of a configured key.
	KeySize = 32

	// KeyIDSize is how many bytes sealed ones begin with that name their key.
	KeyIDSize = 4

	// Overhead is how much longer sealed bytes are than plain ones.
	Overhead = KeyIDSize + nonceSize + tagSize
)

// ErrOpen is the one answer to bytes that do not open: cut, altered, of another key, label or aad.
var ErrOpen = errors.New("sealed bytes do not open")

// Keyring seals with its first key and opens with all of them, so that keys can be replaced without a break: put
// the new one in front, and take the old one out when what it sealed has expired.
type Keyring struct{ keys []*key }

// key is one configured key and what was derived of it. Labels are constants of the code, so the maps stay small.
type key struct {
	master  []byte
	id      [KeyIDSize]byte
	sealers derived[*sealer]
	hashers derived[*sync.Pool] // of *hasher: setting one up costs as much as a short sum
}

// derived is what was made of a key for each label, once.
type derived[V any] struct {
	mu      sync.RWMutex
	byLabel map[string]V
}

func (d *derived[V]) of(label string, make func() V) V {
	d.mu.RLock()
	v, ok := d.byLabel[label]
	d.mu.RUnlock()
	if ok {
		return v
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if v, ok = d.byLabel[label]; !ok {
		if d.byLabel == nil {
			d.byLabel = map[string]V{}
		}
		v = make()
		d.byLabel[label] = v
	}
	return v
}

// NewKeyring makes a ring of keys of KeySize bytes each. The first seals, all open.
func NewKeyring(keys ...[]byte) (*Keyring, error) {
	if len(keys) == 0 {
		return nil, errors.New("making a keyring: no key given")
	}
	r := &Keyring{}
	for i, k := range keys {
		if len(k) != KeySize {
			return nil, fmt.Errorf("making a keyring: key %d has %d bytes, want %d", i+1, len(k), KeySize)
		}
		e := &key{master: bytes.Clone(k)}
		copy(e.id[:], e.derive("id", "", KeyIDSize))
		r.keys = append(r.keys, e)
	}
	return r, nil
}

// RandomKeyring is a ring for the life of the process: nothing that it seals opens after a restart.
func RandomKeyring() *Keyring {
	k := make([]byte, KeySize)
	_, _ = rand.Read(k) // never fails: the process ends instead
	r, err := NewKeyring(k)
	if err != nil {
		panic(err) // the size is right
	}
	return r
}

// Seal encrypts plain under the label's key and binds it to aad, which is not part of the result. The label is a
// constant of the caller that names the purpose.
func (r *Keyring) Seal(label string, plain, aad []byte) []byte {
	k := r.keys[0]
	out := make([]byte, 0, Overhead+len(plain))
	out = append(out, k.id[:]...)
	return k.sealer(label).seal(out, plain, k.bind(aad))
}

// Open gives back what Seal was given under the same label and aad, and ErrOpen for anything else.
func (r *Keyring) Open(label string, sealed, aad []byte) ([]byte, error) {
	if len(sealed) < Overhead {
		return nil, ErrOpen
	}
	id, box := sealed[:KeyIDSize], sealed[KeyIDSize:]
	known := false
	for _, k := range r.keys { // all, because two keys may share an id
		if !bytes.Equal(id, k.id[:]) {
			continue
		}
		known = true
		if plain, ok := k.sealer(label).open(box, k.bind(aad)); ok {
			return plain, nil
		}
	}
	if !known { // the same work for an altered key id as for any other altered byte; id is in the aad, so it fails
		r.keys[0].sealer(label).open(box, append(bytes.Clone(id), aad...))
	}
	return nil, ErrOpen
}

// IDs name the keys of the ring in its order, as KeyID does. They tell nothing of the keys.
func (r *Keyring) IDs() []string {
	var out []string
	for _, k := range r.keys {
		out = append(out, KeyID(k.id[:]))
	}
	return out
}

// KeyID names the key that sealed bytes; "" where they are none.
func KeyID(sealed []byte) string {
	if len(sealed) < KeyIDSize {
		return ""
	}
	return hex.EncodeToString(sealed[:KeyIDSize])
}

// MAC is a keyed hash of the data under the first key. Data is length-prefixed: ("ab","c") differs from ("a","bc").
func (r *Keyring) MAC(label string, data ...[]byte) [sha256.Size]byte {
	return r.keys[0].mac(label, data)
}

// CheckMAC says whether mac is the MAC of the data, or its first bytes (16 at least), under any key of the ring. It
// takes the same time for every mac of the same length.
func (r *Keyring) CheckMAC(label string, mac []byte, data ...[]byte) bool {
	if len(mac) < 16 || len(mac) > sha256.Size {
		return false
	}
	ok := false
	for _, k := range r.keys {
		want := k.mac(label, data)
		if hmac.Equal(mac, want[:len(mac)]) {
			ok = true // no early return: the time must not tell which key it was
		}
	}
	return ok
}

func (k *key) mac(label string, data [][]byte) (sum [sha256.Size]byte) {
	pool := k.hashers.of(label, func() *sync.Pool {
		sub := k.derive("mac", label, sha256.Size)
		return &sync.Pool{New: func() any { return &hasher{mac: hmac.New(sha256.New, sub)} }}
	})
	h := pool.Get().(*hasher)
	defer pool.Put(h)
	h.mac.Reset()
	for _, d := range data {
		h.mac.Write(binary.BigEndian.AppendUint64(h.buf[:0], uint64(len(d))))
		h.write(d)
	}
	copy(sum[:], h.mac.Sum(h.buf[:0]))
	return sum
}

// hasher is a keyed hash and the memory that it reads from and writes to: what is handed to a hash.Hash has to be allocated.
type hasher struct {
	mac hash.Hash
	buf [sha256.Size]byte
}

// write copies what it hashes, so that the caller's stays where it is.
func (h *hasher) write(d []byte) {
	for len(d) > 0 {
		n := copy(h.buf[:], d)
		h.mac.Write(h.buf[:n])
		d = d[n:]
	}
}

func (k *key) sealer(label string) *sealer {
	return k.sealers.of(label, func() *sealer { return newSealer(k.derive("seal", label, KeySize)) })
}

// bind puts the key's id before the caller's aad; its length is fixed, so the two can't be confused.
func (k *key) bind(aad []byte) []byte {
	return append(append(make([]byte, 0, KeyIDSize+len(aad)), k.id[:]...), aad...)
}

func (k *key) derive(purpose, label string, size int) []byte {
	out, err := hkdf.Key(sha256.New, k.master, nil, "meterbridge/"+purpose+"/"+label, size)
	if err != nil {
		panic(err) // the size is far below hkdf's limit
	}
	return out
}
