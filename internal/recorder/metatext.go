package recorder

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/meterbridge/meterbridge/internal/simulate"
)

// meta is cassette.yaml.
func (c *composer) meta() ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "month: %s\nnow: %s\ncredentials:", c.month.Format("2006-01"), c.Now.UTC().Truncate(time.Second).Format(time.RFC3339))
	if len(c.Credentials) == 0 {
		b.WriteString(" {}")
	}
	b.WriteByte('\n')
	for _, name := range sortedKeys(c.Credentials) {
		value, err := demoCredential(name, c.Credentials[name])
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "  %s: %s\n", name, quoted(value))
	}
	var lines []string
	for _, name := range sortedKeys(c.Given) {
		if name == "base_url" || name == "token_url" {
			continue
		}
		text, err := json.Marshal(c.Given[name])
		if err != nil {
			return nil, fmt.Errorf("writing the context: %w", err)
		}
		lines = append(lines, fmt.Sprintf("  %s: %s\n", name, c.scrub.json(text)))
	}
	for _, e := range c.exchanges {
		if e.purpose == "token" {
			lines = append(lines, fmt.Sprintf("  token_url: %s\n", quoted("{base}"+e.target)))
		}
	}
	if lines != nil {
		b.WriteString("context:\n" + strings.Join(lines, ""))
		c.said = lines
	}
	auth, err := c.recordedAuth(&c.Connector.Auth)
	switch {
	case c.Connector.Auth.IsZero():
		b.WriteString("auth: none\n")
	case err != nil:
		return nil, err
	default:
		b.WriteString("auth:\n")
		for _, p := range auth {
			fmt.Fprintf(&b, "  %s: %s\n", quoted(p.key), quoted(p.value))
		}
	}
	b.WriteString("requests:\n")
	for _, format := range []string{"unified", "normalized", "raw"} {
		name, as := c.Resource, ""
		if format != "unified" {
			name, as = c.Resource+"_"+format, ", format: "+format
		}
		fmt.Fprintf(&b, "  %s: { resource: %s, query: %s%s }\n", name, c.Resource, quoted(c.query()), as)
	}
	return b.Bytes(), nil
}

// prose says where the recording comes from.
func (c *composer) prose() string {
	text := fmt.Sprintf("%s: recorded on %s by `meterbridge record`.\n\nThe provider's own answers. Credentials, tokens, signatures and e-mail addresses were replaced, the same by the same.\n",
		c.Connector.Title, c.Now.UTC().Format(time.DateOnly))
	if c.composed {
		text += "The last page is composed: the recording ended before the provider's pages did.\n"
	}
	return text
}

// files are the exchanges, named by what they are for.
func (c *composer) files() []simulate.File {
	c.absent()
	var out []simulate.File
	count := map[string]int{}
	for i, e := range c.exchanges {
		count[e.purpose]++
		name := e.purpose
		if n := count[e.purpose]; n > 1 {
			name = fmt.Sprintf("%s-%d", e.purpose, n)
		}
		var b bytes.Buffer
		fmt.Fprintf(&b, "%s %s\n", e.method, e.target)
		for _, d := range e.directives {
			b.WriteString(d + "\n")
		}
		if len(e.absent) > 0 {
			b.WriteString("absent: [" + strings.Join(e.absent, ", ") + "]\n")
		}
		again := slices.ContainsFunc(c.exchanges[i+1:], func(o *exchange) bool { return o.pattern() == e.pattern() })
		if e.purpose == "poll" && again {
			fmt.Fprintf(&b, "times: %d\n", e.times)
		}
		fmt.Fprintf(&b, "\n%d\n", e.status)
		for _, h := range e.headers {
			b.WriteString(h + "\n")
		}
		b.WriteByte('\n')
		b.Write(e.body)
		out = append(out, simulate.File{Name: "exchange/" + name, Data: b.Bytes()})
	}
	return out
}

// absent tells exchanges apart that differ by a key of their bodies or headers which only one of them has.
func (c *composer) absent() {
	for _, e := range c.exchanges {
		for _, o := range c.exchanges {
			if o == e || o.method != e.method || pathOf(o.target) != pathOf(e.target) {
				continue
			}
			for _, key := range o.keys {
				if !slices.Contains(e.keys, key) && !slices.Contains(e.absent, string(quoted(key))) {
					e.absent = append(e.absent, string(quoted(key)))
				}
			}
		}
	}
}

func pathOf(target string) string {
	path, _, _ := strings.Cut(target, "?")
	return path
}

// flow is a mapping of texts in one line of YAML.
func flow(pairs []pair) string {
	var out []string
	for _, p := range pairs {
		out = append(out, string(quoted(p.key))+": "+string(quoted(p.value)))
	}
	return "{ " + strings.Join(out, ", ") + " }"
}

func orText(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// escaped is a value as it stands in a pattern's query or path, its captures left as they are.
func escaped(v string) string {
	return strings.NewReplacer("%7B", "{", "%7D", "}", "%3A", ":", "+", "%20").Replace(url.QueryEscape(v))
}
