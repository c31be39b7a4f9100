package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
)

const (
	nonceSize = 24
	tagSize   = 16
)

// sealer is AES-256-GCM with a random nonce of 192 bits (XAES-256-GCM, c2sp.org/XAES-256-GCM): half of the nonce
// makes the message's own key, half is GCM's nonce.
//
// GCM's own 96 bits are safe to draw at random for 2^32 messages a key. A stream that gives every record a cursor
// reaches that in days, and a nonce drawn twice lets its reader forge.
type sealer struct {
	block cipher.Block
	k1    [aes.BlockSize]byte // CMAC's first subkey
}

func newSealer(key []byte) *sealer {
	s := &sealer{block: mustAES(key)}
	s.block.Encrypt(s.k1[:], s.k1[:])
	var carry byte
	for i := len(s.k1) - 1; i >= 0; i-- {
		next := s.k1[i] >> 7
		s.k1[i] = s.k1[i]<<1 | carry
		carry = next
	}
	s.k1[len(s.k1)-1] ^= carry * 0x87
	return s
}

// seal appends nonce and ciphertext to dst.
func (s *sealer) seal(dst, plain, aad []byte) []byte {
	var nonce [nonceSize]byte
	_, _ = rand.Read(nonce[:]) // never fails: the process ends instead
	return s.sealWith(nonce, dst, plain, aad)
}

func (s *sealer) sealWith(nonce [nonceSize]byte, dst, plain, aad []byte) []byte {
	dst = append(dst, nonce[:]...)
	return s.message(nonce[:12]).Seal(dst, nonce[12:], plain, aad)
}

func (s *sealer) open(box, aad []byte) ([]byte, bool) {
	if len(box) < nonceSize+tagSize {
		return nil, false
	}
	plain, err := s.message(box[:12]).Open(nil, box[12:nonceSize], box[nonceSize:], aad)
	return plain, err == nil
}

// message is the AEAD of one message: its key is AES-CMAC over the first half of the nonce.
func (s *sealer) message(half []byte) cipher.AEAD {
	var key [2 * aes.BlockSize]byte
	for i := range 2 {
		b := key[i*aes.BlockSize : (i+1)*aes.BlockSize]
		b[1], b[2] = byte(i+1), 'X'
		copy(b[4:], half)
		for j := range b {
			b[j] ^= s.k1[j]
		}
		s.block.Encrypt(b, b)
	}
	aead, err := cipher.NewGCM(mustAES(key[:]))
	if err != nil {
		panic(err) // AES has GCM's block size
	}
	return aead
}

func mustAES(key []byte) cipher.Block {
	b, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // the size is right
	}
	return b
}
