package simulate

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

var yamlLine = regexp.MustCompile(`(?:yaml: )?line (\d+): (.*)`)

// yaml decodes a section and moves the lines of its errors to those of the file.
func (p *parser) yaml(line int, data []byte, into any) bool {
	dec := yaml.NewDecoder(strings.NewReader(string(data)))
	dec.KnownFields(true)
	err := dec.Decode(into)
	if err == nil || errors.Is(err, io.EOF) {
		return true
	}
	msgs := []string{err.Error()}
	if te := (*yaml.TypeError)(nil); errors.As(err, &te) {
		msgs = te.Errors
	}
	for _, m := range msgs {
		at := line
		if sub := yamlLine.FindStringSubmatch(m); sub != nil {
			n, _ := strconv.Atoi(sub[1])
			at, m = line+n-1, sub[2]
		}
		p.bad(at, "%s", plainly(m, into))
	}
	return false
}

// readMeta reads cassette.yaml.
func (c *Cassette) readMeta(p *parser, s section) {
	var y struct {
		Month       string            `yaml:"month"`
		Now         string            `yaml:"now"`
		Credentials map[string]string `yaml:"credentials"`
		Context     map[string]any    `yaml:"context"`
		Auth        yaml.Node         `yaml:"auth"`
		Requests    yaml.Node         `yaml:"requests"`
	}
	if !p.yaml(s.line, s.data, &y) {
		return
	}
	var err error
	if c.Month, err = time.Parse("2006-01", y.Month); err != nil {
		p.bad(s.line, "month: %q is not a month such as 2026-09", y.Month)
	}
	if c.Now, err = time.Parse(time.RFC3339, y.Now); err != nil {
		p.bad(s.line, "now: %q is not an instant such as 2026-10-05T12:00:00Z", y.Now)
	}
	c.month, c.Credentials, c.Context = monthOf(c.Month), y.Credentials, y.Context
	if y.Auth.Kind == 0 {
		p.bad(s.line, "auth is missing: what must a request carry?")
	} else {
		c.auth = readAuth(p, s.line, &y.Auth, c.Credentials)
	}
	for i := 0; i+1 < len(y.Requests.Content); i += 2 {
		c.readRequest(p, s.line, y.Requests.Content[i], y.Requests.Content[i+1])
	}
}

func (c *Cassette) readRequest(p *parser, line int, key, val *yaml.Node) {
	r := Request{Name: key.Value, Format: "unified", Via: "unified", Status: http.StatusOK}
	at := line + key.Line - 1
	for i := 0; i+1 < len(val.Content); i += 2 {
		if k := val.Content[i]; !slices.Contains(keys(&r), k.Value) {
			p.bad(line+k.Line-1, "request %s: %s", r.Name, unknown("key", k.Value, keys(&r)))
		}
	}
	if err := val.Decode(&r); err != nil {
		p.bad(at, "request %s: %v", r.Name, plainly(err.Error(), &r))
	}
	r.Name = key.Value
	switch {
	case r.Resource == "":
		p.bad(at, "request %s: resource is missing", r.Name)
	case extensions[r.Format] == "":
		p.bad(at, "request %s: format %q is none of %v", r.Name, r.Format, slices.Sorted(maps.Keys(extensions)))
	case r.Via != "unified" && r.Via != "proxy":
		p.bad(at, "request %s: via %q is neither unified nor proxy", r.Name, r.Via)
	case r.Status < 200 || r.Status > 599:
		p.bad(at, "request %s: status %d is none of an answer", r.Name, r.Status)
	}
	c.Requests = append(c.Requests, r)
}
