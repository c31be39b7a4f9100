package config

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var key32 = base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", KeyBytes)))

func TestVariables(t *testing.T) {
	for _, c := range []struct {
		name, value string
		want        any
	}{
		{"set", "${A}", "x"},
		{"within text", "pre-${A}-${B}", "pre-x-5"},
		{"default unused", "${A:-d}", "x"},
		{"default of an unset one", "${NONE:-d}", "d"},
		{"default of an empty one", "${EMPTY:-d}", "d"},
		{"empty default leaves it out", "${NONE:-}", nil},
		{"empty default in quotes", `"${NONE:-}"`, ""},
		{"set and empty", `"${EMPTY}"`, ""},
		{"default with signs", "${NONE:-a: b, [c] #d}", "a: b, [c] #d"},
		{"number", "${B}", 5},
		{"number in quotes", `"${B}"`, "5"},
		{"boolean", "${T}", true},
		{"boolean in quotes", "'${T}'", "true"},
		{"digits that are no JSON number", "${ZIP}", "007"},
		{"value is not expanded again", "${NESTED}", "${A}"},
		{"value is not YAML", "${LIST}", "[1, 2]"},
		{"literal", `$${A}`, "${A}"},
		{"dollar alone", "$A $ $$", "$A $ $$"},
		{"beyond ASCII", "${NONE:-é😀}", "é😀"},
	} {
		t.Run(c.name, func(t *testing.T) {
			env := []string{"A", "x", "B", "5", "EMPTY", "", "T", "true", "ZIP", "007", "NESTED", "${A}", "LIST", "[1, 2]"}
			flow := mustParse(t, "accounts: { static: [{ id: a, connector: acme, context: { v: "+c.value+" } }] }", env...)
			block := mustParse(t, "accounts:\n  static:\n  - id: a\n    connector: acme\n    context:\n      v: "+c.value, env...)
			for _, conf := range []*Config{flow, block} {
				if got := conf.Accounts.Static[0].Context["v"]; got != c.want {
					t.Errorf("got %#v, want %#v", got, c.want)
				}
			}
		})
	}
}

func TestSecretFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	load := func(value string, env ...string) (string, error) {
		text := "accounts: { static: [{ id: a, connector: acme, credentials: { key: " + value + " } }] }"
		c, errs := Parse(filepath.Join(dir, "config.yaml"), []byte(text), environ(env...))
		if len(errs) > 0 {
			return "", errs
		}
		return c.Accounts.Static[0].Credentials["key"].Reveal(), nil
	}
	write("newline", "s3cret\n")
	write("crlf", "s3cret\r\n")
	write("spaces", " s3cret \n\n")
	write("at", strings.Repeat("x", MaxSecretBytes))
	write("past", strings.Repeat("x", MaxSecretBytes+1))
	for _, c := range []struct{ name, value, want string }{
		{"trailing newline", "file:newline", "s3cret"},
		{"windows", "file:crlf", "s3cret"},
		{"only one newline", "file:spaces", " s3cret \n"},
		{"absolute", "file:" + filepath.Join(dir, "newline"), "s3cret"},
		{"variable in the path", "file:${DIR}/newline", "s3cret"},
		{"a variable's value names no file", "${V}", "file:newline"},
		{"at the limit", "file:at", strings.Repeat("x", MaxSecretBytes)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := load(c.value, "DIR", dir, "V", "file:newline"); err != nil || got != c.want {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
	for name, value := range map[string]string{"absent": "file:absent", "one past the limit": "file:past", "a folder": "file:.", "a device": "file:/dev/zero", "no path": "'file:'"} {
		t.Run(name, func(t *testing.T) {
			if got, err := load(value); err == nil || !strings.Contains(err.Error(), "config.yaml:1:68: accounts.static[0].credentials.key: ") {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestSecretKeys(t *testing.T) {
	other := strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\xfb\xff", KeyBytes/2))))
	for _, c := range []struct {
		name, value string
		want        int
	}{
		{"one", key32, 1},
		{"list", "[" + key32 + ", " + other + "]", 2},
		{"list with an empty one", "[" + key32 + ", '${OLD:-}']", 1},
		{"empty", "''", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			conf := mustParse(t, "secret_key: "+c.value)
			if len(conf.SecretKeys) != c.want {
				t.Fatalf("got %d keys", len(conf.SecretKeys))
			}
			ring, shared, err := conf.Keyring()
			if err != nil || shared != (c.want > 0) {
				t.Fatalf("got %v, %v", shared, err)
			}
			if _, err := ring.Open("l", ring.Seal("l", []byte("x"), nil), nil); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestBounds(t *testing.T) {
	token := func(n int) string {
		return "auth: { tokens: [{ name: a, accounts: [], token: " + strings.Repeat("é", n) + " }] }"
	}
	secretKey := func(n int) string {
		return "secret_key: " + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", n)))
	}
	for _, c := range []struct{ name, at, past string }{
		{"token", token(MinToken), token(MinToken - 1)},
		{"short key", secretKey(KeyBytes), secretKey(KeyBytes - 1)},
		{"long key", secretKey(KeyBytes), secretKey(KeyBytes + 1)},
		{"file", "#" + strings.Repeat("x", MaxBytes-1), "#" + strings.Repeat("x", MaxBytes)},
	} {
		t.Run(c.name, func(t *testing.T) {
			mustParse(t, c.at)
			if _, errs := Parse("f", []byte(c.past), environ()); len(errs) != 1 {
				t.Errorf("past the limit: %v", errs)
			}
		})
	}
}
