package proxy

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/problem"
)

// MaxGroups is how many groups a summary has at most.
const MaxGroups = 10_000

// groups sum records by their values of dimensions. A record is looked at and let go: memory grows with the groups alone,
// within maxHeld.
type groups struct {
	by    []dimension
	all   map[string]*group
	total sums
	held  int    // bytes, about
	key   []byte // of the record at hand
}

// group is the sums of the records that have the same values.
type group struct {
	by []*string // nil is null, which is a value of its own
	sums
}

func newGroups(by []dimension) *groups {
	return &groups{by: by, all: map[string]*group{}}
}

// add counts a record into its group and into the total.
func (g *groups) add(json []byte) error {
	rec := gjson.ParseBytes(json)
	f, err := figuresOf(rec)
	if err != nil {
		return err
	}
	in, err := g.of(rec)
	if err != nil {
		return err
	}
	g.held += in.add(f) + g.total.add(f)
	if g.held > maxHeld {
		return problem.Param(problem.TooManyGroups, "summary_by", "the sums would take more than %d bytes; sum by fewer dimensions, over a shorter range, or with a filter", maxHeld)
	}
	return nil
}

// of is the group that a record belongs to.
func (g *groups) of(rec gjson.Result) (*group, error) {
	values := make([]gjson.Result, len(g.by))
	g.key = g.key[:0]
	for i, d := range g.by {
		if values[i] = d.of(rec); values[i].Type == gjson.String {
			g.key = quote(g.key, values[i].Str)
		}
		g.key = append(g.key, ',')
	}
	if in, ok := g.all[string(g.key)]; ok {
		return in, nil
	}
	if len(g.all) == MaxGroups {
		return nil, problem.Param(problem.TooManyGroups, "summary_by", "the records make more than %d groups by %s; sum by fewer dimensions, over a shorter range, or with a filter", MaxGroups, strings.Join(g.names(), ", "))
	}
	in := &group{}
	for _, v := range values {
		var value *string
		if v.Type == gjson.String {
			own := strings.Clone(v.Str) // a part of the record, which would stay with it
			value = &own
		}
		in.by = append(in.by, value)
	}
	g.all[string(g.key)] = in
	g.held += sizeOfSum + 2*len(g.key)
	return in, nil
}

func (g *groups) names() (names []string) {
	for _, d := range g.by {
		names = append(names, d.name)
	}
	return names
}

// sorted are the groups by their values, null last.
func (g *groups) sorted() []*group {
	return slices.SortedFunc(maps.Values(g.all), func(a, b *group) int {
		for i := range a.by {
			if c := compareValues(a.by[i], b.by[i]); c != 0 {
				return c
			}
		}
		return 0
	})
}

func compareValues(a, b *string) int {
	if a == nil || b == nil {
		return behind(a == nil, b == nil)
	}
	return cmp.Compare(*a, *b)
}
