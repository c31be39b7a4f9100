package recorder

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/simulate"
	"github.com/meterbridge/meterbridge/internal/upstream"
)

// composer writes the exchanges of one walk.
type composer struct {
	*Walk
	form      Form
	scrub     *scrubber
	month     time.Time
	start     time.Time // of the first window
	end1      time.Time // its end
	until     time.Time // of the last window
	several   bool      // windows
	exchanges []*exchange
	job       string // the id of the job that was started last
	composed  bool   // the last page is not the provider's
	downloads int
	said      []string // the context, as it is written
}

// exchange is one pattern and its answer.
type exchange struct {
	purpose    string
	method     string
	target     string
	directives []string
	keys       []string // of a body or header: another exchange that lacks one says absent
	absent     []string
	times      int
	status     int
	headers    []string
	body       []byte
	spec       *connector.CallSpec // of a page
	raw        []byte              // the body before it was scrubbed
}

// pattern is what makes an exchange another one.
func (e *exchange) pattern() string {
	return e.method + " " + e.target + "\n" + strings.Join(e.directives, "\n")
}

// add writes one round trip. Of the same request asked twice the first good answer counts, but the polls of a job follow
// each other.
func (c *composer) add(i int, t *upstream.Taken) error {
	if t.Cut {
		return fmt.Errorf("its body is longer than %d bytes, or broke off; record a smaller range", upstream.MaxRecorded)
	}
	if !utf8.Valid(t.Body) || bytes.ContainsRune(t.Body, 0) {
		return errNoText
	}
	if t.Status == 401 || t.Status == 407 {
		return nil // the simulator says so itself
	}
	if t.Call.Purpose == "token" {
		return c.token(t)
	}
	e, err := c.exchange(i, t)
	if err != nil {
		return err
	}
	for n, old := range c.exchanges {
		switch {
		case old.pattern() != e.pattern():
		case e.purpose == "poll" && c.polled(e):
			e.directives = slices.Clone(e.directives)
			last := c.exchanges[len(c.exchanges)-1]
			if last.purpose == "poll" && last.pattern() == e.pattern() && bytes.Equal(last.body, e.body) && last.status == e.status {
				last.times++
				return nil
			}
			c.exchanges = append(c.exchanges, e)
			return nil
		case old.status >= 300 && e.status < 300 || e.purpose == "poll":
			c.exchanges[n] = e
			return nil
		default:
			return nil
		}
	}
	c.exchanges = append(c.exchanges, e)
	return nil
}

// polled says that the exchange names the job, so that the simulator can count its polls.
func (c *composer) polled(e *exchange) bool { return strings.Contains(e.pattern(), "{job}") }

func (c *composer) exchange(i int, t *upstream.Taken) (*exchange, error) {
	e := &exchange{purpose: t.Call.Purpose, method: t.Call.Method, status: t.Status, times: 1, spec: c.spec(t.Call), raw: t.Body}
	if err := c.request(e, t); err != nil {
		return nil, err
	}
	if t.Call.Purpose == "submit" && t.Status < 300 {
		c.job = jobID(e.spec, t.Body)
	}
	c.answer(e, i, t)
	if e.purpose == "list" || e.purpose == "fetch" || e.purpose == "download" || e.purpose == "poll" && e.spec != nil && e.spec.Job != nil && e.spec.Job.Result == "inline" {
		if c.form == Moving && t.Status < 300 && !c.several {
			e.directives = append(e.directives, c.dated(e)...)
		}
	}
	return e, nil
}

// spec is the call of the connector that a call was planned by; nil for those that carry no items of the resource.
func (c *composer) spec(call connector.Call) *connector.CallSpec {
	resource := c.Connector.Resources[c.Resource]
	if resource != nil && resource.Derived != "" {
		resource = c.Connector.Resources["usage"]
	}
	if resource == nil || resource.List == nil || slices.Contains([]string{"lookup", "parents", "check", "token"}, call.Purpose) {
		return nil
	}
	for _, spec := range resource.List.Calls {
		if spec.Name == call.Name || len(resource.List.Calls) == 1 {
			return spec
		}
	}
	return nil
}

// token writes a token call by what the connector says of it, and of the answer what is no secret.
func (c *composer) token(t *upstream.Taken) error {
	if t.Status >= 300 || slices.ContainsFunc(c.exchanges, func(e *exchange) bool { return e.purpose == "token" }) {
		return nil
	}
	o, auth := c.tokenAuth()
	if o == nil {
		return fmt.Errorf("the connector says of no token how it is fetched")
	}
	if !slices.ContainsFunc(c.Connector.Context, func(v connector.ContextVar) bool { return v.Name == "token_url" }) {
		return fmt.Errorf("a cassette needs token_url in the connector's context, to stand in for %s", t.Target.Host)
	}
	var said struct {
		Type    string      `json:"token_type"`
		Expires json.Number `json:"expires_in"`
		Scope   string      `json:"scope"`
	}
	if err := json.Unmarshal(t.Body, &said); err != nil {
		said.Type = "Bearer"
	}
	body := `{"access_token":"{token}","token_type":` + string(quoted(orText(said.Type, "Bearer")))
	if said.Expires != "" {
		body += `,"expires_in":` + said.Expires.String()
	}
	if said.Scope != "" {
		body += `,"scope":` + string(quoted(c.scrub.text(said.Scope)))
	}
	c.exchanges = append(c.exchanges, &exchange{
		purpose: "token", method: "POST", target: c.tokenPath(t), times: 1, status: t.Status,
		directives: []string{"form: { grant_type: " + o.Grant + " }", "auth: " + flow(auth)},
		headers:    []string{"Content-Type: application/json"}, body: []byte(body + "}"),
	})
	return nil
}

func (c *composer) tokenPath(t *upstream.Taken) string {
	if p := c.scrub.text(t.Target.EscapedPath()); p != "" && p != "/" {
		return p
	}
	return "/oauth/token"
}

// tokensIn are the tokens that a token call brought.
func tokensIn(t *upstream.Taken) (out []string) {
	if t.Call.Purpose != "token" {
		return nil
	}
	var said map[string]any
	if json.Unmarshal(t.Body, &said) != nil {
		return nil
	}
	for key, v := range said {
		if s, ok := v.(string); ok && strings.Contains(strings.ToLower(key), "token") && key != "token_type" {
			out = append(out, s)
		}
	}
	return out
}

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
