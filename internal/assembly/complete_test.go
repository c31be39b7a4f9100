package assembly

import (
	"fmt"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/simulate"
	"github.com/meterbridge/meterbridge/mappings"
	"github.com/meterbridge/meterbridge/proxy"
)

// products are a resource that is small enough to be complete: description, category and unit are left out.
const products = `connector: acme
title: Acme
context: { base_url: { default: "https://api.acme.example" } }
resources:
  products:
    omits:
      description: none
      category: none
      unit: none
    list: { get: "/v1/{{ .context.base_url }}/products", items: data, page: { next_token: [next], token_param: page } }
`

const productsMapping = `{id, name, created_at: .made, updated_at: .changed}`

func acme(t *testing.T, text string) *connector.Connector {
	t.Helper()
	c, bad := connector.Parse("acme.yaml", []byte(text))
	if c == nil {
		t.Fatal(bad)
	}
	return c
}

func TestFieldsAreMappedOrLeftOut(t *testing.T) {
	model, err := mapping.LoadModel(mappings.FS, proxy.ModelName)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, was, is, mapped, want string }{
		{"complete", "", "", "", ""},
		{"not mapped", "", "", "{id, name, created_at: .made}", "5:3 unmapped updated_at"},
		{"several not mapped", "", "", "{id}", "5:3 unmapped name, created_at, updated_at of products (map them, or say why not in the omits that are there: name: …, created_at: …, updated_at: …)"},
		{"none omitted", "    omits:\n      description: none\n      category: none\n      unit: none\n", "", "", "5:3 unmapped description, category, unit of products (map them, or say why not: omits: { description: …, category: …, unit: … })"},
		{"always null", "", "", "{id, name: null, created_at: .made, updated_at: .changed}", "5:3 unmapped name"},
		{"mapped by some outputs", "", "", "if .made then {id, name, created_at: .made, updated_at: .changed} else {id, name} end", ""},
		{"omitted and mapped", "", "", "{id, name, unit, created_at: .made, updated_at: .changed}", "9:7 omitted unit"},
		{"omitted and mapped by some outputs", "", "", "if .u then {id, name, unit, created_at: .made, updated_at: .changed} else {id} end", ""},
		{"an unknown field", "unit: none", "units: none", "", "9:7 unknown-field products did you mean unit? 5:3 unmapped unit"},
		{"an unknown field without a neighbour", "unit: none", "unit: none\n      zebra: none", "", "10:7 unknown-field products the model has id, name,"},
		{"approximated", "    list:", "    approximates: { name: the slug }\n    list:", "", ""},
		{"approximated and not mapped", "    list:", "    approximates: { name: the slug }\n    list:", "{id, created_at: .made, updated_at: .changed}", "10:21 unmapped name"},
		{"approximated and omitted", "    list:", "    approximates: { unit: the slug }\n    list:", "", "10:21 omitted unit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(products, c.was, c.is, 1)
			if c.was == "" {
				text = products
			}
			if c.mapped == "" {
				c.mapped = productsMapping
			}
			p, bad := mapping.Compile(jq.Source{File: "acme.jq", Text: "# Acme\ndef products: " + c.mapped + ";"}, model)
			if p == nil {
				t.Fatal(bad)
			}
			var got []string
			for _, f := range fields(acme(t, text), text, p, model) {
				word, _, _ := strings.Cut(f.Text, " ")
				if f.Rule == "unmapped" && strings.HasPrefix(f.Text, "the mapping never fills ") {
					word = strings.TrimPrefix(f.Text, "the mapping never fills ") + " (" + f.Fix + ")"
				}
				one := fmt.Sprintf("%d:%d %s %s", f.Line, f.Col, f.Rule, word)
				if f.Rule == "unknown-field" {
					one += " " + f.Fix
				}
				if got = append(got, one); f.Fix == "" || f.File != "acme.yaml" {
					t.Errorf("%+v", f)
				}
			}
			if s := strings.Join(got, " "); s != c.want && (c.want == "" || !strings.HasPrefix(s, c.want)) {
				t.Errorf("got %s, want %s", s, c.want)
			}
		})
	}
}

const tape = `-- cassette.yaml --
month: 2026-09
now: 2026-10-05T12:00:00Z
auth: none
requests:
  one: { resource: products }
  two: { resource: products, format: normalized }
  three: { resource: products, format: raw }
-- exchange/one --
GET /base/v1/x/products

200

{"next": "2"}
-- exchange/two --
GET /base/v1/x/products?page=2

200

{}
-- answer/unauthorized --
403
-- answer/missing --
403
-- answer/slower --
429
-- golden/one.json --
{}
-- golden/two.json --
{}
-- golden/three.raw --
{}
`

func TestCassettesProve(t *testing.T) {
	for _, c := range []struct{ name, was, is, want string }{
		{"everything", "", "", ""},
		{"no second page", "-- exchange/two --\nGET /base/v1/x/products?page=2\n\n200\n\n{}\n", "", "cassette-pages no list that pages by next_token has a second page"},
		{"the second page of another list", "?page=2", "/other?page=2", "cassette-pages no list that pages by next_token has a second page"},
		{"no wrong credentials", "answer/unauthorized", "answer/other", "cassette-errors there is no 401: how does the provider answer wrong credentials?"},
		{"no missing permission", "-- answer/missing --\n403\n", "", ""},
		{"neither", "-- answer/unauthorized --\n403\n-- answer/missing --\n403\n", "", "cassette-errors there is no 401: how does the provider answer wrong credentials? cassette-errors there is no 403: how does the provider answer a missing permission?"},
		{"no rate limit", "429", "418", "cassette-errors there is no 429: how does the provider answer too many calls?"},
		{"a status of an exchange", "-- answer/slower --\n429\n", "-- exchange/slow --\nGET /slow\n\n429\n", ""},
		{"no golden of a format", "-- golden/three.raw --\n{}\n", "", "cassette-goldens the golden of the request with format: raw is missing"},
		{"a golden that shows an error", "three: { resource: products,", "three: { status: 404, resource: products,", "cassette-goldens no request of cassette.yaml has format: raw"},
		{"the refusal of a download", "-- answer/slower --\n429\n", "-- exchange/slow --\nGET /slow\nauth: refused\n\n429\n", "cassette-errors there is no 429: how does the provider answer too many calls?"},
		{"a golden of another route", "three: { resource: products,", "three: { via: proxy, resource: products,", "cassette-goldens no request of cassette.yaml has format: raw"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(tape, c.was, c.is, 1)
			if c.was == "" {
				text = tape
			}
			cassette, err := simulate.Parse("testdata/acme.txtar", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range proof(acme(t, products), cassette) {
				got = append(got, f.Rule+" "+f.Text)
				if f.Fix == "" || f.File != "testdata/acme.txtar" || f.Warn {
					t.Errorf("%+v", f)
				}
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("got %s\nwant %s", s, c.want)
			}
		})
	}
	then := strings.Replace(products, "token_param: page", "then: { get: \"/v1/next/{{ .token }}\" }", 1)
	for path, found := range map[string]int{"/v1/next/2": 0, "/v1/other": 1} {
		cassette, err := simulate.Parse("acme.txtar", []byte(strings.Replace(tape, "GET /base/v1/x/products?page=2", "GET "+path, 1)))
		if err != nil {
			t.Fatal(err)
		}
		if f := proof(acme(t, then), cassette); len(f) != found {
			t.Errorf("a second page at %s: %v", path, f)
		}
	}
	if f := proof(acme(t, products), nil); len(f) != 1 || f[0].Rule != "cassette-missing" || f[0].File != "acme.yaml" {
		t.Errorf("without a cassette: %v", f)
	}
}
