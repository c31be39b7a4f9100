package config

import (
	"encoding/base64"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/meterbridge/meterbridge/internal/secret"
)

const filePrefix = "file:"

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

// Keyring is the ring of the secret keys, and whether it is shared: without keys in the configuration it is a random
// one, and what it seals opens for the life of this process only.
func (c *Config) Keyring() (ring *secret.Keyring, shared bool, err error) {
	if len(c.SecretKeys) == 0 {
		return secret.RandomKeyring(), false, nil
	}
	keys := make([][]byte, len(c.SecretKeys))
	for i, k := range c.SecretKeys {
		keys[i] = []byte(k.Reveal())
	}
	ring, err = secret.NewKeyring(keys...)
	return ring, true, err
}
