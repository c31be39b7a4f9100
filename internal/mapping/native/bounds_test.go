package native

import (
	"math"
	"strings"
	"testing"
)

// Past a bound a function does not know: gojq has its own.
func TestFunctionsAtTheirLimits(t *testing.T) {
	ones := func(n int) value {
		out := make([]value, n)
		for i := range out {
			out[i] = integer(1)
		}
		return arrayOf(out)
	}
	texts := func(n int) value { return textOf(strings.Repeat("a", n)) }
	nested := func(n int) value {
		v := arrayOf(nil)
		for range n {
			v = arrayOf([]value{v})
		}
		return v
	}
	for _, c := range []struct {
		name     string
		at, past func(m *memory) value
	}{
		{"elements without others",
			func(m *memory) value { return minus(m, ones(1000), ones(maxPairs/1000)) },
			func(m *memory) value { return minus(m, ones(1000), ones(maxPairs/1000+1)) }},
		{"places of elements",
			func(m *memory) value { return indices(m, ones(maxPairs/2+1), ones(2)) },
			func(m *memory) value { return indices(m, ones(maxPairs/2+2), ones(2)) }},
		{"what an array contains",
			func(m *memory) value { return contains(m, ones(maxPairs-1), arrayOf([]value{integer(2)})) },
			func(m *memory) value { return contains(m, ones(maxPairs), arrayOf([]value{integer(2)})) }},
		{"a repeated text",
			func(m *memory) value { return times(m, texts(2), integer(maxRepeated/2)) },
			func(m *memory) value { return times(m, texts(2), integer(maxRepeated/2+1)) }},
		{"arrays within arrays",
			func(m *memory) value { return flatten(m, nested(maxNesting)) },
			func(m *memory) value { return flatten(m, nested(maxNesting+2)) }},
		{"JSON of arrays within arrays",
			func(m *memory) value { return tojson(m, nested(maxNesting)) },
			func(m *memory) value { return tojson(m, nested(maxNesting+1)) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMemory()
			m.limit = math.MaxInt
			if v := c.at(m); v.kind == isBail {
				t.Error("at the limit it is not known")
			}
			if v := c.past(m); v.kind != isBail {
				t.Errorf("past the limit it is %d", v.kind)
			}
		})
	}
}
