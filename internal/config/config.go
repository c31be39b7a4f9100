// Package config reads config.yaml, the one file that an operator edits.
//
// The text becomes YAML nodes, which know their line and column, and these are read key by key into a Config that
// starts with the defaults. Nothing is guessed at or passed over: an unknown key, a wrong type, a missing variable or an
// unreadable secret is an Error at its place, all of them are reported at once, and a Config exists only where there
// are none. Values come from the environment by ${NAME} and from files by file:PATH, and what is secret is a
// secret.Value from here on, so that a Config can be printed.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/kv"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/secret"
)

const (
	// MaxBytes bounds the configuration file.
	MaxBytes = 8 << 20
	// MaxSecretBytes bounds a file that holds one secret.
	MaxSecretBytes = 64 << 10
	// MinToken is the least length of a token, in characters.
	MinToken = 16
	// KeyBytes is the length of a secret key, before base64.
	KeyBytes = 32
)

// Config is a configuration without errors.
type Config struct {
	File       string // where it was read, for messages
	Server     Server
	Admin      Admin
	Auth       Auth
	Accounts   Accounts
	Connectors Dir
	Mappings   Dir
	Overrides  Dir
	CheckEvery uint64         // items of a mapping until one is read by jq's machine too; 0: never
	SecretKeys []secret.Value // KeyBytes each; the first seals, all open; none: a random one for the life of the process
	Cursors    Cursors
	Redis      Redis
	Egress     Egress
	Telemetry  Telemetry
	RequestLog RequestLog
	Limits     Limits

	places   map[string]place
	keyFiles []string // of secret keys
}

// Server is where the gateway listens.
type Server struct {
	Listen string
	Drain  time.Duration // for how long /readyz says that the gateway stops, before it takes no more connections
}

// Admin is where operators are served, and who is one.
type Admin struct {
	Listen string  // "": nowhere
	Tokens []Token // without accounts: an operator's are all of them
}

// Auth is who may call.
type Auth struct{ Tokens []Token }

// Accounts are the integrated accounts, and where they live.
type Accounts struct {
	Store  secret.Value // the address of a database; empty: the configuration lists them
	Static []*account.Account
}

// Stored says whether accounts live in a database.
func (a Accounts) Stored() bool { return !a.Store.IsZero() }

// Dir is a folder beside the built-in files; empty where there is none. A relative one in the file is relative to it.
type Dir struct{ Dir string }

// Stores of Cursors.
const (
	StoreMemory = "memory"
	StoreRedis  = "redis"
)

// Cursors is where pages are kept between two requests of a walk, and for how long a cursor works.
type Cursors struct {
	Store string
	TTL   time.Duration
}

// Redis is how Redis is reached: redis://, rediss:// or unix://, several separated by commas. It may hold a password.
type Redis struct {
	URL     secret.Value
	Timeout time.Duration // of each step of a call; a whole call has twice that
}

// Egress is what the gateway may call beyond public addresses.
type Egress struct{ Allow []netip.Prefix }

// Limits are of our own, off where they are zero.
type Limits struct {
	Token   kv.Rate // of each token that has none of its own
	Account kv.Rate // of each integrated account
}

// Default is the configuration of an empty file.
func Default() *Config {
	return &Config{
		Server:  Server{Listen: "127.0.0.1:8080"},
		Admin:   Admin{Listen: "127.0.0.1:8081"},
		Cursors: Cursors{Store: StoreMemory, TTL: 24 * time.Hour},

		RequestLog: RequestLog{Keep: 7 * 24 * time.Hour, MaxRows: 1_000_000},

		Telemetry: Telemetry{Header: http.Header{}, Sample: 1},

		CheckEvery: mapping.CheckEvery,
		Redis:      Redis{URL: secret.New("redis://127.0.0.1:6379/0"), Timeout: kv.DefaultTimeout},
	}
}

// Load reads a file with the process's environment. The error is Errors where the file has defects, and wraps an
// fs.PathError where it can't be read.
func Load(path string) (*Config, error) {
	data, err := readFile(path, MaxBytes)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	c, errs := Parse(path, data, os.LookupEnv)
	if len(errs) > 0 {
		return nil, errs
	}
	return c, nil
}

// Parse reads a configuration. The file's name is for messages, and for the folder that relative paths start from.
// Either there is a Config or there are Errors, in the order of the file.
func Parse(file string, data []byte, env func(string) (string, bool)) (*Config, Errors) {
	return parse(file, data, env, readFile)
}

type reader func(path string, most int64) ([]byte, error)

func parse(file string, data []byte, env func(string) (string, bool), read reader) (*Config, Errors) {
	p := &parser{file: file, text: data, env: env, read: read, config: Default(), places: map[string]place{}}
	p.config.Telemetry.fromEnvironment(env)
	p.config.File, p.config.places = file, p.places
	if root := p.document(); root != nil {
		p.root(root)
	}
	if len(p.errs) > 0 {
		return nil, p.errs.sorted()
	}
	return p.config, nil
}

// readFile reads a regular file within a bound. A pipe or a device could keep the start waiting for ever.
func readFile(path string, most int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	switch {
	case !info.Mode().IsRegular():
		return nil, &fs.PathError{Op: "read", Path: path, Err: errors.New("not a regular file")}
	case info.Size() > most:
		return nil, &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("larger than %d bytes", most)}
	}
	return os.ReadFile(path)
}

// relative is a path of the file, seen from the working directory.
func (p *parser) relative(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(p.file), path)
}
