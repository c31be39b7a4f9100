package proxy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/meterbridge/meterbridge/internal/bracket"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// maxFieldDepth bounds the names of a dotted path to a field of a record.
const maxFieldDepth = 8

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
		return problem.Param(problem.InvalidParameter, name, "%s is a date (2026-01-31), a month (2026-01) or an RFC 3339 instant (2026-01-31T00:00:00Z) from %d to %d; got %q", name, minYear, maxYear, v)
	}
	if *dst != nil { // a second start_date was refused before: this one is date's
		return errDateAlone()
	}
	*dst = &m
	return nil
}

func readGranularity(p *params, name, v string) error {
	if !slices.Contains(granularities, v) {
		return problem.Param(problem.InvalidParameter, name, "granularity is one of %s; got %q", strings.Join(granularities, ", "), v)
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

// readExplain reads how many items are to be explained: a number, or as many as are where none is given.
func readExplain(p *params, name, v string) error {
	switch v {
	case "true":
		p.explain = DefaultExplained
		return nil
	case "false":
		return nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > MaxExplained || strings.TrimLeft(v, "0123456789") != "" {
		return problem.Param(problem.InvalidParameter, name, "explain is true, or the number of items to explain, from 1 to %d; got %q", MaxExplained, v)
	}
	p.explain = n
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
	if len(path) > maxFieldDepth || slices.Contains(path, "") {
		return nil, problem.Param(problem.InvalidParameter, param, "%s takes fields such as id or product.id, of at most %d names; got %q", param, maxFieldDepth, v)
	}
	if i := slices.IndexFunc(path, bracket.Reserved); i >= 0 {
		return nil, problem.Param(problem.InvalidParameter, param, "%s uses the reserved name %s", param, path[i])
	}
	return path, nil
}
