package native

import (
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/jq/core"
	"github.com/meterbridge/meterbridge/internal/record"
)

// trial is a function of the engine and the program that gojq runs for it.
type trial struct {
	name string
	want oracle
	run  func(m *memory, in, a value) value
}

func trials(t testing.TB) (all []trial) {
	try := func(name, program string, run func(m *memory, in, a value) value) {
		all = append(all, trial{name, programOf(t, program), run})
	}
	for _, name := range slices.Sorted(maps.Keys(functions0)) {
		try(name, "$in | "+name, func(m *memory, in, _ value) value { return functions0[name](m, in) })
	}
	for _, name := range slices.Sorted(maps.Keys(functions1)) {
		try(name, "$in | "+name+"($a)", functions1[name])
	}
	for op, sign := range map[core.Op]string{core.Add: "+", core.Sub: "-", core.Div: "/", core.Mod: "%", core.Lt: "<"} {
		try(sign, "$in "+sign+" $a", func(m *memory, in, a value) value { return arith(m, op, in, a) })
	}
	try("index", "$in[$a]", index)
	try("slice", "$in[$a:]", func(m *memory, in, a value) value { return slice(m, in, a, null) })
	return all
}

// FuzzBuiltins tries all functions on two documents.
func FuzzBuiltins(f *testing.F) {
	for i, s := range awkward {
		f.Add([]byte(s), []byte(awkward[(i*31+7)%len(awkward)]))
	}
	all := trials(f)
	m := newMemory()
	m.limit = math.MaxInt
	f.Fuzz(func(t *testing.T, in, arg []byte) {
		m.reset()
		var pair [2]sample
		for i, doc := range [][]byte{in, arg} {
			v, end, st := m.scan(doc, 0, true)
			if st != record.Done || len(doc) > 200 {
				return
			}
			pair[i] = sample{jq.DecodeScanned(doc[:end]), v}
		}
		x := &matrix{t: t, m: m, unknown: map[string]int{}}
		for _, c := range all {
			x.check(c.name, c.want, pair[0], pair[1], sample{}, c.run(m, pair[0].own, pair[1].own))
		}
	})
}
