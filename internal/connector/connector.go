package connector

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Connector is one provider's API, described. It is immutable once loaded.
type Connector struct {
	Name        string               `yaml:"connector" need:"true" doc:"the connector's name: lower-case letters, digits, - and _"`
	Title       string               `yaml:"title" need:"true" doc:"the provider's name, for people"`
	Docs        string               `yaml:"docs" doc:"address of the provider's documentation of this API"`
	Setup       []string             `yaml:"setup" doc:"how to get the credentials, step by step: where in the provider's console, and with which scopes"`
	Stated      Stated               `yaml:"facts" doc:"what a reader should know about the figures"`
	Context     []ContextVar         `yaml:"context" doc:"the account's non-secret variables, by name; base_url is required"`
	Credentials []Credential         `yaml:"credentials" doc:"the account's secrets, by name; only auth may name them, as ${name}"`
	Auth        Auth                 `yaml:"auth" scope:"context" doc:"how a call is signed"`
	Check       *CheckSpec           `yaml:"check" scope:"check" doc:"a cheap call that proves that the credentials work"`
	Limits      Limits               `yaml:"limits" doc:"what the provider allows; {} where it publishes nothing"`
	RateHeaders RateHeaders          `yaml:"rate_limit_headers" doc:"response headers that state the rate limit"`
	Errors      ErrorSpec            `yaml:"errors" doc:"how the provider's errors read"`
	Lookups     map[string]*Lookup   `yaml:"lookups" scope:"lookup" doc:"side calls that name things, by name. Of one that a mapping reads a failure is a warning; a call whose slot reads it waits for it, and can't be made without it"`
	Resources   map[string]*Resource `yaml:"resources" need:"true" doc:"the unified resources: usage, products, organizations, workspaces, users"`
	Proxy       map[string]*Resource `yaml:"proxy" doc:"further resources for /proxy, without a mapping"`
	About       string               `yaml:"-"` // the comment that the file starts with
	File        string               `yaml:"-"` // where it was read from
	Hash        uint64               `yaml:"-"` // of the file's text: a position of another text is stale
	reads       map[string]bool      // the context variables that slots read; "" for all of them
	auths       []*Auth              // the connector's, and those of requests that have their own
}

// Stated holds sentences about a provider's figures that documentation and capabilities repeat.
type Stated struct {
	Inferred []string `yaml:"inferred" doc:"what the connector assumes without the provider saying so"`
}

// Limits is what a provider allows one account.
type Limits struct {
	Rate        int           `yaml:"rate" doc:"calls in each period of per"`
	Per         time.Duration `yaml:"per" default:"1s" doc:"the period of rate"`
	Concurrency int           `yaml:"concurrency" doc:"calls at the same time"`
}

// RateHeaders names the response headers of a rate limit; of several the first that is present counts.
type RateHeaders struct {
	Limit      Names  `yaml:"limit" doc:"calls in a period"`
	Period     Names  `yaml:"period" doc:"the period's seconds"`
	Remaining  Names  `yaml:"remaining" doc:"calls left in the period"`
	Reset      Names  `yaml:"reset" doc:"when the period ends"`
	ResetIs    string `yaml:"reset_is" default:"seconds" enum:"seconds|epoch|http_date" doc:"what reset holds: seconds from now, Unix seconds, or an HTTP date"`
	RetryAfter Names  `yaml:"retry_after" doc:"when to try again, in seconds or as an HTTP date; of several the longest wait counts"`
}

// Resource is what a connector knows of one kind of object.
type Resource struct {
	Name          string            `yaml:",key"`
	Derived       string            `yaml:"derived" enum:"usage.product|usage.organization|usage.workspace|usage.user" doc:"no call of its own: the distinct values of this field over usage"`
	Granularities []string          `yaml:"granularities" enum:"hour|day|week|month" doc:"the periods that the provider has"`
	Default       Template          `yaml:"default" scope:"context" doc:"the default granularity"`
	Restates      time.Duration     `yaml:"restates" doc:"for how long the provider still changes its figures"`
	Scopes        []string          `yaml:"scopes" doc:"the provider's permissions that it needs, named when they are missing"`
	Omits         map[string]string `yaml:"omits" doc:"fields of the model that are never filled, each with the reason"`
	Approximates  map[string]string `yaml:"approximates" doc:"fields of the model that are filled with something near to what they mean, each with how"`
	Gaps          []string          `yaml:"gaps" doc:"what the provider's figures leave out"`
	Filters       []string          `yaml:"filters" enum:"product_id|organization_id|workspace_id|resource_id|user_id|metric_name" doc:"filters that the slots send to the provider"`
	List          *Method           `yaml:"list" scope:"list" doc:"how to list it"`
	Get           *Method           `yaml:"get" scope:"get" doc:"how to get one by .id"`
}

// granularities in the order from fine to coarse.
var granularities = []string{"hour", "day", "week", "month"}

// unifiedResources are the resources that the unified model has.
var unifiedResources = []string{"usage", "products", "organizations", "workspaces", "users"}

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)

// ContextVar finds a context variable by name.
func (c *Connector) ContextVar(name string) (ContextVar, bool) {
	i := slices.IndexFunc(c.Context, func(v ContextVar) bool { return v.Name == name })
	if i < 0 {
		return ContextVar{}, false
	}
	return c.Context[i], true
}

// DefaultGranularity is the granularity to serve where the caller names none, "" where the resource has none.
func (r *Resource) DefaultGranularity(context map[string]any) (string, error) {
	if r.Default.IsZero() {
		if len(r.Granularities) == 0 {
			return "", nil
		}
		return r.Granularities[0], nil
	}
	if text := r.Default.literal(); text != "" {
		return text, nil
	}
	s, _, err := r.Default.text(map[string]any{"context": context})
	return s, err
}

func (c *Connector) check(d *decoder, n *yaml.Node) {
	if c.Name != "" && !nameForm.MatchString(c.Name) {
		d.add(d.at(n, "connector"), "name", "a name is lower-case letters, digits, - and _", "")
	}
	if _, ok := c.ContextVar("base_url"); !ok {
		d.add(d.at(n, "context"), "missing", "context has no base_url", `add base_url: { default: "https://…" }`)
	}
	resources := d.at(n, "resources")
	for name := range c.Resources {
		if !slices.Contains(unifiedResources, name) {
			d.add(d.key(resources, name), "value", "the unified model has no resource "+name,
				didYouMean(name, unifiedResources, "put resources of the provider's own under proxy"))
		}
	}
	for name, r := range c.Resources {
		if r.Derived != "" && c.Resources["usage"] == nil {
			d.add(d.key(resources, name), "missing", r.Derived+" is derived from usage, which is not there", "add resources.usage")
		}
	}
	for name, r := range c.Proxy {
		if c.Resources[name] != nil {
			d.add(d.key(d.at(n, "proxy"), name), "duplicate", name+" is a resource already", "give it another name")
		}
		if r.Derived != "" {
			d.add(d.key(d.at(n, "proxy"), name), "value", "a resource under proxy can't be derived", "give it a list")
		}
	}
}

func (r *Resource) check(d *decoder, n *yaml.Node) {
	switch {
	case r.Derived == "" && r.List == nil && r.Get == nil:
		d.add(n, "missing", "the resource has neither list nor get nor derived", "say how to call it")
	case r.Derived != "" && r.List != nil:
		d.add(d.key(n, "list"), "exclusive", "a derived resource has no list of its own", "remove derived or list")
	}
	if def := r.Default.literal(); def != "" && !slices.Contains(r.Granularities, def) {
		d.add(d.at(n, "default"), "value", "the default granularity "+def+" is not one of granularities",
			"granularities: ["+strings.Join(append(slices.Clone(r.Granularities), def), ", ")+"]")
	}
	for _, f := range r.Filters {
		if r.List != nil && !r.List.reads("query", f) {
			d.add(d.at(n, "filters"), "unused", "no slot of list reads .query."+f, "send it, or take it out of filters")
		}
	}
}
