package proxy

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/meterbridge/meterbridge/internal/bracket"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// Limits of a request's parameters; docs/limits.md lists them.
const (
	DefaultLimit     = 100
	MaxLimit         = 1000
	MaxIgnoredLimit  = 10_000 // records of a page with truto_ignore_limit
	MaxExcludeFields = 50
	MaxFilterValues  = 50
)

// Format is a response format of the contract.
type Format string

const (
	Unified    Format = "unified"
	Raw        Format = "raw"
	Normalized Format = "normalized"
	Stream     Format = "stream"
	Debug      Format = "debug"
	SSE        Format = "sse" // stream as server-sent events, by Accept
	CSV        Format = "csv" // by Accept
)

// formats are those that truto_response_format takes.
var formats = []Format{Unified, Raw, Normalized, Stream, Debug}

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
	remote        []bracket.Pair
	filters       map[string][]string
	rest          []bracket.Pair // what nothing here understands, in order
	warnings      []problem.Warning
}

// reader takes one parameter's value into params.
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
	"stream_meta":              func(p *params, n, v string) error { return readBool(n, v, &p.streamMeta) },
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
func ParameterNames() []string {
	names := append([]string{"truto_exclude_fields", "remote_query"}, Filters...)
	for n := range single {
		names = append(names, n)
	}
	for n := range alias {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// parseParams reads the query string and what the headers add to it.
func parseParams(rawQuery string, h http.Header) (*params, error) {
	pairs, err := bracket.Parse(rawQuery)
	if err != nil {
		return nil, malformed(err)
	}
	p := &params{format: Unified, limit: DefaultLimit, filters: map[string][]string{}}
	seen := map[string]bool{}
	explicit := false
	for _, pair := range pairs {
		name := pair.Path[0]
		if a, ok := alias[name]; ok {
			name = a
		}
		read, isSingle := single[name]
		switch {
		case name == "remote_query" && len(pair.Path) > 1 && pair.Path[1] != "":
			p.remote = append(p.remote, bracket.Pair{Key: bracket.Encode(pair.Path[1:]), Path: pair.Path[1:], Value: pair.Value})
		case name == "truto_exclude_fields" && len(pair.Path) <= 2:
			if err := p.readExclude(pair); err != nil {
				return nil, err
			}
		case slices.Contains(Filters, name) && len(pair.Path) <= 2:
			if pair.Value == "" {
				continue
			}
			if len(p.filters[name]) == MaxFilterValues {
				return nil, problem.Param(problem.InvalidParameter, name, "%s takes at most %d values", name, MaxFilterValues)
			}
			p.filters[name] = append(p.filters[name], pair.Value)
		case isSingle && len(pair.Path) == 1:
			if seen[name] {
				return nil, problem.Param(problem.InvalidParameter, pair.Key, "%s is given twice; it takes one value", pair.Key)
			}
			seen[name] = true
			if pair.Value == "" {
				continue // an empty value of a known parameter means that it is absent
			}
			if err := read(p, pair.Key, pair.Value); err != nil {
				return nil, err
			}
			explicit = explicit || name == "truto_response_format" && p.format != Unified && p.format != Normalized
		case isSingle || slices.Contains(Filters, name) || name == "truto_exclude_fields" || name == "remote_query":
			return nil, problem.Param(problem.InvalidParameter, pair.Key, "%s does not have the form that %s takes; %s", pair.Key, name, formOf(name))
		default:
			p.rest = append(p.rest, pair)
		}
	}
	if !explicit {
		p.accept(h.Get("Accept"))
	}
	if p.format == SSE && p.cursor == "" {
		p.cursor = h.Get("Last-Event-ID")
	}
	return p, p.check()
}

func formOf(name string) string {
	if name == "remote_query" {
		return "write remote_query[name]=value"
	}
	return "write " + name + "=value"
}

func malformed(err error) error {
	var at *bracket.Error
	if asErr(err, &at) {
		return problem.Param(problem.InvalidParameter, at.Key, "malformed query string at %q: %s", at.Key, at.Reason)
	}
	return problem.Wrap(problem.InvalidParameter, err, "malformed query string")
}

// check refuses combinations that can't be served as asked.
func (p *params) check() error {
	if p.format != Raw {
		return nil
	}
	switch {
	case len(p.filters) > 0:
		return problem.New(problem.InvalidParameter, "raw is the provider's answer byte for byte, so filters can't apply; use remote_query[…] or another format").With("parameter", firstKey(p.filters))
	case p.keyBy != nil:
		return problem.Param(problem.InvalidParameter, "truto_key_by", "raw is the provider's answer byte for byte; truto_key_by needs another format")
	case p.exclude != nil:
		return problem.Param(problem.InvalidParameter, "truto_exclude_fields", "raw is the provider's answer byte for byte; truto_exclude_fields needs another format")
	}
	return nil
}

// accept lets the Accept header choose what a browser or a pipe can't say in the query.
func (p *params) accept(accept string) {
	for part := range strings.SplitSeq(accept, ",") {
		media, _, _ := strings.Cut(part, ";")
		switch strings.ToLower(strings.TrimSpace(media)) {
		case "text/csv":
			p.format = CSV
		case "application/x-ndjson":
			p.format = Stream
		case "text/event-stream":
			p.format = SSE
		default:
			continue
		}
		return
	}
}

// leftover turns parameters that nothing understood into warnings, or into a 400 where the caller is strict.
func (p *params) leftover(known []string) error {
	for _, pair := range p.rest {
		name := pair.Path[0]
		text := "nothing understands the parameter " + strconv.Quote(pair.Key)
		if near := nearest(name, known); near != "" {
			text += "; did you mean " + near + "?"
		}
		text += " A provider's own parameter goes into remote_query[" + name + "]"
		if p.strict {
			return problem.Param(problem.UnknownParameter, pair.Key, "%s", text)
		}
		p.warnings = append(p.warnings, problem.Warning{Code: problem.WarnUnknownParameter, Message: text})
	}
	return nil
}

func readFormat(p *params, name, v string) error {
	if f := Format(v); slices.Contains(formats, f) {
		p.format = f
		return nil
	}
	return problem.Param(problem.InvalidParameter, name, "%s is one of unified, raw, normalized, stream, debug; got %q", name, v)
}

func readDate(p *params, name, v string) error {
	m, err := parseMoment(v)
	if err != nil || m.unit != unitDay {
		return problem.Param(problem.InvalidParameter, name, "%s is one day, such as 2026-01-31; got %q", name, v)
	}
	if p.start != nil || p.end != nil {
		return errDateAlone()
	}
	p.start, p.end = &m, &m
	return nil
}

func errDateAlone() error {
	return problem.Param(problem.InvalidParameter, "date", "date stands for start_date and end_date on one day; give it alone")
}

func readMoment(name, v string, dst **moment) error {
	m, err := parseMoment(v)
	if err != nil {
		return problem.Param(problem.InvalidParameter, name, "%s is a date (2026-01-31), a month (2026-01) or an RFC 3339 instant (2026-01-31T00:00:00Z); got %q", name, v)
	}
	if *dst != nil { // a second start_date was refused before: this one is date's
		return errDateAlone()
	}
	*dst = &m
	return nil
}

func readGranularity(p *params, name, v string) error {
	if !slices.Contains(granularities, v) {
		return problem.Param(problem.InvalidParameter, name, "granularity is one of hour, day, week, month; got %q", v)
	}
	p.granularity = v
	return nil
}

func readLimit(p *params, name, v string) error {
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > MaxLimit || strings.TrimLeft(v, "0123456789") != "" {
		return problem.Param(problem.InvalidParameter, name, "limit is a whole number from 1 to %d; got %q. For more, follow next_cursor or use truto_response_format=stream", MaxLimit, v)
	}
	p.limit, p.limitGiven = n, true
	return nil
}

func readKeyBy(p *params, name, v string) error {
	path, err := fieldPath(name, v)
	p.keyBy = path
	return err
}

func readNumbers(p *params, name, v string) error {
	if v != "string" {
		return problem.Param(problem.InvalidParameter, name, "numbers takes only string, which sends exact numbers as JSON strings; got %q", v)
	}
	p.numbersString = true
	return nil
}

func readBool(name, v string, dst *bool) error {
	switch v {
	case "true", "1":
		*dst = true
	case "false", "0":
		*dst = false
	default:
		return problem.Param(problem.InvalidParameter, name, "%s is true or false (or 1 or 0); got %q", name, v)
	}
	return nil
}

func (p *params) readExclude(pair bracket.Pair) error {
	for v := range strings.SplitSeq(pair.Value, ",") {
		if v = strings.TrimSpace(v); v == "" {
			continue
		}
		path, err := fieldPath(pair.Key, v)
		if err != nil {
			return err
		}
		if p.exclude = append(p.exclude, path); len(p.exclude) > MaxExcludeFields {
			return problem.Param(problem.InvalidParameter, pair.Key, "truto_exclude_fields takes at most %d fields", MaxExcludeFields)
		}
	}
	return nil
}

// fieldPath reads a dotted path to a field of a record.
func fieldPath(param, v string) ([]string, error) {
	path := strings.Split(v, ".")
	if len(path) > 5 || slices.ContainsFunc(path, func(s string) bool { return s == "" || strings.HasPrefix(s, "__") }) {
		return nil, problem.Param(problem.InvalidParameter, param, "%s takes fields such as id or product.id; got %q", param, v)
	}
	return path, nil
}
