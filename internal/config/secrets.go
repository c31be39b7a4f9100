package config

import (
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/meterbridge/meterbridge/internal/secret"
)

const (
	filePrefix    = "file:"
	worldReadable = 0o004
)

// secretText is a value that is secret. Only what is written in the file itself can name a file: a variable's value
// that happens to start with file: is that value.
func (p *parser) secretText(n *yaml.Node, key string) (string, bool) {
	s, ok := p.written(n, key)
	if !ok || !strings.HasPrefix(n.Value, filePrefix) {
		return s, ok
	}
	path := strings.TrimPrefix(s, filePrefix)
	if path == "" {
		p.fail(n, key, "file: wants a path after it")
		return "", false
	}
	data, err := p.read(p.relative(path), MaxSecretBytes)
	if err != nil {
		p.fail(n, key, "reading the secret's file: %v", err)
		return "", false
	}
	s = strings.TrimSuffix(string(data), "\n") // what editors and echo append, and no more
	return strings.TrimSuffix(s, "\r"), true
}

// secretKeys reads one key or a list of them. An empty one is none, so that a variable may be unset.
func (p *parser) secretKeys(n *yaml.Node, key string) {
	if n.Kind == yaml.SequenceNode {
		p.list(n, key, p.secretKey)
		return
	}
	p.secretKey(n, key)
}

func (p *parser) secretKey(n *yaml.Node, key string) {
	s, ok := p.secretText(n, key)
	if !ok || s == "" {
		return
	}
	raw, ok := decodeKey(s)
	if !ok {
		p.fail(n, key, "wants the base64 of %d bytes: head -c %d /dev/urandom | base64", KeyBytes, KeyBytes)
		return
	}
	if file, ok := strings.CutPrefix(n.Value, filePrefix); ok {
		p.config.keyFiles = append(p.config.keyFiles, p.relative(file))
	}
	for _, k := range p.config.SecretKeys {
		if k.Reveal() == raw {
			p.fail(n, key, "repeats a key of the list")
			return
		}
	}
	p.config.SecretKeys = append(p.config.SecretKeys, secret.New(raw))
}

// decodeKey takes both alphabets of base64, padded or not: they differ in signs that no other one uses.
func decodeKey(s string) (string, bool) {
	s = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(s, "="))
	raw, err := base64.RawStdEncoding.DecodeString(s)
	return string(raw), err == nil && len(raw) == KeyBytes
}

// ErrNoKey says that credentials are kept and nothing is there to seal them with.
var ErrNoKey = errors.New("accounts.store keeps credentials, and there is no secret_key to seal them with: " +
	"(umask 077; head -c 32 /dev/urandom | base64 > secret.key), and secret_key: file:secret.key in the configuration; every replica has the same")

// Keyring is the ring of the secret keys, and whether it is shared: without keys in the configuration it is a random
// one, and what it seals opens for the life of this process only. What a database keeps must open for longer.
func (c *Config) Keyring() (ring *secret.Keyring, shared bool, err error) {
	for _, file := range c.keyFiles {
		if info, err := os.Stat(file); err == nil && info.Mode().Perm()&worldReadable != 0 {
			return nil, false, &fs.PathError{Op: "taking secret_key from", Path: file, Err: errors.New("everybody on the machine may read it; chmod 600")}
		}
	}
	if len(c.SecretKeys) == 0 {
		if c.Accounts.Stored() {
			return nil, false, ErrNoKey
		}
		return secret.RandomKeyring(), false, nil
	}
	keys := make([][]byte, len(c.SecretKeys))
	for i, k := range c.SecretKeys {
		keys[i] = []byte(k.Reveal())
	}
	ring, err = secret.NewKeyring(keys...)
	return ring, true, err
}
