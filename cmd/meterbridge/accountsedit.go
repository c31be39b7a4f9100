package main

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
)

// accountFlags are what an account is made of. Secrets are named by where they lie: a command line is seen by everybody on
// the machine, and kept by the shell.
type accountFlags struct {
	Tenant     *string  `help:"The customer that it belongs to." placeholder:"ID"`
	Context    []string `help:"A variable that is no secret, such as site=eu. JSON is read as such: 3, true, [\"a\"]." placeholder:"NAME=VALUE" sep:"none"`
	Credential []string `help:"A secret and where it lies: NAME=env:VARIABLE, NAME=file:PATH, or NAME=- for standard input." placeholder:"NAME=WHERE" sep:"none"`
	Overrides  string   `help:"A JSON file with mappings and requests of the account's own; see docs/overrides.md." placeholder:"FILE" type:"existingfile"`
}

type accountsAddVerb struct {
	Connector string `arg:"" help:"Its connector; meterbridge connectors show NAME says what that takes."`
	ID        string `help:"Its id, any text; one is made where none is given." placeholder:"ID"`
	accountFlags
	operatorFlags
}

func (v *accountsAddVerb) Run(ctx context.Context, to std) error {
	body, err := v.body(os.LookupEnv, os.Stdin)
	if err != nil {
		return err
	}
	body["connector"] = v.Connector
	if v.ID != "" {
		body["id"] = v.ID
	}
	return v.with(to, func(o *operator) error { return o.show(ctx, to, http.MethodPost, "/integrated-account", body) })
}

type accountsSetVerb struct {
	ID string `arg:"" help:"The account."`
	accountFlags
	Unset   []string `help:"What to take out: context.NAME, credentials.NAME or overrides." placeholder:"WHAT"`
	Block   bool     `help:"Refuse every request for it until it is unblocked." xor:"status"`
	Unblock bool     `help:"Serve it again." xor:"status"`
	operatorFlags
}

func (v *accountsSetVerb) Run(ctx context.Context, to std) error {
	body, err := v.body(os.LookupEnv, os.Stdin)
	if err != nil {
		return err
	}
	for _, what := range v.Unset {
		section, name, ok := strings.Cut(what, ".")
		switch {
		case what == "overrides":
			body["overrides"] = map[string]any{}
		case ok && (section == "context" || section == "credentials"):
			in, _ := body[section].(map[string]any)
			if in == nil {
				in = map[string]any{}
			}
			in[name] = nil
			body[section] = in
		default:
			return badInput("--unset takes context.NAME, credentials.NAME or overrides, and got %q", what)
		}
	}
	if v.Block {
		body["status"] = "blocked"
	}
	if v.Unblock {
		body["status"] = "active"
	}
	if len(body) == 0 {
		return badInput("nothing to change; meterbridge accounts set --help lists what there is")
	}
	return v.with(to, func(o *operator) error { return o.show(ctx, to, http.MethodPatch, pathOf(v.ID), body) })
}

// body is the request that the flags say.
func (f *accountFlags) body(env func(string) (string, bool), stdin io.Reader) (map[string]any, error) {
	out := map[string]any{}
	if f.Tenant != nil {
		out["tenant_id"] = *f.Tenant
	}
	values := map[string]any{}
	for _, pair := range f.Context {
		name, text, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, badInput("--context wants NAME=VALUE, and got %q", pair)
		}
		var value any = text
		if d := json.NewDecoder(strings.NewReader(text)); json.Valid([]byte(text)) {
			d.UseNumber() // a price keeps its digits
			_ = d.Decode(&value)
		}
		values[name] = value
	}
	if len(values) > 0 {
		out["context"] = values
	}
	secrets := map[string]any{}
	for _, pair := range f.Credential {
		name, where, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, badInput("--credential wants NAME=env:VARIABLE, NAME=file:PATH or NAME=-")
		}
		text, err := secretFrom(name, where, env, stdin)
		if err != nil {
			return nil, err
		}
		secrets[name] = text
	}
	if len(secrets) > 0 {
		out["credentials"] = secrets
	}
	if f.Overrides != "" {
		text, err := os.ReadFile(f.Overrides)
		if err != nil {
			return nil, err
		}
		if !json.Valid(text) {
			return nil, badInput(`%s is no JSON; it is an object such as {"mappings": {"usage": "{…}"}}`, f.Overrides)
		}
		out["overrides"] = json.RawMessage(text)
	}
	return out, nil
}

// maxSecret bounds a secret that is read from a file or standard input.
const maxSecret = 64 << 10

// secretFrom reads a secret from where it lies. Its errors do not quote where, which may be the secret itself.
func secretFrom(name, where string, env func(string) (string, bool), stdin io.Reader) (string, error) {
	kind, rest, _ := strings.Cut(where, ":")
	in := stdin
	switch {
	case where == "-":
	case kind == "env" && rest != "":
		text, ok := env(rest)
		if !ok || text == "" {
			return "", badInput("--credential %s: the environment variable %s is not set", name, rest)
		}
		return text, nil
	case kind == "file" && rest != "":
		f, err := os.Open(rest)
		if err != nil {
			return "", err
		}
		defer f.Close()
		in = f
	default:
		return "", badInput("--credential %s: a secret does not belong on the command line; write %s=env:VARIABLE, %s=file:PATH, or %s=- to read it from standard input", name, name, name, name)
	}
	text, err := io.ReadAll(io.LimitReader(in, maxSecret+1))
	if err != nil {
		return "", err
	}
	if len(text) > maxSecret {
		return "", badInput("--credential %s: the secret is longer than %d bytes", name, maxSecret)
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// oneLine is a value on one line.
func oneLine(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(text)
}
