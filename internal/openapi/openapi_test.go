package openapi

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func parse(t *testing.T, text string) *Document {
	t.Helper()
	d, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"what is no YAML", "{", "did not find expected"},
		{"a list", "[]", "not one object"},
		{"nothing", "", "not one object"},
		{"an older version", "swagger: '2.0'", "3.x is read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Parse([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestSize(t *testing.T) {
	text := []byte("openapi: 3.0.0\n#")
	text = append(text, bytes.Repeat([]byte("x"), MaxSize-len(text))...)
	if _, err := Parse(text); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	if _, err := Parse(append(text, 'x')); err == nil {
		t.Error("one byte past the limit is read")
	}
}

func TestOperations(t *testing.T) {
	d := parse(t, `
openapi: 3.1.0
servers: [{url: "https://{region}.acme.example/", variables: {region: {default: eu}}}]
security: [{missing: []}, {both: [], other: []}]
paths:
  /a/{id}:
    parameters: [{name: id, in: path, required: true}]
    get:
      operationId: getA
      summary: get
      deprecated: true
      parameters: [{$ref: "#/components/parameters/limit"}, {$ref: "#/components/parameters/none"}, {$ref: "other.yaml#/x"}]
      responses:
        "200": {$ref: "#/components/responses/ok"}
        default: {content: {application/json: {schema: {properties: {message: {type: string}}}}}}
    put: {responses: {"200": {}}}
components:
  parameters: {limit: {name: limit, in: query, example: 5, schema: {type: integer, maximum: 10}}}
  responses:
    ok:
      headers: {Link: {}}
      content:
        text/csv: {schema: {type: string}}
        application/vnd.a+json: {schema: {$ref: "#/components/schemas/A"}, examples: {one: {value: {n: 1.50}}}}
  schemas:
    A: {allOf: [{$ref: "#/components/schemas/B"}, {properties: {b: {type: ["null", integer]}, self: {$ref: "#/components/schemas/A"}}}]}
    B: {type: object, properties: {b: {type: string}, c: {anyOf: [{type: "null"}, {type: string, format: date}]}}}
  securitySchemes:
    both: {type: http, scheme: Basic}
    other: {type: apiKey, in: header, name: X-Key}
`)
	if got := d.Servers(); len(got) != 1 || got[0] != "https://eu.acme.example" {
		t.Errorf("servers %q", got)
	}
	ops := d.Operations()
	if len(ops) != 1 {
		t.Fatalf("%d operations", len(ops))
	}
	op := ops[0]
	if op.Method != "GET" || op.Path != "/a/{id}" || op.ID != "getA" || !op.Deprecated || op.ContentType != "application/vnd.a+json" || strings.Join(op.Headers, ",") != "Link" {
		t.Errorf("got %+v", op)
	}
	if len(op.Params) != 2 || op.Params[0].Name != "limit" || op.Params[0].Schema.Example.Value != "5" || op.Params[0].Schema.Maximum != 10 || op.Params[1].Name != "id" || !op.Params[1].Required {
		t.Errorf("parameters %+v", op.Params)
	}
	if b := op.Answer.Prop("b"); b == nil || b.Type != "integer" {
		t.Errorf("the later of two properties counts; got %+v", b)
	}
	if c := op.Answer.Prop("c"); c == nil || c.Type != "string" || c.Format != "date" {
		t.Errorf("got %+v", c)
	}
	if got := JSON(op.Example); got != `{"n": 1.50}` {
		t.Errorf("the example is %s", got)
	}
	if op.Fault.Prop("message") == nil {
		t.Error("no error answer")
	}
	if len(op.Security) != 2 || op.Security[0].Scheme != "basic" || op.Security[1].Key != "X-Key" {
		t.Errorf("security %+v", op.Security)
	}
}

func depth(s *Schema) (n int) {
	for ; s != nil; s = s.Prop("a") {
		n++
	}
	return n
}

func TestDepthOfSchemas(t *testing.T) {
	answer := func(schema string) *Schema {
		return parse(t, `{"openapi": "3.0.0", "paths": {"/a": {"get": {"responses": {"200": {"content": {"application/json": {"schema": `+schema+`}}}}}}}, "x": {"properties": {"a": {"$ref": "#/x"}}}}`).Operations()[0].Answer
	}
	nested := func(n int) string {
		return strings.Repeat(`{"properties": {"a": `, n) + `{"type": "string"}` + strings.Repeat("}}", n)
	}
	for _, c := range []struct {
		name, schema string
		want         int
	}{
		{"at the limit", nested(maxDepth), maxDepth + 1},
		{"past the limit", nested(maxDepth + 1), maxDepth + 1},
		{"a circle", `{"$ref": "#/x"}`, maxDepth + 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := depth(answer(c.schema)); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}

func TestHops(t *testing.T) {
	for _, c := range []struct{ hops, want int }{{maxHops - 2, 1}, {maxHops - 1, 1}, {maxHops, 0}} {
		var b strings.Builder
		b.WriteString(`{"openapi": "3.0.0", "paths": {"/a": {"$ref": "#/r0"}}`)
		for i := range c.hops - 1 {
			fmt.Fprintf(&b, `, "r%d": {"$ref": "#/r%d"}`, i, i+1)
		}
		fmt.Fprintf(&b, `, "r%d": {"get": {"responses": {}}}}`, c.hops-1)
		if got := len(parse(t, b.String()).Operations()); got != c.want {
			t.Errorf("%d hops: %d operations, want %d", c.hops, got, c.want)
		}
	}
}

func TestSchemasOfAnOperation(t *testing.T) {
	for _, c := range []struct{ props, want int }{{maxSchemas - 1, maxSchemas - 1}, {maxSchemas, maxSchemas - 1}} {
		var b strings.Builder
		for i := range c.props {
			fmt.Fprintf(&b, `, "p%d": {}`, i)
		}
		d := parse(t, `{"openapi": "3.0.0", "paths": {"/a": {"get": {"responses": {"200": {"content": {"application/json": {"schema": {"properties": {`+b.String()[2:]+`}}}}}}}}}}`)
		if got := len(d.Operations()[0].Answer.Props); got != c.want {
			t.Errorf("of %d properties %d are read, want %d", c.props, got, c.want)
		}
	}
}

func TestExamplesAreBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("openapi: 3.0.0\na0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n")
	for i := range 8 {
		fmt.Fprintf(&b, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i+1, i+1, i, i, i, i, i, i, i, i, i, i)
	}
	d := parse(t, b.String())
	if got := len(JSON(d.get(d.root, "a8"))); got < maxExample || got > 2*maxExample {
		t.Errorf("%d bytes", got)
	}
}

// A description of anybody's leads to no panic and no hang.
func FuzzParse(f *testing.F) {
	f.Add(`{"openapi": "3.0.0", "paths": {"/a": {"get": {"responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/x"}}}}}}}}, "x": {"allOf": [{"$ref": "#/x"}]}}`)
	f.Add("openapi: 3.1.0\npaths: {/a: {post: {requestBody: {content: {'*/*': {schema: {oneOf: [{}, {items: {}}]}}}}}}}\n")
	f.Add("openapi: 3.0.0\npaths: &a\n  /a: *a\n")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Parse([]byte(text))
		if err != nil {
			return
		}
		d.Title()
		d.Servers()
		for _, op := range d.Operations() {
			JSON(op.Example)
		}
	})
}
