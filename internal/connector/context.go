package connector

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ContextVar is one non-secret variable of an account.
type ContextVar struct {
	Name     string   `yaml:",key"`
	Title    string   `yaml:"title" doc:"what it is, for people"`
	Type     string   `yaml:"type" default:"string" enum:"string|number|boolean|list|map" doc:"its type; a map is an object of texts, numbers and booleans, such as prices by SKU"`
	Default  *Literal `yaml:"default" scope:"context" doc:"its value where the account has none; slots read the other variables"`
	Enum     []string `yaml:"enum" doc:"the values that it takes"`
	Required bool     `yaml:"required" doc:"the account must have it"`
}

// Literal is a scalar that keeps its YAML type, a template, or a list of such.
type Literal struct{ tree tree }

func (l *Literal) decode(d *decoder, n *yaml.Node, f field) { l.tree = d.tree(n) }

// ContextError says which variable of an account's context is wrong.
type ContextError struct{ Key, Reason string }

func (e *ContextError) Error() string { return "context." + e.Key + " " + e.Reason }

func (v *ContextVar) check(d *decoder, n *yaml.Node) {
	if v.Default == nil {
		return
	}
	at := d.at(n, "default")
	if lit, ok := v.Default.tree.constant(); ok {
		if _, err := v.accept(lit); err != nil {
			d.add(at, "value", "the default "+err.Error(), "")
		}
	}
}

// checkContext holds what one variable can't know alone: cycles between defaults, and addresses without TLS.
func (d *decoder) checkContext(c *Connector, n *yaml.Node) {
	if _, cycle := c.contextOrder(); cycle != "" {
		d.add(d.key(n, cycle), "cycle", "the default of "+cycle+" reads itself, by way of others", "break the circle")
	}
	for _, v := range c.Context {
		if (v.Name == "base_url" || v.Name == "token_url") && v.Type != "string" {
			d.add(d.key(n, v.Name), "type", v.Name+" is a string", "remove type")
		}
		if v.Default == nil {
			continue
		}
		if lit, ok := v.Default.tree.constant(); ok && strings.HasSuffix(v.Name, "_url") {
			d.checkURL(d.at(d.at(n, v.Name), "default"), lit)
		}
	}
}

func (d *decoder) checkURL(n *yaml.Node, v any) {
	s, _ := v.(string)
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		d.add(n, "url", "not an absolute http address", "write https://…")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		d.add(n, "url", "an address with a user, a query or a fragment", "keep scheme, host and path")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		d.add(n, "plain-http", "plain http to "+clip(u.Hostname()), "use https")
	}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// contextOrder is the variables in an order in which each default finds the ones that it reads, or the name of one
// that reads itself.
func (c *Connector) contextOrder() (order []int, cycle string) {
	state := make([]int, len(c.Context)) // 1 visiting, 2 done
	var visit func(i int) bool
	visit = func(i int) bool {
		if state[i] != 0 {
			return state[i] == 2
		}
		state[i] = 1
		for j, w := range c.Context {
			if def := c.Context[i].Default; def != nil && def.tree.reads("context", w.Name) && !visit(j) {
				return false
			}
		}
		state[i] = 2
		order = append(order, i)
		return true
	}
	for i := range c.Context {
		if !visit(i) {
			return nil, c.Context[i].Name
		}
	}
	return order, ""
}

// ResolveContext completes an account's variables with the connector's defaults and checks them. base_url and
// token_url come without a trailing slash. An error is a *ContextError that names the variable.
func (c *Connector) ResolveContext(given map[string]any) (map[string]any, error) {
	var names []string
	for _, v := range c.Context {
		names = append(names, v.Name)
	}
	for k := range given {
		if !slices.Contains(names, k) {
			return nil, &ContextError{k, "is not a variable of connector " + c.Name + "; " + didYouMean(k, names, "known are "+strings.Join(names, ", "))}
		}
	}
	order, cycle := c.contextOrder()
	if cycle != "" {
		return nil, &ContextError{cycle, "has a default that reads itself"}
	}
	out := make(map[string]any, len(c.Context))
	for _, i := range order {
		v := c.Context[i]
		value := given[v.Name]
		if value == nil && v.Default != nil {
			var err error
			if value, err = v.Default.tree.value(map[string]any{"context": out}); err != nil {
				return nil, &ContextError{v.Name, "has a default that can't be computed: " + err.Error()}
			}
		}
		if value == nil {
			if v.Required || v.Name == "base_url" || v.Name == "token_url" {
				return nil, &ContextError{v.Name, c.missing(v, out)}
			}
			out[v.Name] = nil
			continue
		}
		value, err := v.accept(value)
		if err != nil {
			return nil, &ContextError{v.Name, err.Error()}
		}
		if s, ok := value.(string); ok && (v.Name == "base_url" || v.Name == "token_url") {
			if value, err = endpoint(s); err != nil {
				return nil, &ContextError{v.Name, err.Error()}
			}
		}
		out[v.Name] = value
	}
	return out, nil
}

// missing says what to set so that a required variable has a value.
func (c *Connector) missing(v ContextVar, resolved map[string]any) string {
	reason := "is required"
	if v.Title != "" {
		reason += ": " + v.Title
	}
	if v.Default == nil {
		return reason
	}
	for _, w := range c.Context {
		if resolved[w.Name] == nil && v.Default.tree.reads("context", w.Name) {
			reason += "; it follows from context." + w.Name + ", which is not set"
		}
	}
	return reason
}

func endpoint(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", errors.New("is not an absolute address: write https://…")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", errors.New("has a user, a query or a fragment: keep scheme, host and path")
	}
	return strings.TrimRight(s, "/"), nil
}

// accept converts a value to the variable's type and holds it to its enum.
func (v ContextVar) accept(value any) (any, error) {
	switch value := plain(value).(type) {
	case string:
		if v.Type != "string" {
			return nil, fmt.Errorf("is a string, wanted is a %s", v.Type)
		}
		if len(v.Enum) > 0 && !slices.Contains(v.Enum, value) {
			return nil, fmt.Errorf("takes %s; %s", strings.Join(v.Enum, ", "), didYouMean(value, v.Enum, "`"+clip(value)+"` is none of them"))
		}
		return value, nil
	case bool:
		if v.Type == "boolean" {
			return value, nil
		}
	case []any:
		if v.Type == "list" {
			return value, nil
		}
	case map[string]any:
		if v.Type == "map" {
			return value, flat(value)
		}
	case int, float64, json.Number:
		if v.Type == "number" {
			return value, nil
		}
		if s, ok := scalarText(value); ok && v.Type == "string" { // an organization's id may be all digits
			return v.accept(s)
		}
	}
	return nil, fmt.Errorf("has the wrong type, wanted is a %s", v.Type)
}

// flat says which member of a map is no scalar.
func flat(m map[string]any) error {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if _, ok := scalarText(m[k]); !ok {
			return fmt.Errorf("has at %s what is neither text nor a number nor true or false", clip(k))
		}
	}
	return nil
}

// plain turns the types that configuration decoders give into those that jq takes.
func plain(value any) any {
	switch value := value.(type) {
	case int64:
		return int(value)
	case uint64:
		return int(value)
	case []string:
		list := make([]any, len(value))
		for i, s := range value {
			list[i] = s
		}
		return list
	case []any:
		list := make([]any, len(value))
		for i, e := range value {
			list[i] = plain(e)
		}
		return list
	case map[string]any:
		m := make(map[string]any, len(value))
		for k, e := range value {
			if e != nil { // null is not given, here too
				m[k] = plain(e)
			}
		}
		return m
	}
	return value
}
