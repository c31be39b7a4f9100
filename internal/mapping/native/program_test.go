package native

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/record"
)

// inputs are what each program of the tests is run on, one after another on one machine.
var inputs = []string{
	`null`, `true`, `1`, `-2.50`, `""`, `"a,b"`, `[]`, `{}`, `[1,2,3]`, `[[2,"b"],[1,"a"]]`,
	`{"a":1,"b":{"c":[1,2,{"d":null}]},"t":"x"}`, `{"b":2,"a":{"b":null},"n":[3,1,2]}`, `{"a":[{"k":"x","v":1},{"k":"y","v":2},{"k":"x","v":3}]}`,
	`[{"a":1},{"a":2,"b":3},{"b":null,"a":1}]`, `{"a":"1.50","a":"2.25","é\u0041":"\ud83d\ude00\n"}`, `[null,false,0,"",[],{}]`,
}

// programs are held to gojq one by one: all forms that the compiler knows, alone and within each other.
var programs = strings.Split(strings.TrimSpace(`
.
.a
.a?
.a.b
.a?.b?
.["a"]
.[0]
.[-1]?
.[1:]?
.[:-1]?
.[]?
[.[]?]
[.[]? | .a?]
.a[]?
[.a[]?.v]
1, 2
[1, 2 | . + 1]
.a // "none"
(.a, .b)? // 5
[(null, false, 1, 2) // 3]
(.[]? | select(. == 1)) // 7
empty // 1
[.[]? // 4]
if .a? then 1 else 2 end
if (true, false) then 1 else 2 end
[if (.[]?) then "t" else "f" end]
(true, false) and (true, false)
(true, null) or (false, 1)
not
[1, 2, 3] | map(. + 2)
.a = (1, 2)
.a += (1, 2)
{a: 1, b: .}
{a: (1, 2), b: (3, 4)}
{(("x", "y")): (1, 2)}
{"a b": 1}
{"a\(1 + 1)": .}
{a: 1} + {b: 2}
{a: 1, b: 1} + {b: 2}
{(1 | tostring): 2}
{(1): 2}?
{a: 1, a: 2}
. as $x | [$x, $x]
. as [$a, $b] | [$b, $a]
. as {a: $a, b: {c: $c}} | [$a, $c]
. as {$a} | $a
[.[]? as $x | $x]
(1, 2) as $x | (10, 20) as $y | $x + $y
reduce (.[]?) as $x (0; . + 1)
reduce (1, 2, 3) as $x (0; empty)
reduce (1, 2, 3) as $x (0; ., 5)
[foreach (1, 2, 3) as $x (0; . + $x)]
[foreach (1, 2, 3) as $x (0; . + $x; [$x, .])]
[foreach (1, 2) as $x ((0, 10); . + $x; .)]
try .a catch "no"
try error("x") catch "c"
try (1, error("x"), 3) catch "c"
[.[]? | try .a catch 0]
.. | strings | test("a")
[.. | test("[0-9]+[.]"; "i")?]
[.. | match("(?<x>[a-z])(,)?(?<y>z)?")?]
[.. | match("A"; "im")?]
[.. | match("")?]
[.. | capture("(?<x>.)(?<y>,)?")?]
[.. | capture("a"; null)?]
[.. | sub("(?<x>[a-z])"; "<\(.x)>")?]
[.. | sub(","; "é", null, "")?]
[.. | sub("[,.]"; empty)?]
[.. | sub("a"; 1)?]
sub("x"; "y")
[.. | sub("B"; "\u00e9"; "i")?]
[.[]? | finites?, normals?]
[limit(2; .[]?)], [skip(2; .[]?)], [skip(0; .[]?)], [nth(1; .[]?)]
[skip(-1; 1)?], [nth(-1; 1)?], [nth(0, 2; .[]?)]
JOIN({"x": 1, "1": 2}; .k? | tostring)?
[JOIN({"x": 1, "1": 2}; .[]?; tostring)]
[JOIN({"x": 1, "1": 2}; .[]?, 1; tostring; .[1])]
[(.a, .b)?]
[1, 2 | try (if . == 2 then error("x") else . end) catch 9]
[.[]? | (.a)? | error("behind")]?
(try 1 catch 2) | error("behind")?
label $f | 1, break $f, 2
[label $f | (1, 2, 3) | ., (if . == 2 then break $f else empty end)]
first(1, 2)
first(empty)
[first(.[]?)]
last(1, 2)
last(empty)
[limit(2; 1, 2, 3)]
[limit(0; 1, 2)]
[limit(1, 2; 5, 6, 7)]
[.[]? | select(type == "number")]
map(.)?
map_values(.)?
map_values(1)?
map_values(empty)?
map_values(select(. != null))?
any
[.[]?] | any(. == 1)
any(1, 2; . == 2)
all(1, 2; . == 2)
all(empty; false)
isempty(empty), isempty(1)
sort_by(.a)?
sort_by(.a, .b)?
group_by(.a)?
[group_by(.k?)?]
unique_by(.a)?
min_by(.a)?
max_by(.a)?
with_entries(.)?
with_entries(select(.value != null))?
with_entries(.value |= [.])?
to_entries?
keys?
length?
[..]
[.. | numbers]
[.[]? | strings, arrays, objects, nulls, booleans, iterables, scalars, values]
walk(if type == "number" then 0 else . end)
.a = 1
.a |= 2
.a.b = 3
.a.b? = 3
.a += 1
.a //= 1
.a[]? |= 1
.[]? |= 1
(.a, .b) = 1
(.a, .b) |= [.]
.a |= empty
del(.a)
del(.a, .b)
del(.a.b)
del(.[]? | select(. == null))
del(.x.y)
.["a"] = 5
"x\(.)y"
"\(1, 2)-\(3, 4)"
@json "v=\(.)"
@text
-1
-(.a?)
- .
1 + 2, 5 - 3, 7 / 2, 7 % 3
[.a? == .b?, .a? != 1, .a? < 2, .a? >= "x"]
. == ., . < 1
def f: . as $x | [$x]; f
def f: .[]? | select(. != null); [f | f]
def f: (1, 2) as $x | ., $x; [0 | f | f]
def f(g): [g | g]; f(.a?)
def f($x): [$x, $x + 1]; f(1, 2)
def f(g): (1, 2) as $x | g | . + $x; [f(f(0))]
def f: def g: 3; g + 1; f, f
def f($x): def g: $x; [g, g]; f(1), f(2)
def f: first(.[]?); [f, f]
first(.[]? | select(. == 2)) // "none"
[.[]? | first(.a?, 1)]
.a as $x | .b as $y | {$x, $y}
in({"a": 1})?
IN(1, 2)
[.[]?] | IN([], [1, 2, 3])
INDEX(.a?)?
add(.[]?)?
[paths]
[paths(type == "number")]
[path(..)] | length
pick(.a)?
[.[]? | pick(.a?, .k?)?]
[path(.a?, .b?)]
first(paths)?
[tostream]
[limit(1; paths)]
(.a, .b) |= 1, (.a?, .a?) |= [.]
[del(.[1:2]?, .[0]?)]
[.[1:]? |= [5]]
.a = (1, 2)
[.b.c[1:]? = [0]]
. as $x | [paths | . as $p | $x | getpath($p)]
def f(x): . as $y | [path(x)], $y; [f(.a?) | f(.b?)]
(paths | select(length > 1) | error)?
label $out | (path(.a?, .b?) | ., break $out)
[.[]? | label $f | path(.a?, break $f)]
delpaths([["a"], [0]])?
[1 | truncate_stream([[0], 1], [[1, 0], 2], [[1, 0]], [[1]])]
fma(1; 2; 3), fma(.a?; 2, 3; 1)?
INDEX(.[]?; .a?, .b?)?
walk(if type == "array" then .[], 1 else . end)?
`), "\n")

// TestPrograms holds programs to gojq: the same outputs, or an item that bails.
func TestPrograms(t *testing.T) {
	bails := 0
	for _, text := range programs {
		code, findings := jq.Compile(jq.Source{File: "p.jq", Text: text}, jq.Options{Kind: jq.Mapping})
		if code == nil {
			t.Errorf("%s: %v", text, findings)
			continue
		}
		compiled, reasons := Compile(code.Core(), 0, nil)
		if compiled == nil {
			t.Errorf("%s does not compile: %v", text, reasons)
			continue
		}
		m := compiled.Machine()
		for _, in := range inputs {
			var want, got []string
			add := func(to *[]string, v any) error {
				b, err := (&jq.Encoder{}).AppendValue(nil, v)
				*to = append(*to, string(b))
				return err
			}
			err := code.Run(context.Background(), jq.DecodeScanned([]byte(in)), nil, func(v any) error { return add(&want, v) })
			if _, st := m.Scan([]byte(in), 0, true); st != record.Done {
				t.Fatalf("%s was not scanned", in)
			}
			if !m.Run(context.Background(), time.Second, func(o Output) bool { return add(&got, o.Any()) == nil }) {
				if err == nil {
					bails++
					t.Logf("%s of %s bails, and has %s", text, in, want)
				}
				continue
			}
			if err != nil || strings.Join(want, " ") != strings.Join(got, " ") {
				t.Errorf("%s\n of %s\nhas %s %v\ngot %s", text, in, want, err, got)
			}
		}
	}
	if most := len(programs) * len(inputs) / 100; bails > most {
		t.Errorf("%d runs bail that have no error; at most %d may", bails, most)
	}
}
