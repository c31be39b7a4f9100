package native

import (
	"math"
	"strings"

	"github.com/meterbridge/meterbridge/internal/house"
)

// function is one of jq's or of the house's that takes its arguments as values. Where jq has an error, or the result is
// not known here, it gives what is no value.
type function struct {
	name  string
	arity int
	f0    func(m *memory, in value) value
	f1    func(m *memory, in, a value) value
	f2    func(m *memory, in, a, b value) value
}

// builtin is the function of a name and a number of arguments.
func builtin(name string, arity int) (function, bool) {
	f := function{name: name, arity: arity}
	switch arity {
	case 0:
		f.f0 = functions0[name]
	case 1:
		f.f1 = functions1[name]
	case 2:
		f.f2 = functions2[name]
	}
	return f, f.f0 != nil || f.f1 != nil || f.f2 != nil
}

type (
	f0s = map[string]func(m *memory, in value) value
	f1s = map[string]func(m *memory, in, a value) value
	f2s = map[string]func(m *memory, in, a, b value) value
)

var functions0 = func() f0s {
	all := f0s{
		"not":            func(_ *memory, v value) value { return boolean(!v.truthy()) },
		"error":          func(*memory, value) value { return failed },
		"type":           func(_ *memory, v value) value { return typeNames[v.kind] },
		"length":         length,
		"utf8bytelength": ofText(func(v value) value { return integer(int(v.x)) }),
		"keys":           keys,
		"any":            anyTrue,
		"all":            allTrue,
		"add":            add,
		"flatten":        flatten,
		"reverse":        reverse,
		"sort":           ofArray(func(m *memory, vs []value) value { return arrayOf(sortBy(m, vs, vs)) }),
		"unique":         ofArray(func(m *memory, vs []value) value { return uniqueBy(m, vs, vs) }),
		"min":            ofArray(func(_ *memory, vs []value) value { return minBy(vs, vs) }),
		"max":            ofArray(func(_ *memory, vs []value) value { return maxBy(vs, vs) }),
		"first":          func(m *memory, v value) value { return index(m, v, integer(0)) },
		"last":           func(m *memory, v value) value { return index(m, v, integer(-1)) },
		"to_entries":     toEntries,
		"from_entries":   fromEntries,
		"tostring":       tostring,
		"tojson":         tojson,
		"fromjson":       fromjson,
		"tonumber":       tonumber,
		"toboolean":      toboolean,
		"ascii_downcase": cased('A', 'Z'),
		"ascii_upcase":   cased('a', 'z'),
		"trim":           trimmed(strings.TrimSpace),
		"ltrim":          trimmed(ltrim),
		"rtrim":          trimmed(rtrim),
		"explode":        explode,
		"implode":        implode,
		"abs":            abs,
		"frexp":          frexp,
		"modf":           modf,
		"infinite":       func(*memory, value) value { return float(math.Inf(1)) },
		"nan":            func(*memory, value) value { return float(math.NaN()) },
		"isinfinite":     isDouble(infinite),
		"isfinite":       isDouble(finite),
		"isnan":          isDouble(math.IsNaN),
		"isnormal":       isDouble(normal),
		"gmtime":         gmtime,
		"mktime":         mktime,

		"todate": todate, "todateiso8601": todate, "fromdate": fromdate, "fromdateiso8601": fromdate,

		"dec":       dec,
		"dsum":      dsum,
		"dneg":      dneg,
		"yyyymmdd":  yyyymmdd,
		"mdy":       mdy,
		"months":    months,
		"unix":      onDate(func(_ *memory, d house.Date) value { return integer(int(d.Unix())) }),
		"unix_ms":   onDate(func(_ *memory, d house.Date) value { return integer(int(d.UnixMilli())) }),
		"stable_id": stableID,
		"slug":      slug,
	}
	for name, f := range map[string]func(float64) float64{
		"floor": math.Floor, "ceil": math.Ceil, "round": math.Round, "trunc": math.Trunc, "rint": math.RoundToEven,
		"nearbyint": math.RoundToEven, "fabs": math.Abs, "sqrt": math.Sqrt, "cbrt": math.Cbrt, "significand": significand,
		"exp": math.Exp, "exp2": math.Exp2, "exp10": exp10, "expm1": math.Expm1,
		"log": math.Log, "log2": math.Log2, "log10": math.Log10, "log1p": math.Log1p, "logb": math.Logb,
	} {
		all[name] = onNumber(f)
	}
	for name, form := range house.Forms {
		all[name] = inForm(form)
	}
	for name, part := range house.Parts {
		all[name] = partOfDate(part)
	}
	for name, epoch := range house.Epochs {
		all[name] = fromEpoch(epoch)
	}
	return all
}()

var functions1 = func() f1s {
	all := f1s{
		"error":       func(*memory, value, value) value { return failed },
		"has":         has,
		"in":          func(m *memory, key, v value) value { return has(m, v, key) },
		"contains":    contains,
		"inside":      inside,
		"indices":     indices,
		"index":       nearest(false),
		"rindex":      nearest(true),
		"nth":         index,
		"getpath":     getpath,
		"bsearch":     bsearch,
		"flatten":     flattenTo,
		"join":        join,
		"split":       split,
		"startswith":  tested(strings.HasPrefix),
		"endswith":    tested(strings.HasSuffix),
		"ltrimstr":    cut(strings.TrimPrefix),
		"rtrimstr":    cut(strings.TrimSuffix),
		"trimstr":     cut(trimBoth),
		"format":      formatNamed,
		"strptime":    strptime,
		"strftime":    strftime,
		"dadd":        ofAmounts(house.Amount.Add),
		"dsub":        ofAmounts(house.Amount.Sub),
		"dmul":        ofAmounts(house.Amount.Mul),
		"dcmp":        dcmp,
		"dshift":      dshift,
		"cycle_start": moved(1, 31, house.CycleStart),
	}
	for name, step := range house.Steps {
		all[name] = moved(-house.MaxStep, house.MaxStep, step.From)
	}
	return all
}()

var functions2 = func() f2s {
	all := f2s{"replace_all": replaceAll}
	for name, f := range map[string]func(a, b float64) float64{
		"pow": math.Pow, "fmin": fmin, "fmax": fmax, "fmod": math.Mod, "ldexp": ldexp, "scalb": ldexp, "scalbln": ldexp,
	} {
		all[name] = onNumbers(f)
	}
	return all
}()

// typeNames are the texts of type, by kind.
var typeNames = [...]value{
	isNull: plainText("null"), isFalse: plainText("boolean"), isTrue: plainText("boolean"), isNumber: plainText("number"),
	isText: plainText("string"), isArray: plainText("array"), isObject: plainText("object"),
}

// ofText is a function that fails on anything else.
func ofText(f func(value) value) func(*memory, value) value {
	return func(_ *memory, v value) value {
		if v.kind != isText {
			return failed
		}
		return f(v)
	}
}
