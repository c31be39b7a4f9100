package proxy

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/money"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// sums are what records add up to.
type sums struct {
	charges  map[kind]money.Dec
	quantity quantity
	records  int
}

// kind is what charges have in common that may be added: one currency, one type, and no forecast with what was spent.
type kind struct {
	currency, typ      string
	virtual, projected bool
}

// quantity is a sum of quantities, for as long as they add up.
type quantity struct {
	sum         money.Dec
	of          measure
	some, mixed bool
}

// measure is what quantities must share to add up: the unit, or where a provider states none the metric.
type measure struct{ unit, metric string }

// figures are what a record adds.
type figures struct {
	charges []figure
	quantity
}

type figure struct {
	kind
	amount money.Dec
}

// sizeOfSum is what a further sum takes in memory beside its texts and digits, generously.
const sizeOfSum = 256

// figuresOf reads a record's charges, and its quantity if it has one. Averages, peaks and last values are quantities
// that never add up; what is only forecast was not used.
func figuresOf(rec gjson.Result) (f figures, err error) {
	unreadable := func(what string, v gjson.Result) error {
		return problem.New(problem.MappingFailed, "the record %q has the %s %s, which can't be added", clip(rec.Get("id").Str, 80), what, clip(v.Raw, 40))
	}
	projected := rec.Get("finality").Str == "projected"
	for _, c := range rec.Get("charges").Array() {
		amount, err := money.Parse(c.Get("amount").Raw)
		if err != nil {
			return f, unreadable("amount", c.Get("amount"))
		}
		f.charges = append(f.charges, figure{kind{c.Get("currency").Str, c.Get("type").Str, c.Get("virtual").Bool(), projected}, amount})
	}
	usage := rec.Get("usage")
	n := usage.Get("quantity")
	if n.Type == gjson.Null || projected {
		return f, nil
	}
	if f.sum, err = money.Parse(n.Raw); err != nil {
		return f, unreadable("quantity", n)
	}
	aggregation := usage.Get("aggregation").Str
	f.some, f.mixed = true, aggregation != "" && aggregation != "sum"
	if f.of.unit = usage.Get("unit").Str; f.of.unit == "" {
		f.of.metric = rec.Get("metric_name").Str
	}
	return f, nil
}

// add counts a record, and says by how many bytes the sums have grown.
func (s *sums) add(f figures) (grown int) {
	s.records++
	if s.charges == nil {
		s.charges = map[kind]money.Dec{}
	}
	for _, c := range f.charges {
		was, ok := s.charges[c.kind]
		if !ok { // its texts are parts of the record, which would stay with them
			c.currency, c.typ = strings.Clone(c.currency), strings.Clone(c.typ)
			grown += sizeOfSum + len(c.currency) + len(c.typ)
		}
		sum := was.Add(c.amount)
		s.charges[c.kind] = sum
		grown += sum.Size() - was.Size()
	}
	return grown + s.quantity.add(f.quantity)
}

func (q *quantity) add(r quantity) (grown int) {
	switch {
	case !r.some:
		return 0
	case !q.some:
		*q = r
		q.of = measure{strings.Clone(r.of.unit), strings.Clone(r.of.metric)}
		return len(q.of.unit) + len(q.of.metric) + q.sum.Size()
	case r.mixed || r.of != q.of:
		q.mixed = true
	}
	if !q.mixed {
		was := q.sum.Size()
		q.sum = q.sum.Add(r.sum)
		return q.sum.Size() - was
	}
	return 0
}

// adds says whether there are quantities, and they add up.
func (q *quantity) adds() bool { return q.some && !q.mixed }

// sorted are the sums of charges: by currency, money before what is none, what was spent before what is forecast, the
// known types in their order and the others behind them.
func (s *sums) sorted() []figure {
	var out []figure
	for k, amount := range s.charges {
		out = append(out, figure{k, amount})
	}
	slices.SortFunc(out, func(a, b figure) int {
		return cmp.Or(strings.Compare(a.currency, b.currency), behind(a.virtual, b.virtual), behind(a.projected, b.projected), cmp.Compare(rank(a.typ), rank(b.typ)), strings.Compare(a.typ, b.typ))
	})
	return out
}

// rank is a type's place among the known ones.
func rank(typ string) int {
	if i := slices.Index(chargeTypes, typ); i >= 0 {
		return i
	}
	return len(chargeTypes)
}

// behind puts what is marked behind what is not.
func behind(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// append writes the members of the sums, exact numbers as strings where the caller asks for them.
func (s *sums) append(dst []byte, quoted bool) []byte {
	number := func(d money.Dec) string {
		if quoted {
			return `"` + d.String() + `"`
		}
		return d.String()
	}
	dst = append(dst, `"charges":[`...)
	for i, f := range s.sorted() {
		if i > 0 {
			dst = append(dst, ',')
		}
		r := row{b: dst, from: len(dst)}
		r.raw("amount", number(f.amount))
		r.text("currency", f.currency)
		r.text("type", f.typ)
		if f.virtual {
			r.raw("virtual", "true")
		}
		if f.projected {
			r.text("finality", "projected")
		}
		dst = r.done()
	}
	dst = append(dst, `],"usage":`...)
	if s.quantity.adds() {
		r := row{b: dst, from: len(dst)}
		r.raw("quantity", number(s.quantity.sum))
		if unit := s.quantity.of.unit; unit != "" {
			r.text("unit", unit)
		} else {
			r.raw("unit", "null")
		}
		dst = r.done()
	} else {
		dst = append(dst, "null"...)
	}
	return strconv.AppendInt(append(dst, `,"record_count":`...), int64(s.records), 10)
}
