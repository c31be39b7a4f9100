package gateway

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/meterbridge/meterbridge/internal/admin"
	"github.com/meterbridge/meterbridge/internal/principal"
)

// adminRows are the table as a gateway has it.
func adminRows() []admin.Route {
	return slices.Concat((&admin.Accounts{}).Routes(), (&admin.Tokens{}).Routes(), []admin.Route{documentRow(), aliveRow()})
}

func adminDocument(t testing.TB) []byte {
	t.Helper()
	body, err := plainJSON(describeAdmin(adminRows(), "test"))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestTheAdminDocumentIsValid(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(adminDocument(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestEveryAdminRouteIsDocumentedAndNothingElse(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(adminDocument(t))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{}
	ids := map[string]bool{}
	for _, r := range adminRows() {
		want[r.Path] = append(want[r.Path], r.Method)
		op := doc.Paths.Find(r.Path).GetOperation(r.Method)
		switch {
		case op == nil:
			t.Errorf("%s %s is not documented", r.Method, r.Path)
			continue
		case ids[r.ID] || r.ID == "" || r.Summary == "" || r.Text == "":
			t.Errorf("%s %s: its id is taken, or it says too little", r.Method, r.Path)
		case (op.Security != nil && len(*op.Security) == 0) != (r.Policy == admin.Open):
			t.Errorf("%s %s is documented with another policy than it has", r.Method, r.Path)
		case (op.RequestBody != nil) != (r.Body != nil):
			t.Errorf("%s %s is documented with another body than it reads", r.Method, r.Path)
		}
		ids[r.ID] = true
		var query []string
		for _, p := range op.Parameters {
			if p.Value.In == "query" {
				query = append(query, p.Value.Name)
			}
		}
		if !slices.Equal(query, admin.Names(r.Query)) {
			t.Errorf("%s %s takes %v, and %v is documented", r.Method, r.Path, admin.Names(r.Query), query)
		}
	}
	for path, item := range doc.Paths.Map() {
		got := slices.Sorted(maps.Keys(item.Operations()))
		if slices.Sort(want[path]); !slices.Equal(got, want[path]) {
			t.Errorf("%s: the router has %v, the document %v", path, want[path], got)
		}
	}
}

func TestTheAdminDocumentRefersToWhatItHas(t *testing.T) {
	body := string(adminDocument(t))
	var doc struct {
		Components map[string]map[string]any `json:"components"`
	}
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, m := range regexp.MustCompile(`"\$ref":"#/components/([a-z]+)/([^"]+)"`).FindAllStringSubmatch(body, -1) {
		used[m[1]+"/"+m[2]] = true
		if _, ok := doc.Components[strings.ToLower(m[1])][m[2]]; !ok {
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

// One name in the document is one type: the rows come from several packages.
func TestAdminTypesHaveNamesOfTheirOwn(t *testing.T) {
	byName := map[string]reflect.Type{}
	for _, r := range adminRows() {
		for _, typ := range []reflect.Type{r.Body, r.Answer} {
			if typ == nil || typ == anyObject {
				continue
			}
			if other, ok := byName[typ.Name()]; typ.Name() == "" || typ.Name() == "Error" || ok && other != typ {
				t.Errorf("%s %s: the name of %s is taken, or it has none", r.Method, r.Path, typ)
			}
			byName[typ.Name()] = typ
		}
	}
}

func TestAnAdminRouteThatDoesNotSayWhoMayCallItIsRefused(t *testing.T) {
	row := admin.Route{Method: http.MethodGet, Path: "/new", ID: "new", Tag: "x", Handle: func(*http.Request) (any, error) { return nil, nil }}
	for _, p := range []admin.Policy{0, admin.Operator + 1} {
		row.Policy = p
		if _, err := Admin(minimal(new(counted), io.Discard), []admin.Route{row}); err == nil || !strings.Contains(err.Error(), "/new") {
			t.Errorf("policy %d: %v", p, err)
		}
	}
	row.Policy = admin.Operator
	if _, err := Admin(minimal(new(counted), io.Discard), []admin.Route{row}); err == nil || !strings.Contains(err.Error(), "/new") {
		t.Errorf("with nobody who could be an operator: %v", err)
	}
	c := minimal(new(counted), io.Discard)
	c.Operators = principal.NewAuthenticator("admin.tokens", nil, time.Now)
	if _, err := Admin(c, []admin.Route{row}); err != nil {
		t.Error(err)
	}
}
