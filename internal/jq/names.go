package jq

import (
	"slices"
	"strconv"
	"strings"
)

// allowed lists the functions that a program may call.
const allowed = `
	empty/0 error/0 error/1 not/0 select/1 map/1 map_values/1 length/0 keys/0 has/1 add/0 add/1 any/0 any/1 any/2 all/0 all/1 all/2
	type/0 tostring/0 fromjson/0 tonumber/0 toboolean/0 tojson/0 startswith/1 endswith/1 ltrimstr/1 rtrimstr/1 trimstr/1 trim/0 ltrim/0 rtrim/0
	ascii_downcase/0 ascii_upcase/0 split/1 join/1 sort/0 sort_by/1 group_by/1 unique/0 unique_by/1 min/0 max/0 min_by/1 max_by/1
	reverse/0 first/0 last/0 first/1 to_entries/0 from_entries/0 with_entries/1 arrays/0 objects/0 iterables/0 booleans/0 numbers/0
	strings/0 nulls/0 values/0 scalars/0 floor/0 ceil/0 round/0 abs/0 flatten/0 flatten/1 index/1 contains/1
	strptime/1 strftime/1 mktime/0 todate/0 fromdate/0 fromdateiso8601/0 todateiso8601/0
	dec/0 dsum/0 dadd/1 dsub/1 dmul/1 dneg/0 dshift/1 dcmp/1
	rfc3339/0 date/0 month/0 hour/0 day_start/0 week_start/0 month_start/0 hour_start/0 add_hours/1 add_days/1 add_months/1
	unix/0 unix_ms/0 months/0 mdy/0 year/0 month_number/0 day_number/0 yyyymmdd/0 from_unix/0 from_unix_ms/0 from_days/0 cycle_start/1
	stable_id/0 slug/0 replace_all/2
	utf8bytelength/0 recurse/0 inside/1 in/1 indices/1 rindex/1 explode/0 implode/0 format/1
	path/1 paths/0 paths/1 getpath/1 delpaths/1 del/1 pick/1 walk/1 tostream/0 truncate_stream/1
	limit/2 skip/2 nth/1 nth/2 last/1 isempty/1 IN/1 IN/2 INDEX/1 INDEX/2 JOIN/2 JOIN/3 JOIN/4 bsearch/1 finites/0 normals/0
	infinite/0 isfinite/0 isinfinite/0 nan/0 isnan/0 isnormal/0 sqrt/0 cbrt/0 pow/2 log/0 log2/0 log10/0 log1p/0 exp/0 exp2/0 exp10/0
	expm1/0 fabs/0 trunc/0 rint/0 nearbyint/0 significand/0 logb/0 frexp/0 modf/0 fmin/2 fmax/2 fmod/2 fma/3 ldexp/2 scalb/2 scalbln/2
	gmtime/0 test/1 test/2 match/1 match/2 capture/1 capture/2 sub/2 sub/3`

// trustedOnly are those of them that a program of Options.Untrusted may not call: what walks or rebuilds values of any shape,
// joins lists with lists, or calculates what no record has. Its process is bounded anyway; this is so that its author
// hears of it before.
var trustedOnly = strings.Fields(`walk/1 tostream/0 truncate_stream/1 JOIN/2 JOIN/3 JOIN/4 INDEX/1 INDEX/2 bsearch/1 recurse/0
	paths/0 paths/1 path/1 delpaths/1 pick/1 explode/0 implode/0 infinite/0 nan/0 pow/2 exp/0 exp2/0 exp10/0 expm1/0 ldexp/2
	scalb/2 scalbln/2 frexp/0 modf/0 significand/0 logb/0 fma/3 nearbyint/0 gmtime/0`)

// refused lists the functions that no program may call: the rule, the functions, why, and what to use instead.
var refused = []struct{ rule, names, text, fix string }{
	{"clock", "now/0", "reads the clock, so that no run could be repeated", "in a connector's slot use `.now`"},
	{"clock", "localtime/0 strflocaltime/1", "depends on the time zone of the machine", "use `gmtime`, `strftime` or the house's dates, which are UTC"},
	{"host", "input/0 inputs/0 debug/0 debug/1 stderr/0 env/0 $ENV/0 $__loc__/0 $__prog_args/0 input_filename/0 input_line_number/0 get_search_list/0 modulemeta/0 builtins/0",
		"reaches outside of its input", "pass what it needs as a variable"},
	{"host", "halt/0 halt_error/0 halt_error/1", "ends the run instead of failing", "use `error(\"…\")`"},
	{"unbounded", "repeat/1 until/2 while/2 recurse/1 recurse/2 range/1 range/2 range/3 combinations/0 combinations/1 transpose/0",
		"can produce without end, whatever the size of its input", "iterate over the input itself; `months` lists months"},
	{"global-regex", "gsub/2 gsub/3 scan/1 scan/2 splits/1 splits/2 split/2", "takes time that grows with the square of the input's length",
		"use `split(\"…\")`, `join(\"…\")`, `replace_all(a; b)`, `slug`, or `test` and `capture` without the flag g"},
	{"computed-path", "setpath/2 fromstream/1", "can allocate an array of any length from one number", "build the value: `{($key): …}`, `from_entries`"},
}

// functions is what the lint knows of every name.
type functions struct {
	allowed map[string]bool
	refused map[string]int
}

var known = func() functions {
	k := functions{allowed: set(allowed), refused: map[string]int{}}
	for i, r := range refused {
		for _, n := range strings.Fields(r.names) {
			k.refused[n] = i
		}
	}
	return k
}()

func signature(name string, arity int) string { return name + "/" + strconv.Itoa(arity) }

// formats are the functions behind @name.
var formats = []string{"@text", "@json", "@html", "@uri", "@urid", "@csv", "@tsv", "@sh", "@base64", "@base64d"}

// Functions lists every function a program may call, as name/arity in order of the name.
func Functions() []string {
	names := strings.Fields(allowed)
	slices.Sort(names)
	return names
}
