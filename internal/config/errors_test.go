package config

import (
	"strings"
	"testing"
)

func TestErrors(t *testing.T) {
	const account = "accounts:\n  static:\n    - id: a\n      connector: acme\n"
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"unknown section", "sever: {}", []string{`1:1: unknown key "sever"; the nearest known one is "server"`}},
		{"unknown key", "server:\n  lissten: x", []string{`2:3: unknown key "server.lissten"; the nearest known one is "server.listen"`}},
		{"unknown key of a token", "auth:\n  tokens:\n    - name: a\n      acounts: []\n      token: 0123456789abcdef\n      accounts: []", []string{`4:7: unknown key "auth.tokens[0].acounts"; the nearest known one is "auth.tokens[0].accounts"`}},
		{"very long key", strings.Repeat("x", 120) + ": 1", []string{`1:1: unknown key "` + strings.Repeat("x", 120) + `"; the nearest known one is "server"`}},
		{"key twice", "server: {}\nserver: {}", []string{"2:1: server: is given twice, first in line 1"}},
		{"merge key", "server:\n  <<: {}", []string{"2:3: server: a key is a plain word here"}},
		{"section of the wrong type", "server: [1]", []string{"1:9: server: wants keys and values, not a list"}},
		{"file of the wrong type", "- a", []string{"1:1: the file: wants keys and values, not a list"}},
		{"list of the wrong type", "auth: { tokens: x }", []string{"1:17: auth.tokens: wants a list, not text"}},
		{"item of the wrong type", "auth: { tokens: [x] }", []string{"1:18: auth.tokens[0]: wants keys and values, not text"}},
		{"text of the wrong type", "cursors: { store: true }", []string{"1:19: cursors.store: wants text, not true or false"}},
		{"alias", "server: &a {}\nauth: *a", []string{"2:7: auth: wants keys and values, not an alias; write the value out"}},
		{"second document", "server: {}\n---\nauth: {}", []string{"2:1: the file has a second document; everything belongs into one"}},
		{"private plane", "server: {}\n# \U0010FF24", []string{"2:1: the file has a character of the private plane U+10FFxx, which has no meaning"}},
		{"syntax", "server:\n  listen: [", []string{"3:1: the YAML is malformed: did not find expected node content"}},
		{"tab", "server:\n\tlisten: x", []string{"2:1: the YAML is malformed: found character that cannot start any token"}},
		{"unknown alias is not quoted", "secret_key: *s3cret", []string{"1:1: the YAML is malformed: a value that starts with * must stand in quotes"}},
		{"tag is not quoted", "secret_key: !s3cret x", []string{"1:13: secret_key: wants text, not a tagged value; a text that starts with ! must stand in quotes"}},

		{"missing variable", "server:\n  listen: ${HOST}:80", []string{"2:11: server.listen: the environment variable HOST is not set; set it, or give a default: ${HOST:-…}"}},
		{"its column", "server: { listen: \"é:${HOST}\" }", []string{"1:22: server.listen: the environment variable HOST is not set; set it, or give a default: ${HOST:-…}"}},
		{"two missing variables", "server:\n  listen: ${HOST}:${PORT}", []string{
			"2:11: server.listen: the environment variable HOST is not set; set it, or give a default: ${HOST:-…}",
			"2:19: server.listen: the environment variable PORT is not set; set it, or give a default: ${PORT:-…}",
		}},
		{"malformed variable", "server:\n  listen: 'a${1X}'", []string{"2:13: server.listen: a variable is written ${NAME} or ${NAME:-default}; a literal one $${NAME}"}},

		{"listen without a port", "server: { listen: 8080 }", []string{"1:19: server.listen: wants HOST:PORT, such as 127.0.0.1:8080 or :8080; port 0 is any free one"}},
		{"listen past the last port", "server: { listen: ':65536' }", []string{"1:19: server.listen: wants HOST:PORT, such as 127.0.0.1:8080 or :8080; port 0 is any free one"}},
		{"store", "cursors: { store: rediss }", []string{`1:19: cursors.store: wants memory or redis; the nearest is "redis"`}},
		{"checks of a negative number", "mappings: { check_every: -1 }", []string{"1:26: mappings.check_every: wants a number of items such as 10000, or 0 for never"}},
		{"ttl without a unit", "cursors: { ttl: 24 }", []string{"1:17: cursors.ttl: wants a duration such as 30m or 24h, above 0"}},
		{"ttl of nothing", "cursors: { ttl: 0s }", []string{"1:17: cursors.ttl: wants a duration such as 30m or 24h, above 0"}},
		{"redis scheme", "redis: { url: 's3cret@host' }", []string{"1:15: redis.url: wants redis://, rediss:// or unix:// and an address (part 1)"}},
		{"second redis", "redis: { url: 'redis://a:1,http://b:2' }", []string{"1:15: redis.url: wants redis://, rediss:// or unix:// and an address (part 2)"}},
		{"egress", "egress: { allow: [10.0.0.0/33, host, '::ffff:10.0.0.0/104', fe80::1%eth0] }", []string{
			"1:19: egress.allow[0]: wants a range such as 10.0.0.0/8 or fd00::/8, or one address",
			"1:32: egress.allow[1]: wants a range such as 10.0.0.0/8 or fd00::/8, or one address",
			"1:38: egress.allow[2]: wants a range such as 10.0.0.0/8 or fd00::/8, or one address",
			"1:61: egress.allow[3]: wants a range such as 10.0.0.0/8 or fd00::/8, or one address",
		}},
		{"secret key", "secret_key: s3cret", []string{"1:13: secret_key: wants the base64 of 32 bytes: head -c 32 /dev/urandom | base64"}},
		{"secret key twice", "secret_key:\n- " + key32 + "\n- " + key32, []string{"3:3: secret_key[1]: repeats a key of the list"}},

		{"empty token", "auth:\n  tokens:\n    - {}", []string{
			"3:7: auth.tokens[0]: name is missing",
			"3:7: auth.tokens[0]: token or token_sha256 is missing",
			`3:7: auth.tokens[0]: accounts is missing: a list of ids, tenant:ID, or "*" for all`,
		}},
		{"short token", "auth: { tokens: [{ name: a, accounts: [], token: s3cret }] }", []string{"1:50: auth.tokens[0].token: has 6 characters; a token has at least 16: meterbridge tokens new"}},
		{"token and hash", "auth:\n  tokens:\n    - name: a\n      accounts: []\n      token: 0123456789abcdef\n      token_sha256: " + strings.Repeat("ab", 32), []string{"6:21: auth.tokens[0]: token and token_sha256 are both given; one is enough"}},
		{"hash", "auth: { tokens: [{ name: a, accounts: [], token_sha256: abc }] }", []string{"1:57: auth.tokens[0].token_sha256: wants 64 hexadecimal digits: printf %s TOKEN | sha256sum"}},
		{"grants", "auth: { tokens: [{ name: a, token: 0123456789abcdef, accounts: ['tenant:', ''] }] }", []string{
			"1:65: auth.tokens[0].accounts[0]: tenant: wants an id after it",
			"1:76: auth.tokens[0].accounts[1]: is empty",
		}},
		{"write", "auth: { tokens: [{ name: a, token: 0123456789abcdef, accounts: [], write: 'true' }] }", []string{"1:75: auth.tokens[0].write: wants true or false"}},
		{"scopes", "auth: { tokens: [{ name: a, token: 0123456789abcdef, accounts: [], resources: [usage, 'proxy/a/b'], formats: [row] }] }", []string{
			"1:80: auth.tokens[0].resources[0]: wants usage-metering/RESOURCE, proxy/RESOURCE (* for all of them), custom, metrics or *",
			"1:87: auth.tokens[0].resources[1]: wants usage-metering/RESOURCE, proxy/RESOURCE (* for all of them), custom, metrics or *",
			`1:111: auth.tokens[0].formats[0]: there is no such format; the nearest is "raw" of unified, normalized, stream, csv, raw, debug, remote_data, passthrough`,
		}},
		{"as many accounts as a token has, and one more", "auth: { tokens: [{ name: a, token: 0123456789abcdef, accounts: [" + strings.Repeat("x, ", 100) + "] }, { name: b, token: 0123456789abcdeg, accounts: [" + strings.Repeat("x, ", 101) + "] }] }", []string{"1:416: auth.tokens[1].accounts: has 101 entries; a token has at most 100"}},
		{"a scope of nothing", "auth: { tokens: [{ name: a, token: 0123456789abcdef, accounts: [], formats: [] }] }", []string{"1:77: auth.tokens[0].formats: is empty, so that the token could do nothing; leave it out for all"}},
		{"expiry", "auth: { tokens: [{ name: a, token: 0123456789abcdef, accounts: [], expires: tomorrow }] }", []string{"1:77: auth.tokens[0].expires: wants a date such as 2027-01-31, which is included, or an instant such as 2027-01-31T12:00:00Z"}},
		{"a token of ours that was cut", "auth: { tokens: [{ name: a, token: umt_0123456789abcdef, accounts: [] }] }", []string{"1:36: auth.tokens[0].token: starts like a token of Meterbridge's own and was cut or mistyped: its checksum does not fit"}},
		{"limits", "limits: { token: { rate: 0 }, account: { rate: 1000001, per: 0s } }", []string{
			"1:26: limits.token.rate: wants a number of requests from 1 to 1000000",
			"1:48: limits.account.rate: wants a number of requests from 1 to 1000000",
			"1:62: limits.account.per: wants a duration such as 30m or 24h, above 0",
		}},
		{"a period past a day", "limits: { token: { rate: 1, per: 24h1ns } }", []string{"1:34: limits.token.per: is longer than 24h0m0s"}},
		{"a limit without a rate", "auth: { tokens: [{ name: a, token: 0123456789abcdef, accounts: [], limit: { per: 1m } }] }", []string{"1:75: auth.tokens[0].limit: rate is missing: the requests in each period of per"}},
		{"token name twice", "auth:\n  tokens:\n  - { name: a, token: 0123456789abcdef, accounts: [] }\n  - { name: a, token: 0123456789abcdeg, accounts: [] }", []string{`4:13: auth.tokens[1].name: "a" is taken by auth.tokens[0]`}},
		{"token twice", "auth:\n  tokens:\n  - { name: a, token: 0123456789abcdef, accounts: [] }\n  - { name: b, token: 0123456789abcdef, accounts: [] }", []string{"4:5: auth.tokens[1]: has the same token as auth.tokens[0]"}},

		{"empty account", "accounts: { static: [{}] }", []string{"1:22: accounts.static[0]: id is missing", "1:22: accounts.static[0]: connector is missing"}},
		{"empty id", "accounts: { static: [{ id: '', connector: acme }] }", []string{"1:28: accounts.static[0].id: is empty"}},
		{"id of a grant", "accounts: { static: [{ id: 'tenant:x', connector: acme }] }", []string{"1:28: accounts.static[0].id: must not be *, start with tenant: or hold control characters"}},
		{"id twice", account + "    - id: a\n      connector: acme", []string{`5:11: accounts.static[1].id: "a" is taken by accounts.static[0]`}},
		{"context of the wrong type", account + "      context: x", []string{"5:16: accounts.static[0].context: wants keys and values, not text"}},
		{"deeply nested context", account + "      context: { a: { b: { c: d } } }", []string{"5:26: accounts.static[0].context.a.b: wants text, a number, true or false, not keys and values"}},
		{"a list in a map", account + "      context: { a: { b: [1] } }", []string{"5:26: accounts.static[0].context.a.b: wants text, a number, true or false, not a list"}},
		{"nested list", account + "      context: { a: [[1]] }", []string{"5:22: accounts.static[0].context.a[0]: wants text, a number, true or false, not a list"}},
		{"null in a list", account + "      context: { a: [~] }", []string{"5:22: accounts.static[0].context.a[0]: wants text, a number, true or false, not nothing"}},
		{"octal", account + "      context: { a: 007 }", []string{"5:21: accounts.static[0].context.a: wants a number in plain decimal notation, or quotes around a text"}},
		{"infinity", account + "      context: { a: .inf }", []string{"5:21: accounts.static[0].context.a: wants a number in plain decimal notation, or quotes around a text"}},
		{"credential of the wrong type", account + "      credentials: { a: true }", []string{"5:25: accounts.static[0].credentials.a: wants text, not true or false"}},
		{"overrides of the wrong type", account + "      overrides: x", []string{"5:18: accounts.static[0].overrides: wants keys and values, not text"}},
		{"unknown key of overrides", account + "      overrides: { mapping: {} }", []string{`5:20: unknown key "accounts.static[0].overrides.mapping"; the nearest known one is "accounts.static[0].overrides.mappings"`}},
		{"an override without quotes", account + "      overrides: { mappings: { usage: {id: .x} } }", []string{"5:39: accounts.static[0].overrides.mappings.usage: wants text: a jq expression, in several lines after a |, not keys and values"}},
		{"a variable in an override", account + "      overrides: { mappings: { usage: '.a + ${A:-s3cret}' } }", []string{"5:45: accounts.static[0].overrides.mappings.usage: takes no variable of the environment; put it into context, which overrides can read"}},
		{"a variable in a request", account + "      overrides:\n        requests: { usage: { headers: { X: ${A:-s3cret} } } }", []string{"6:44: accounts.static[0].overrides.requests.usage.headers.X: takes no variable of the environment; put it into context, which overrides can read"}},
		{"an alias in a request", account + "      context: { a: &a x }\n      overrides: { requests: { usage: *a } }", []string{"6:39: accounts.static[0].overrides.requests.usage: wants a value, not an alias; write the value out"}},
		{"all at once", "auth:\n  tokens: 1\nsever: 1\nserver: { listen: ${NONE} }", []string{
			"2:11: auth.tokens: wants a list, not a number",
			`3:1: unknown key "sever"; the nearest known one is "server"`,
			"4:19: server.listen: the environment variable NONE is not set; set it, or give a default: ${NONE:-…}",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			conf, errs := Parse("dir/c.yaml", []byte(c.text), environ())
			if conf != nil {
				t.Error("a configuration with errors is given out")
			}
			want := "dir/c.yaml:" + strings.Join(c.want, "\ndir/c.yaml:")
			if got := errs.Error(); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if strings.Contains(errs.Error(), "s3cret") {
				t.Error("a secret is quoted")
			}
		})
	}
}

// FuzzParse wants an answer to any bytes: a configuration, or errors that each have their place. It reads no files.
func FuzzParse(f *testing.F) {
	f.Add([]byte(whole), "a-value-of-the-environment")
	f.Add([]byte("secret_key: file:x\nserver: { listen: $${A} ${A:-x}"), "\xff")
	f.Add([]byte("a: &a [*a]\n<<: *a\n? {a: b}\n: c"), "")
	f.Add([]byte("auth: !!binary abc\n---\n"), "${A}")
	f.Fuzz(func(t *testing.T, text []byte, value string) {
		env := func(name string) (string, bool) { return value, name != "NONE" }
		read := func(path string, most int64) ([]byte, error) { return []byte(value + "\n"), nil }
		c, errs := parse("f", text, env, read)
		if (c == nil) != (len(errs) > 0) {
			t.Fatalf("got %v and %v", c, errs)
		}
		lines := strings.Count(string(text), "\n") + strings.Count(string(text), "\r") + strings.Count(string(text), "\u2028") + strings.Count(string(text), "\u2029") + strings.Count(string(text), "\u0085") + 2
		for _, e := range errs {
			if e.Line < 1 || e.Line > lines || e.Col < 1 || e.Text == "" {
				t.Fatalf("an error without a place: %v in %d lines", e, lines)
			}
		}
	})
}
