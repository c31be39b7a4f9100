package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
)

// document is the OpenAPI document of one model.
type document struct {
	of   Schemas
	body []byte
	etag string
}

// openapi answers with the OpenAPI document, built once for each model that a reload brings.
func (g *gateway) openapi(c echo.Context) error {
	model := g.Model()
	d := g.openAPI.Load()
	if d == nil || d.of != model {
		body, err := plainJSON(describe(g.routes, model, g.Version))
		if err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		d = &document{model, body, `"` + hex.EncodeToString(sum[:12]) + `"`}
		g.openAPI.Store(d)
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", d.etag)
	if c.Request().Header.Get("If-None-Match") == d.etag {
		return c.NoContent(http.StatusNotModified)
	}
	return c.Blob(http.StatusOK, contentJSON, d.body)
}

// describe writes the document from the router's table, the operations of operations.go and the model's schemas.
func describe(table []route, model Schemas, version string) object {
	if version == "" {
		version = "dev"
	}
	doc := object{
		{"openapi", "3.1.0"},
		{"info", object{
			{"title", "Meterbridge"},
			{"version", version},
			{"summary", "Usage and cost of many providers, in one shape."},
			{"description", infoText},
			{"license", object{{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}},
		}},
		{"jsonSchemaDialect", "https://json-schema.org/draft/2020-12/schema"},
		{"servers", []object{{{"url", "/"}, {"description", "This gateway"}}}},
		{"tags", tags},
		{"security", []object{{{"bearer", []string{}}}}},
	}
	paths, ops := object{}, operations()
	for _, r := range table {
		if op, ok := ops[r.path]; ok {
			paths = append(paths, member{templated(r.path), op.item(r)})
		}
	}
	return doc.with("paths", paths).with("components", components(model))
}

// item is the path item of a route: its parameters once, and an operation for each method. HEAD works wherever GET
// does and is not repeated.
func (op operation) item(r route) object {
	item := object{{"summary", op.summary}}
	if len(op.path) > 0 {
		var list []object
		for _, name := range op.path {
			list = append(list, reference("parameters", "path."+name))
		}
		item = item.with("parameters", list)
	}
	for _, method := range r.methods {
		if method != http.MethodHead {
			item = item.with(strings.ToLower(method), op.method(r, method))
		}
	}
	return item
}

func (op operation) method(r route, method string) object {
	id := op.id
	if len(r.methods) > len(read) { // one route, several operations
		id += strings.ToUpper(method[:1]) + strings.ToLower(method[1:])
	}
	o := object{{"operationId", id}, {"tags", []string{op.tag}}, {"summary", op.summary}, {"description", op.text}}
	var list []object
	for _, name := range op.query {
		list = append(list, reference("parameters", name))
	}
	if list = append(list, reference("parameters", "header."+headerRequestID)); op.streams {
		list = append(list, reference("parameters", "header.Last-Event-ID"))
	}
	o = o.with("parameters", list)
	if method == http.MethodPost || method == http.MethodPut || method == http.MethodPatch {
		body := passedBody
		if op.body != nil {
			body = op.body
		}
		o = o.with("requestBody", body)
	}
	o = o.with("responses", op.responses(r))
	if r.access == public {
		o = o.with("security", []object{})
	}
	return o
}

// responses are the operation's own, and those of every problem that it can end in.
func (op operation) responses(r route) object {
	out := slices.Clone(op.answers)
	statuses := slices.Clone(op.problems)
	if r.access == bearer {
		statuses = append(statuses, http.StatusUnauthorized)
	}
	statuses = append(statuses, everywhere...)
	slices.Sort(statuses)
	for _, s := range slices.Compact(statuses) {
		out = out.with(statusText(s), reference("responses", problemName(s)))
	}
	return out
}

// templated is a route's path as OpenAPI writes it.
func templated(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		switch {
		case strings.HasPrefix(p, ":"):
			parts[i] = "{" + p[1:] + "}"
		case p == "*":
			parts[i] = "{path}"
		}
	}
	return strings.Join(parts, "/")
}

func reference(kind, name string) object {
	return object{{"$ref", "#/components/" + kind + "/" + name}}
}
