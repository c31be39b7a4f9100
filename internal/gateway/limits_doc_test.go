package gateway_test

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"math"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const module = "github.com/meterbridge/meterbridge/"

// aLimit is how the constants are named that bound something; notServed are packages that a gateway does not run.
var (
	aLimit    = regexp.MustCompile(`^[mM]ax|^Default|[tT]imeout$|[pP]atience$|Deadline$|TTL$|Budget|^holdBack$|^heartbeat$|^checkpoint|^breaker|^job[A-Z]|^lookupRetry$|^drainTime$|^token(Margin|Life)$`)
	notServed = regexp.MustCompile(`^(internal/simulate|internal/openapi|internal/scaffold|internal/recorder|internal/assembly|internal/kv/kvtest|internal/mapping/mappingtest|cmd/)`)
	// counts are powers of two that are no bytes.
	counts = map[string]bool{"proxy.maxHeldItems": true}
)

// limit is a constant: where it stands, what it is, what its comment says.
type limit struct {
	pkg, name string
	expr      ast.Expr
	imports   map[string]string
	comment   string
}

func (l limit) ref() string { return l.pkg + "." + l.name }

// constants are all constants of the tree's packages, by "folder.Name".
func constants(t *testing.T) map[string]limit {
	t.Helper()
	out, files := map[string]limit{}, token.NewFileSet()
	for _, dir := range []string{"internal", "proxy", "cmd"} {
		err := filepath.WalkDir("../../"+dir, func(file string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
				return err
			}
			f, err := parser.ParseFile(files, file, nil, parser.ParseComments)
			if err != nil {
				return err
			}
			collect(out, path.Dir(strings.TrimPrefix(filepath.ToSlash(file), "../../")), f)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func collect(out map[string]limit, pkg string, f *ast.File) {
	imports := map[string]string{}
	for _, i := range f.Imports {
		full, _ := strconv.Unquote(i.Path.Value)
		imports[path.Base(full)] = full
	}
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, s := range g.Specs {
			v := s.(*ast.ValueSpec)
			about := v.Comment.Text()
			if about == "" {
				about = v.Doc.Text()
			}
			if about == "" && len(g.Specs) == 1 {
				about = g.Doc.Text()
			}
			for i, name := range v.Names {
				if i < len(v.Values) {
					l := limit{pkg, name.Name, v.Values[i], imports, strings.Join(strings.Fields(about), " ")}
					out[l.ref()] = l
				}
			}
		}
	}
}

// units are the constants of other modules that a limit may be made of.
var units = map[string]int64{
	"time.Millisecond": int64(time.Millisecond), "time.Second": int64(time.Second), "time.Minute": int64(time.Minute), "time.Hour": int64(time.Hour),
	"math.MaxInt32": math.MaxInt32,
}

// value evaluates a constant; ok is false for one that is no whole number. dated says that it is a duration.
func value(all map[string]limit, l limit, e ast.Expr) (v constant.Value, dated, ok bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		v = constant.MakeFromLiteral(e.Value, e.Kind, 0)
		return v, false, v.Kind() == constant.Int
	case *ast.ParenExpr:
		return value(all, l, e.X)
	case *ast.Ident:
		if other, found := all[l.pkg+"."+e.Name]; found {
			return value(all, other, other.expr)
		}
	case *ast.SelectorExpr:
		pkg, _ := e.X.(*ast.Ident)
		if pkg == nil {
			return nil, false, false
		}
		if n, found := units[pkg.Name+"."+e.Sel.Name]; found {
			return constant.MakeInt64(n), pkg.Name == "time", true
		}
		if other, found := all[strings.TrimPrefix(l.imports[pkg.Name], module)+"."+e.Sel.Name]; found {
			return value(all, other, other.expr)
		}
	case *ast.BinaryExpr:
		x, dx, okx := value(all, l, e.X)
		y, dy, oky := value(all, l, e.Y)
		if !okx || !oky {
			return nil, false, false
		}
		if e.Op == token.SHL {
			n, _ := constant.Uint64Val(y)
			return constant.Shift(x, token.SHL, uint(n)), false, true
		}
		return constant.BinaryOp(x, e.Op, y), dx || dy, true
	}
	return nil, false, false
}

// shown is a limit's value as a person reads it.
func shown(all map[string]limit, l limit) (string, bool) {
	v, dated, ok := value(all, l, l.expr)
	if !ok {
		return "", false
	}
	n, _ := constant.Int64Val(v)
	switch {
	case dated:
		return inUnits(n, int64(time.Hour), "h", int64(time.Minute), "min", int64(time.Second), "s", int64(time.Millisecond), "ms"), true
	case n >= 1<<10 && isShift(all, l) && !counts[l.ref()]:
		return inUnits(n, 1<<30, "GiB", 1<<20, "MiB", 1<<10, "KiB", 1, "bytes"), true
	case strings.HasSuffix(l.name, "Year"):
		return strconv.FormatInt(n, 10), true
	}
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s, true
}

// inUnits is n in the largest of the units that divides it; units are pairs of size and name.
func inUnits(n int64, units ...any) string {
	for i := 0; i < len(units); i += 2 {
		if size := int64(reflect.ValueOf(units[i]).Int()); n%size == 0 {
			return fmt.Sprintf("%d %s", n/size, units[i+1])
		}
	}
	return strconv.FormatInt(n, 10)
}

// isShift says whether a limit is written as bytes are, 8 << 20, itself or where it comes from.
func isShift(all map[string]limit, l limit) bool {
	switch e := l.expr.(type) {
	case *ast.BinaryExpr:
		return e.Op == token.SHL
	case *ast.SelectorExpr:
		pkg, _ := e.X.(*ast.Ident)
		from, ok := all[strings.TrimPrefix(l.imports[pkg.Name], module)+"."+e.Sel.Name]
		return ok && isShift(all, from)
	}
	return false
}

// A row is "| meaning | value | `folder.Name` |". What it means is written by hand; its value is not.
var row = regexp.MustCompile("^\\| (.*) \\| ([^|]*) \\| `([a-z/]+\\.[A-Za-z]+)` \\|$")

// limitsDocument is the file with every value anew, and with rows for constants that it has not: they go to its end.
func limitsDocument(t *testing.T, was string) string {
	all, listed := constants(t), map[string]bool{}
	var lines []string
	for line := range strings.SplitSeq(strings.TrimRight(was, "\n"), "\n") {
		if m := row.FindStringSubmatch(line); m != nil {
			l, found := all[m[3]]
			v, ok := shown(all, l)
			if !found || !ok {
				continue // the constant is gone
			}
			listed[m[3]] = true
			line = fmt.Sprintf("| %s | %s | `%s` |", m[1], v, m[3])
		}
		lines = append(lines, line)
	}
	for _, ref := range slices.Sorted(maps.Keys(all)) {
		l := all[ref]
		if v, ok := shown(all, l); ok && aLimit.MatchString(l.name) && !notServed.MatchString(l.pkg) && !listed[ref] {
			lines = append(lines, fmt.Sprintf("| %s | %s | `%s` |", cell(l.comment), v, ref))
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

func TestDocumentsLimits(t *testing.T) {
	const file = "../../docs/limits.md"
	was, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := limitsDocument(t, string(was))
	inStep(t, file, want)
	for line := range strings.Lines(want) {
		if m := row.FindStringSubmatch(strings.TrimSpace(line)); m != nil && m[1] == "" {
			t.Errorf("%s: the row of %s says nothing", file, m[3])
		}
	}
}
