package gateway

import (
	"encoding/json"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/admin"
)

// anyObject is the type of an answer that is described nowhere else.
var anyObject = reflect.TypeFor[map[string]any]()

const adminInfo = `What an operator does while the gateway serves. The surface has a listener of its own, ` + "`admin.listen`" + `, and tokens of its own, ` + "`admin.tokens`" + `; those of the data surface open nothing here. Secrets go in and never come out.`

// describeAdmin writes the document of the admin surface from its rows.
func describeAdmin(rows []admin.Route, version string) object {
	if version == "" {
		version = "dev"
	}
	paths, schemas, tags := object{}, object{{"Error", errorSchema()}}, []object{}
	params, headers := object{}, object{}
	statuses := []int{}
	for _, r := range rows {
		if !slices.ContainsFunc(tags, func(t object) bool { return t[0].value == r.Tag }) {
			tags = append(tags, object{{"name", r.Tag}})
		}
		for _, t := range []reflect.Type{r.Body, r.Answer} {
			if t != nil && t != anyObject {
				schemas = schemas.set(t.Name(), adminSchema(t))
			}
		}
		for _, p := range r.Query {
			params = params.set(r.ID+"."+p.Name, queryParameter(p))
		}
		for _, name := range inPath(r.Path) {
			params = params.set("path."+name, object{{"name", name}, {"in", "path"}, {"required", true}, {"description", "The id."}, {"schema", text().with("maxLength", account.MaxID)}, {"example", exampleAccount}})
		}
		operation := adminOperation(r)
		methods, _ := paths.of(r.Path).(object)
		paths = paths.set(r.Path, methods.with(strings.ToLower(r.Method), operation))
		statuses = append(statuses, problemsOf(r)...)
	}
	responses := object{}
	for _, m := range problemResponses() {
		if slices.ContainsFunc(statuses, func(s int) bool { return problemName(s) == m.name }) {
			responses = append(responses, m)
		}
	}
	body, _ := json.Marshal(responses)
	for _, h := range headerComponents() {
		if strings.Contains(string(body), `#/components/headers/`+h.name+`"`) {
			headers = append(headers, h)
		}
	}
	return object{
		{"openapi", "3.1.0"},
		{"info", object{{"title", "Meterbridge administration"}, {"version", version}, {"summary", "Integrated accounts and what else an operator tends."}, {"description", adminInfo},
			{"license", object{{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
		{"jsonSchemaDialect", "https://json-schema.org/draft/2020-12/schema"},
		{"servers", []object{{{"url", "/"}, {"description", "The admin listener of this gateway"}}}},
		{"tags", tags},
		{"security", []object{{{"bearer", []string{}}}}},
		{"paths", paths},
		{"components", object{
			{"securitySchemes", object{{"bearer", object{{"type", "http"}, {"scheme", "bearer"}, {"description", "A token of `admin.tokens` in the configuration."}}}}},
			{"parameters", params}, {"headers", headers}, {"responses", responses}, {"schemas", schemas},
		}},
	}
}

func adminOperation(r admin.Route) object {
	o := object{{"operationId", r.ID}, {"tags", []string{r.Tag}}, {"summary", r.Summary}, {"description", r.Text}}
	var list []object
	for _, name := range inPath(r.Path) {
		list = append(list, reference("parameters", "path."+name))
	}
	for _, p := range r.Query {
		list = append(list, reference("parameters", r.ID+"."+p.Name))
	}
	if len(list) > 0 {
		o = o.with("parameters", list)
	}
	if r.Body != nil {
		o = o.with("requestBody", object{{"required", true}, {"content", jsonContent(r.Body)}})
	}
	good := object{{"description", r.Summary + "."}, {"headers", headersOf(headerRequestID)}}
	if r.Answer != nil {
		good = good.with("content", jsonContent(r.Answer))
	}
	answers := object{{statusText(goodStatus(r)), good}}
	for _, s := range problemsOf(r) {
		answers = answers.with(statusText(s), reference("responses", problemName(s)))
	}
	o = o.with("responses", answers)
	if r.Policy == admin.Open {
		o = o.with("security", []object{})
	}
	return o
}

func problemsOf(r admin.Route) []int {
	all := append(slices.Clone(everywhere), r.Problems...)
	if r.Policy != admin.Open {
		all = append(all, http.StatusUnauthorized)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func jsonContent(t reflect.Type) object {
	schema := object{{"type", "object"}}
	if t != anyObject {
		schema = reference("schemas", t.Name())
	}
	return object{{"application/json", object{{"schema", schema}}}}
}

// adminSchema is schemaOf, closed: the surface takes and sends nothing else.
func adminSchema(t reflect.Type) object {
	return schemaOf(t).with("additionalProperties", false)
}

func queryParameter(p admin.Parameter) object {
	return object{{"name", p.Name}, {"in", "query"}, {"description", p.Text}, {"schema", text()}, {"example", p.Example}}
}

var pathValue = regexp.MustCompile(`\{([a-z_]+)\}`)

func inPath(path string) (names []string) {
	for _, m := range pathValue.FindAllStringSubmatch(path, -1) {
		names = append(names, m[1])
	}
	return names
}
