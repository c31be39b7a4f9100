package gateway

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/mappings"
	"github.com/meterbridge/meterbridge/proxy"
)

// installed is the model that the binary carries.
func installed(t testing.TB) *mapping.Model {
	t.Helper()
	m, err := mapping.LoadModel(mappings.FS, proxy.ModelName)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func writtenDocument(t testing.TB) []byte {
	t.Helper()
	body, err := plainJSON(describe(routes(), installed(t), "test"))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func loaded(t testing.TB) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(writtenDocument(t))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// The validation holds every example to its schema too.
func TestTheOpenAPIDocumentIsValid(t *testing.T) {
	doc := loaded(t)
	if !doc.IsOpenAPI31OrLater() {
		t.Fatalf("openapi is %s", doc.OpenAPI)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestTheOpenAPIDocumentIsTheSameEachTime(t *testing.T) {
	if a, b := writtenDocument(t), writtenDocument(t); !bytes.Equal(a, b) {
		t.Fatal("two documents of the same model differ")
	}
}

func TestEveryRouteIsDocumentedAndNothingElse(t *testing.T) {
	doc := loaded(t)
	want := map[string][]string{}
	for _, r := range routes() {
		for _, m := range r.methods {
			if m != http.MethodHead {
				want[templated(r.path)] = append(want[templated(r.path)], m)
			}
		}
	}
	got := map[string][]string{}
	for path, item := range doc.Paths.Map() {
		got[path] = slices.Collect(maps.Keys(item.Operations()))
	}
	for path, methods := range want {
		slices.Sort(methods)
		slices.Sort(got[path])
		if !slices.Equal(methods, got[path]) {
			t.Errorf("%s: the router has %v, the document %v", path, methods, got[path])
		}
	}
	for path := range got {
		if want[path] == nil {
			t.Errorf("%s is documented and no route", path)
		}
	}
	for path := range operations() {
		if !slices.ContainsFunc(routes(), func(r route) bool { return r.path == path }) {
			t.Errorf("operations has %s, which is no route", path)
		}
	}
}

func TestOnlyRoutesWithoutATokenAreDocumentedAsPublic(t *testing.T) {
	doc := loaded(t)
	for _, r := range routes() {
		for method, op := range doc.Paths.Find(templated(r.path)).Operations() {
			open := op.Security != nil && len(*op.Security) == 0
			if open != (r.access == public) {
				t.Errorf("%s %s: documented as public: %t", method, r.path, open)
			}
		}
	}
}

func TestEveryParameterTheProxyReadsIsDocumented(t *testing.T) {
	var documented []string
	for _, p := range parameters() {
		documented = append(append(documented, p.name), p.aliases...)
	}
	slices.Sort(documented)
	if read := proxy.ParameterNames(); !slices.Equal(read, documented) {
		t.Fatalf("the proxy reads\n%v\nthe document has\n%v", read, documented)
	}
}

func TestParametersAreDescribedBoundedAndShown(t *testing.T) {
	doc := loaded(t)
	for name, ref := range doc.Components.Parameters {
		if p := ref.Value; p.Description == "" || p.Schema == nil || p.Example == nil {
			t.Errorf("%s lacks a description, a schema or an example", name)
		}
	}
	limit := doc.Components.Parameters["limit"].Value.Schema.Value
	if *limit.Min != 1 || *limit.Max != proxy.MaxLimit || limit.Default != float64(proxy.DefaultLimit) {
		t.Errorf("limit is documented as %v to %v, default %v", *limit.Min, *limit.Max, limit.Default)
	}
	for _, f := range proxy.Filters {
		if n := doc.Components.Parameters[f].Value.Schema.Value.MaxItems; n == nil || *n != proxy.MaxFilterValues {
			t.Errorf("%s does not state its bound", f)
		}
	}
}

func TestEveryCodeStandsInTheAnswerOfItsStatus(t *testing.T) {
	doc := loaded(t)
	for _, e := range problem.Table() {
		if e.Code == problem.ClientGone {
			continue
		}
		r := doc.Components.Responses[problemName(e.Status)]
		if r == nil || !strings.Contains(*r.Value.Description, "`"+string(e.Code)+"`") {
			t.Errorf("%s is not documented under %d", e.Code, e.Status)
		}
	}
	list := doc.Paths.Find("/unified/{model}/{resource}").Get.Responses
	for _, status := range append(dataProblems(), everywhere...) {
		if list.Value(statusText(status)) == nil {
			t.Errorf("list does not document %s", statusText(status))
		}
	}
}

func TestTheModelsSchemasAreInTheDocument(t *testing.T) {
	var doc struct {
		Components struct {
			Schemas map[string]json.RawMessage `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(writtenDocument(t), &doc); err != nil {
		t.Fatal(err)
	}
	m := installed(t)
	for _, name := range m.Names() {
		var want bytes.Buffer
		if err := json.Compact(&want, m.Schema(name)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(want.Bytes(), doc.Components.Schemas[name]) {
			t.Errorf("the schema of %s is not the model's", name)
		}
	}
}

// A digit lost in the document would be a digit lost in what people copy from it.
func TestExamplesKeepTheirDigits(t *testing.T) {
	if !bytes.Contains(writtenDocument(t), []byte("123.4567890123456789")) {
		t.Fatal("the example's amount is not there digit by digit")
	}
}

func TestReferencesLeadSomewhereAndComponentsAreUsed(t *testing.T) {
	body := string(writtenDocument(t))
	var doc struct {
		Components map[string]map[string]any `json:"components"`
	}
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, m := range regexp.MustCompile(`"\$ref":"#/components/([a-z]+)/([^"]+)"`).FindAllStringSubmatch(body, -1) {
		used[m[1]+"/"+m[2]] = true
		if _, ok := doc.Components[m[1]][m[2]]; !ok {
			t.Errorf("%s leads nowhere", m[0])
		}
	}
	for kind, all := range doc.Components {
		for name := range all {
			if kind != "securitySchemes" && !used[kind+"/"+name] {
				t.Errorf("nothing refers to %s/%s", kind, name)
			}
		}
	}
}
