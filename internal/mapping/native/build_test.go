package native

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// keysFor are few names that often repeat, or many that never do.
func keysFor(r *rand.Rand, data bool) string {
	if data {
		return fmt.Sprint("id-", r.IntN(1_000_000))
	}
	return strings.Repeat("k", r.IntN(20)) + fmt.Sprint(r.IntN(4))
}

// checkObject holds an object to a map.
func checkObject(t *testing.T, m *memory, v value, want map[string]any) {
	t.Helper()
	if got := toAny(v); !reflect.DeepEqual(got, any(want)) {
		t.Fatalf("the object is\n %v, want\n %v", got, want)
	}
	for k, x := range want {
		if got, ok := m.get(v, k); !ok || got.int() != x {
			t.Fatalf("%q is %v, %v; want %v", k, toAny(got), ok, x)
		}
	}
	if _, ok := m.get(v, "nothing"); ok {
		t.Fatal("a member that there is not")
	}
	last := ""
	for n, i := range sorted(v.layout()) {
		if k := v.layout().keys[i]; n > 0 && k <= last {
			t.Fatalf("%q comes behind %q", k, last)
		} else {
			last = k
		}
	}
}

// TestObjects builds, extends and merges objects beside maps.
func TestObjects(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	m := newMemory()
	for round := range 600 {
		m.reset()
		made := func() (value, map[string]any) {
			want := map[string]any{}
			b := m.build(m.empty())
			data := r.IntN(8) == 0
			for range r.IntN([]int{4, 12, 400}[r.IntN(3)]) {
				k, n := keysFor(r, data), r.IntN(1000)
				b.set(k, integer(n))
				want[k] = n
			}
			return b.done(), want
		}
		a, wantA := made()
		b, wantB := made()
		checkObject(t, m, a, wantA)
		both := maps.Clone(wantA)
		maps.Copy(both, wantB)
		checkObject(t, m, m.merge(a, b), both)
		checkObject(t, m, m.merge(a, b), both)
		k := keysFor(r, r.IntN(2) == 0)
		with := maps.Clone(wantA)
		with[k] = round
		checkObject(t, m, m.with(a, k, integer(round)), with)
		again := m.build(a)
		again.set(k, integer(round))
		checkObject(t, m, again.done(), with)
		checkObject(t, m, a, wantA)
		checkObject(t, m, b, wantB)
	}
}

// TestOneLayout: what has the same keys in the same order has the same layout, however it was made.
func TestOneLayout(t *testing.T) {
	m := newMemory()
	scanned, _, _ := m.scan([]byte(`{"a":1,"b":2}`), 0, true)
	twice, _, _ := m.scan([]byte(`{"a":1,"b":2,"a":3}`), 0, true)
	b := m.build(m.empty())
	b.set("a", null)
	b.set("b", null)
	l := scanned.layout()
	for name, got := range map[string]*layout{
		"of keys": m.layoutOf([]string{"a", "b"}), "built": b.done().layout(), "repeated": twice.layout(),
		"extended": m.with(m.with(m.empty(), "a", null), "b", null).layout(), "set again": m.with(scanned, "a", null).layout(), "merged": m.merge(scanned, scanned).layout(),
	} {
		if got != l {
			t.Errorf("what is %s has the keys %q of its own", name, got.keys)
		}
	}
	if other := m.layoutOf([]string{"b", "a"}); other == l {
		t.Error("another order has the same layout")
	}
}

// TestTreeBegunAnew: a tree that is full is dropped, and what has its layouts stays what it is.
func TestTreeBegunAnew(t *testing.T) {
	m := newMemory()
	root, ok := m.decode([]byte(`{"a":{"b":1}}`))
	if !ok {
		t.Fatal("a document is not read")
	}
	old := m.tree
	m.scan([]byte(costLine), 0, true)
	for i := 0; m.tree == old; i++ {
		m.reset()
		m.layoutOf([]string{fmt.Sprint(i % 300), fmt.Sprint(i / 300 % 30), fmt.Sprint(i / 9000)})
	}
	if m.tree.layouts > 3 {
		t.Error("the new tree is not empty")
	}
	checkObject(t, m, m.with(m.with(m.empty(), "x", integer(1)), "y", integer(2)), map[string]any{"x": 1, "y": 2})
	if got := toAny(m.with(root, "c", integer(1))); !reflect.DeepEqual(got, map[string]any{"a": toAny(root).(map[string]any)["a"], "c": 1}) {
		t.Errorf("what a document from before became is %v", got)
	}
	if v, _, _ := m.scan([]byte(costLine), 0, true); v.layout().tree != m.tree {
		t.Error("a scan goes on in the tree from before")
	}
	if old.layouts > maxLayouts {
		t.Errorf("the tree had %d layouts", old.layouts)
	}
}

func TestTexts(t *testing.T) {
	m := newMemory()
	for round := range 3 {
		m.reset()
		outer := append(m.begin(), "outer"...)
		between := m.text([]byte("between"))
		inner := m.end(append(m.begin(), strings.Repeat("inner", 1000*round)...))
		_ = m.begin() // given up
		long := m.end(append(m.begin(), strings.Repeat("x", 3*firstBytes)...))
		after := m.text([]byte("é"))
		texts := []value{m.end(outer), between, inner, long, after, m.end(m.begin()), m.text(nil)}
		for i, want := range []string{"outer", "between", strings.Repeat("inner", 1000*round), strings.Repeat("x", 3*firstBytes), "é", "", ""} {
			if got := texts[i]; got.str() != want || got.plain() != (want != "é") {
				t.Errorf("text %d is %q, plain %v", i, got.str(), got.plain())
			}
		}
	}
}

func TestMemoryLimit(t *testing.T) {
	m := newMemory()
	m.limit = 1 << 20
	n := 0
	for ; !m.over(); n++ {
		m.values(1000)
	}
	if bytes := n * 1000 * sizeOfValue; bytes < m.limit/2 || bytes > 2*m.limit {
		t.Errorf("the limit of %d was met behind %d bytes", m.limit, bytes)
	}
	m.reset()
	if m.over() || len(m.slab) > kept/sizeOfValue {
		t.Errorf("a machine keeps %d values, over %v", len(m.slab), m.over())
	}
	m.text(make([]byte, m.limit+1))
	if !m.over() {
		t.Error("a text of more than the limit is within it")
	}
}
