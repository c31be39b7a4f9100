package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/secret"
)

// maxFingerprinted bounds a value that is read from standard input.
const maxFingerprinted = 64 << 10

type fingerprintVerb struct {
	Values []string `arg:"" optional:"" name:"value" help:"What to search the log for: the ids of accounts. Without any, one value a line is read from standard input, which keeps tokens out of the shell's history."`
	Config string   `help:"The configuration file, for its secret_key." default:"config.yaml" type:"path" placeholder:"FILE"`
	JSON   bool     `help:"An array of objects." name:"json"`
}

// Run prints the fingerprints that values have in the log, under each key: a line of before a rotation has the old key's.
func (v *fingerprintVerb) Run(to std) error {
	cfg, err := config.Load(v.Config)
	if err != nil {
		return err
	}
	if len(cfg.SecretKeys) == 0 {
		return badInput("no secret_key is configured in %s: fingerprints are of a key that each process makes for itself, and can't be found again", v.Config)
	}
	values := v.Values
	if len(values) == 0 {
		if values, err = eachLine(os.Stdin); err != nil {
			return err
		}
	}
	type found struct {
		Value        *string  `json:"value,omitempty"` // of an argument; what came by standard input may be a secret
		Fingerprints []string `json:"fingerprints"`
	}
	all := []found{}
	for i := range values {
		f := found{}
		if len(v.Values) > 0 {
			f.Value = &values[i]
		}
		for _, k := range cfg.SecretKeys {
			ring, err := secret.NewKeyring([]byte(k.Reveal()))
			if err != nil {
				return err
			}
			f.Fingerprints = append(f.Fingerprints, ring.Fingerprint(sha256.Sum256([]byte(values[i]))))
		}
		all = append(all, f)
	}
	if v.JSON {
		return json.NewEncoder(to.out).Encode(all)
	}
	for _, f := range all {
		line := strings.Join(f.Fingerprints, " ")
		if f.Value != nil {
			line += "  " + *f.Value
		}
		fmt.Fprintln(to.out, line)
	}
	return nil
}

// eachLine are the lines of what is read.
func eachLine(r io.Reader) (lines []string, err error) {
	in := bufio.NewScanner(r)
	in.Buffer(nil, maxFingerprinted)
	for in.Scan() {
		if text := strings.TrimSpace(in.Text()); text != "" {
			lines = append(lines, text)
		}
	}
	if err := in.Err(); err != nil {
		return nil, inputError{fmt.Errorf("reading values from standard input, a line at most %d bytes: %w", maxFingerprinted, err)}
	}
	return lines, nil
}
