// Package admin is what an operator does while the gateway serves: the table of the admin surface's routes, and those that
// create, change and remove integrated accounts.
//
// A row of the table is all there is to say of a route: who may call it, what answers, and what its document says of it.
// Parts of the gateway that have something to administer add rows of their own; the HTTP edge serves them and writes the
// OpenAPI document from the same rows. The surface has a listener and tokens of its own, and a row without a policy does not
// start.
package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/near"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/proxy"
)

// MaxBody bounds the body of a request to the admin surface.
const MaxBody = 256 << 10

// Policy is who may call a route. Its zero is refused, so that a new route is closed until it is opened.
type Policy uint8

const (
	Open     Policy = iota + 1 // no token
	Operator                   // a token of admin.tokens
)

// Route is one row of the table.
type Route struct {
	Method, Path string // GET, /integrated-account/{id}; the handler has the id by PathValue
	Policy       Policy
	Handle       func(*http.Request) (any, error) // the body of a good answer, sent as JSON; nil: none
	Status       int                              // of a good answer; 0: 200, or 204 where there is no body

	ID, Tag, Summary, Text string
	Query                  []Parameter  // what the query string takes; anything else is a 400
	Body, Answer           reflect.Type // of the request and of a good answer; nil: none
	Problems               []int        // statuses beside those that every route has
}

// Parameter is one of the query string.
type Parameter struct{ Name, Text, Example string }

// Names are the names of parameters.
func Names(list []Parameter) []string {
	var out []string
	for _, p := range list {
		out = append(out, p.Name)
	}
	return out
}

// Query reads a query string of the named parameters. The surface is for tools: what it does not know is a 400.
func Query(r *http.Request, list []Parameter) (map[string]string, error) {
	names := Names(list)
	values, unknown, err := proxy.PlainQuery(r.URL.RawQuery, names...)
	if err == nil && len(unknown) > 0 {
		text := "this route takes no parameters"
		if len(names) > 0 {
			text = proxy.UnknownParameter(unknown[0], names)
		}
		err = problem.Param(problem.UnknownParameter, unknown[0], "%s", text)
	}
	return values, err
}

// Read reads a JSON body into a struct, whose fields are all that it may hold.
func Read(r *http.Request, into any) error {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	switch {
	case err != nil:
		return problem.Wrap(problem.InvalidBody, err, "the body was cut off")
	case len(body) > MaxBody:
		return problem.New(problem.TooLarge, "the body is larger than %d bytes", MaxBody)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return badBody(err, into)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return problem.New(problem.InvalidBody, "the body has more than one JSON value")
	}
	return nil
}

// badBody says what is wrong with a body, without its text, which may hold a secret.
func badBody(err error, into any) error {
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch name, unknown := strings.CutPrefix(err.Error(), `json: unknown field "`); {
	case unknown:
		name = strings.TrimSuffix(name, `"`)
		return problem.Param(problem.InvalidBody, name, "there is no field %q; the nearest is %q", name, near.Any(name, fieldsOf(into)))
	case errors.As(err, &kind) && kind.Field != "":
		return problem.Param(problem.InvalidBody, kind.Field, "%s wants %s, not %s", kind.Field, jsonKind(kind.Type), given(kind.Value))
	case errors.As(err, &kind):
		return problem.New(problem.InvalidBody, "the body is %s; it is an object, sent as application/json", given(kind.Value))
	case errors.As(err, &syntax):
		return problem.New(problem.InvalidBody, "the body is no JSON, at byte %d", syntax.Offset)
	case errors.Is(err, io.EOF):
		return problem.New(problem.InvalidBody, "the body is missing; it is a JSON object")
	}
	return problem.New(problem.InvalidBody, "the body is no JSON: it ends too early")
}

func fieldsOf(into any) []string {
	var out []string
	t := reflect.TypeOf(into).Elem()
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// given is what a body has where it wants something else, as encoding/json calls it.
func given(kind string) string {
	if kind == "array" || kind == "object" {
		return "an " + kind
	}
	return "a " + kind
}

func jsonKind(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return jsonKind(t.Elem())
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Map, reflect.Struct:
		return "an object"
	case reflect.Slice:
		return "a list"
	}
	return "a number"
}
