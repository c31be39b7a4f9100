package proxy

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/meterbridge/meterbridge/internal/bracket"
	"github.com/meterbridge/meterbridge/internal/near"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// Limits of a request's parameters; docs/limits.md lists them.
const (
	DefaultLimit     = 100
	MaxLimit         = 1000
	MaxIgnoredLimit  = 10_000 // records of a page with truto_ignore_limit
	MaxExcludeFields = 50
	MaxFilterValues  = bracket.MaxItems // of one filter: the query's grammar holds every list to it
)

// Filters are the parameters that narrow usage, in the order of the documentation.
var Filters = []string{"product_id", "organization_id", "workspace_id", "resource_id", "user_id", "metric_name"}

// params is a request's query, read strictly.
type params struct {
	account       string
	format        Format
	start, end    *moment
	granularity   string
	limit         int
	limitGiven    bool
	ignoreLimit   bool
	cursor        string
	keyBy         []string
	ignoreRemote  bool
	exclude       [][]string
	numbersString bool
	strict        bool
	streamMeta    bool
	explain       int         // items to explain; 0: none
	summaryBy     []dimension // nil: records, and no sums
	remote        []bracket.Pair
	filters       map[string][]string
	given         []string       // names of the gateway's own parameters that have a value, in order
	rest          []bracket.Pair // what nothing here understands, in order
	forward       []bracket.Pair // remote and rest together, in order
	warnings      []problem.Warning
}

// reader takes one parameter's value into params; name is the one that the caller wrote.
type reader func(p *params, name, value string) error

// single are the parameters that may stand once. A truto_ name has its short twin in alias.
var single = map[string]reader{
	"integrated_account_id":    func(p *params, _, v string) error { p.account = v; return nil },
	"truto_response_format":    readFormat,
	"start_date":               func(p *params, n, v string) error { return readMoment(n, v, &p.start) },
	"end_date":                 func(p *params, n, v string) error { return readMoment(n, v, &p.end) },
	"date":                     readDate,
	"granularity":              readGranularity,
	"limit":                    readLimit,
	"next_cursor":              func(p *params, _, v string) error { p.cursor = v; return nil },
	"truto_ignore_limit":       func(p *params, n, v string) error { return readBool(n, v, &p.ignoreLimit) },
	"truto_ignore_remote_data": func(p *params, n, v string) error { return readBool(n, v, &p.ignoreRemote) },
	"truto_key_by":             readKeyBy,
	"numbers":                  readNumbers,
	"strict":                   func(p *params, n, v string) error { return readBool(n, v, &p.strict) },
	"explain":                  readExplain,
	"stream_meta":              func(p *params, n, v string) error { return readBool(n, v, &p.streamMeta) },
}

// lists are the parameters beside the filters that may stand several times.
var lists = map[string]func(p *params, pair bracket.Pair) error{
	"truto_exclude_fields": (*params).readExclude,
	"summary_by":           readSummaryBy,
}

// alias gives the name under which a parameter is documented.
var alias = map[string]string{
	"cursor":             "next_cursor",
	"response_format":    "truto_response_format",
	"ignore_limit":       "truto_ignore_limit",
	"ignore_remote_data": "truto_ignore_remote_data",
	"key_by":             "truto_key_by",
	"exclude_fields":     "truto_exclude_fields",
}

// ParameterNames are all names of parameters that the gateway understands.
func ParameterNames() []string { return slices.Clone(parameterNames()) }

// parameterNames are the same, shared.
var parameterNames = sync.OnceValue(func() []string {
	names := append([]string{"remote_query"}, Filters...)
	names = slices.AppendSeq(names, maps.Keys(single))
	names = slices.AppendSeq(names, maps.Keys(lists))
	names = slices.AppendSeq(names, maps.Keys(alias))
	slices.Sort(names)
	return names
})

// parseParams reads the query string and what the headers add to it.
func parseParams(rawQuery string, h http.Header) (*params, error) {
	pairs, err := bracket.Parse(rawQuery)
	if err != nil {
		return nil, malformed(err)
	}
	p := &params{format: Unified, limit: DefaultLimit, given: make([]string, 0, len(pairs))}
	for _, pair := range pairs {
		if err := p.read(pair); err != nil {
			return nil, err
		}
	}
	p.negotiate(h)
	return p, p.check()
}

// read takes one pair of the query. A known parameter without a value is absent, whatever its form.
func (p *params) read(pair bracket.Pair) error {
	name := pair.Path[0]
	if a, ok := alias[name]; ok {
		name = a
	}
	read, isSingle := single[name]
	readOf, inList := lists[name]
	isFilter := slices.Contains(Filters, name)
	below, isBelow := pair.Below()
	switch {
	case name == "remote_query" && isBelow && below.Path[0] != "":
		p.remote, p.forward = append(p.remote, below), append(p.forward, below)
	case !isSingle && !isFilter && !inList && name != "remote_query":
		p.rest, p.forward = append(p.rest, pair), append(p.forward, pair)
	case pair.Value == "":
	case isFilter && isList(pair.Path):
		p.given = append(p.given, name)
		if p.filters == nil {
			p.filters = map[string][]string{}
		}
		p.filters[name] = append(p.filters[name], pair.Value)
	case inList && isList(pair.Path):
		p.given = append(p.given, name)
		return readOf(p, pair)
	case isSingle && len(pair.Path) == 1:
		if slices.Contains(p.given, name) {
			return problem.Param(problem.InvalidParameter, pair.Key, "%s is given twice; it takes one value", pair.Key)
		}
		p.given = append(p.given, name)
		return read(p, pair.Key, pair.Value)
	default:
		return problem.Param(problem.InvalidParameter, pair.Key, "%s does not have the form that %s takes; %s", pair.Key, name, formOf(name))
	}
	return nil
}

// isList says whether a parameter is written as a value or as a list of them: a=x, a[]=x, a[0]=x.
func isList(path []string) bool {
	return len(path) == 1 || len(path) == 2 && strings.TrimLeft(path[1], "0123456789") == ""
}

func formOf(name string) string {
	_, inList := lists[name]
	switch {
	case name == "remote_query":
		return "write remote_query[name]=value"
	case inList || slices.Contains(Filters, name):
		return "write " + name + "=a, or " + name + "[]=a&" + name + "[]=b"
	}
	return "write " + name + "=value"
}

func malformed(err error) error {
	var at *bracket.Error
	if errors.As(err, &at) && at.Key != "" {
		return problem.Param(problem.InvalidParameter, at.Key, "%s", at.Error())
	}
	return problem.New(problem.InvalidParameter, "%s", err.Error())
}

// check refuses combinations that can't be served as asked.
func (p *params) check() error {
	if p.explain > 0 && p.format != Debug {
		return problem.Param(problem.InvalidParameter, "explain", "explain adds to the debug format; give truto_response_format=debug with it")
	}
	if p.format != Raw {
		return p.checkSummary()
	}
	const why = "raw is the provider's answer byte for byte"
	switch {
	case len(p.filters) > 0:
		name := filter(p.filters).first()
		return problem.Param(problem.InvalidParameter, name, "%s, so %s can't narrow it; use remote_query[…] or another format", why, name)
	case p.keyBy != nil:
		return problem.Param(problem.InvalidParameter, "truto_key_by", "%s; truto_key_by needs another format", why)
	case p.exclude != nil:
		return problem.Param(problem.InvalidParameter, "truto_exclude_fields", "%s; truto_exclude_fields needs another format", why)
	}
	return p.checkSummary()
}

// leftover turns parameters that nothing understood into warnings, or into a 400 where the caller is strict.
func (p *params) leftover(known []string) error {
	for _, pair := range p.rest {
		name := pair.Path[0]
		text := "nothing understands the parameter " + strconv.Quote(pair.Key)
		if close := near.Word(name, known); close != "" {
			text += "; did you mean " + close + "?"
		} else {
			text += "."
		}
		text += " A parameter of the provider's own goes into remote_query[" + name + "]"
		if p.strict {
			return problem.Param(problem.UnknownParameter, pair.Key, "%s", text)
		}
		p.warnings = append(p.warnings, problem.Warning{Code: problem.WarnUnknownParameter, Message: text})
	}
	return nil
}

// idle says of parameters that have no effect on a request that they have none; strict makes a 400 of it.
func (p *params) idle(names []string, why string) error {
	for i, name := range p.given {
		if !slices.Contains(names, name) || slices.Contains(p.given[:i], name) {
			continue
		}
		text := name + " has no effect here: " + why
		if p.strict {
			return problem.Param(problem.UnknownParameter, name, "%s", text)
		}
		p.warnings = append(p.warnings, problem.Warning{Code: problem.WarnUnknownParameter, Message: text})
	}
	return nil
}
