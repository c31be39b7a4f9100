package main

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/meterbridge/meterbridge/bench/shapes"
)

// pageSize is that of a large page of a provider's.
const pageSize = 100 << 10

// founding are the connectors whose mappings all are compared with.
var founding = []string{"confluent", "datadog", "sumologic", "talkdesk"}

// mapped is what the engines of one shape came to.
type mapped struct {
	Shape   string
	Items   int
	Bytes   int
	Records int
	Speeds  []speed
	Mallocs float64 // of ours, a record
}

type speed struct {
	Name      string
	MB, Items float64 // a second
	Times     float64 // ours is so many times as fast
}

// mapping is P1: the same page through every engine, on one core.
func (b *bench) mapping(ctx context.Context) error {
	against := map[string]map[string]float64{} // engine, shape: ours is so many times as fast
	mallocs := 0.0
	for _, shape := range shapes.All(b.month) {
		m, err := b.mapShape(ctx, shape)
		if err != nil {
			return fmt.Errorf("%s: %w", shape.Name, err)
		}
		b.report.Mapping = append(b.report.Mapping, *m)
		for _, s := range m.Speeds {
			if against[s.Name] == nil {
				against[s.Name] = map[string]float64{}
			}
			against[s.Name][shape.Name] = s.Times
		}
		for _, name := range founding {
			if name == shape.Name {
				mallocs = max(mallocs, m.Mallocs)
			}
		}
	}
	for _, f := range []struct{ key, engine string }{
		{"p1-truto", engineTruto}, {"p1-jsonata", engineJSONata}, {"p1-gojq", engineGojq}, {"p1-bloblang", engineBloblang}, {"p1-hand", engineHand},
	} {
		var ratios []float64
		for _, name := range founding {
			if r := against[f.engine][name]; r > 0 {
				ratios = append(ratios, r)
			}
		}
		if len(ratios) > 0 {
			b.report.addMean(f.key, ratios)
		}
	}
	b.report.add("p1-mallocs", mallocs, "")
	return b.recordings(ctx)
}

// mapShape compares what the engines make of one page, and then lets them take turns.
func (b *bench) mapShape(ctx context.Context, shape shapes.Shape) (*mapped, error) {
	file, page, n, err := b.pageFile(shape, pageSize)
	if err != nil {
		return nil, err
	}
	names := []string{engineOurs, engineGojq}
	if shape.Name == "confluent" || shape.Name == "datadog" {
		names = append(names, engineHand, engineBloblang, engineJSONata, engineTruto)
	}
	m := &mapped{Shape: shape.Name, Items: n, Bytes: len(page)}
	var want []byte
	var all []contender
	var counted, records float64
	for _, name := range names {
		e, err := b.startEngine(ctx, name, shape, file)
		if err != nil || e == nil {
			return nil, errors.Join(err, ctx.Err())
		}
		defer e.stop()
		got, err := e.once(b.dir)
		if err != nil {
			return nil, err
		}
		if want == nil {
			want = got
			m.Records = count(got)
		}
		if err := same(want, got); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if _, err := e.run(b.slice); err != nil { // warm
			return nil, err
		}
		all = append(all, contender{name, func() (float64, error) {
			ran, err := e.run(b.slice)
			if name == engineOurs {
				counted += float64(ran.Mallocs)
				records += float64(ran.Pages * m.Records)
			}
			return float64(ran.Pages) * float64(len(page)) / (float64(ran.Nanos) / 1e9), err
		}})
	}
	speeds, err := takeTurns(ctx, b.rounds, all)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		bytes := median(speeds[name])
		m.Speeds = append(m.Speeds, speed{Name: name, MB: bytes / 1e6, Items: bytes / float64(len(page)) * float64(n), Times: ratio(speeds[engineOurs], speeds[name])})
	}
	m.Mallocs = counted / records
	if len(names) > 2 {
		if err := b.command(ctx, shape); err != nil {
			return nil, err
		}
		if err := b.profileEngine(ctx, shape, file); err != nil {
			return nil, err
		}
	}
	b.say("P1 %-10s %6.1f MB/s, %5.1f × gojq, %.2f allocations a record", shape.Name, m.Speeds[0].MB, m.Speeds[1].Times, m.Mallocs)
	return m, nil
}

// mean is the geometric one.
func mean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += math.Log(x)
	}
	return math.Exp(sum / float64(len(v)))
}
