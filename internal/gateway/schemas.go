package gateway

import (
	"encoding/json"
	"reflect"
	"strings"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/proxy"
)

// components are everything that the document refers to.
func components(model Schemas) object {
	params := pathParameters(model)
	for _, p := range parameters() {
		params = params.with(p.name, p.object())
	}
	for _, p := range accountParameters() {
		params = params.with(p.name, p.object())
	}
	return object{
		{"securitySchemes", object{{"bearer", object{{"type", "http"}, {"scheme", "bearer"}, {"description", "A token of `auth.tokens` in the configuration, or an account token."}}}}},
		{"parameters", append(params, headerParameters()...)},
		{"headers", headerComponents()},
		{"responses", problemResponses()},
		{"schemas", schemas(model)},
	}
}

// schemas are the bodies. Those of the model come from the model, those of views from their Go types.
func schemas(model Schemas) object {
	records := []object{}
	out := object{}
	for _, name := range model.Names() {
		records = append(records, reference("schemas", name))
		out = out.with(name, json.RawMessage(model.Schema(name)))
	}
	record := reference("schemas", "Record")
	cursor := object{{"type", []string{"string", "null"}}, {"description", "Where the next page begins; null at the end."}}
	envelope := func(result object, more ...member) object {
		props := object{
			{"result", result}, {"next_cursor", cursor},
			{"prev_cursor", object{{"type", "null"}, {"description", "There for clients that expect it."}}},
			{"result_count", object{{"type", "integer"}, {"minimum", 0}}},
		}
		return closed(append(append(props, aboutMembers()...), more...), "result", "next_cursor", "prev_cursor", "result_count", "range")
	}
	row := object{{"type", "object"}, {"additionalProperties", object{{"type", []string{"string", "number", "boolean", "null"}}}}}
	// A record without the excluded fields, or with exact numbers as strings, is not a record of the model any more.
	return append(out, object{
		{"Record", object{{"description", "A record of the resource that was asked for. With `truto_exclude_fields` some of its members are missing; with `numbers=string` exact numbers are strings."}, {"anyOf", append(records, object{{"type", "object"}})}}},
		{"List", envelope(listOf(record))},
		{"KeyedList", envelope(object{{"type", "object"}, {"additionalProperties", record}})},
		{"ProxyList", envelope(listOf(object{{"description", "The provider's item as it came."}}))},
		{"NormalizedList", envelope(listOf(row), member{"included", object{{"type", "object"}, {"description", "By table: each referenced entity once, and the children of each row in the order of their position."}, {"additionalProperties", listOf(row)}}})},
		{"Summary", summarySchema()},
		{"DebugBody", closed(object{{"result", reference("schemas", "List")}, {"debug", debugSchema()}}, "result", "debug")},
		{"Range", closed(object{
			{"start", nullableDate("Start of the range served.")}, {"end", nullableDate("Its end, exclusive.")},
			{"granularity", object{{"type", []string{"string", "null"}}}}, {"preliminary_from", nullableDate("From here on the provider may still change its figures.")},
		}, "start", "end", "granularity", "preliminary_from")},
		{"Warning", warningSchema()},
		{"StreamLine", object{{"description", "One line: a record; with `stream_meta` also a checkpoint or the end; an error at the end of a stream that failed."}, {"anyOf", []object{record, streamLine("error", reference("schemas", "Error")),
			streamLine("checkpoint", closed(object{{"next_cursor", text()}, {"count", object{{"type", "integer"}}}}, "next_cursor", "count")),
			streamLine("end", closed(object{{"status", oneOf("complete", "limited")}, {"count", object{{"type", "integer"}}}, {"next_cursor", cursor}, {"range", reference("schemas", "Range")}, {"warnings", listOf(reference("schemas", "Warning"))}}, "status", "count", "next_cursor", "range", "warnings"))}}}},
		{"Error", errorSchema()},
		{"AccountList", schemaOf(reflect.TypeFor[proxy.AccountList]())},
		{"Account", schemaOf(reflect.TypeFor[proxy.AccountView]())},
		{"AccountToken", accountTokenSchema()},
		{"Capabilities", schemaOf(reflect.TypeFor[proxy.Capabilities]())},
		{"Meta", schemaOf(reflect.TypeFor[proxy.Meta]())},
		{"Health", closed(object{{"status", oneOf("ok")}}, "status")},
		{"Readiness", schemaOf(reflect.TypeFor[Readiness]())},
	}...)
}

func debugSchema() object {
	exchange := closed(object{{"purpose", text()}, {"method", text()}, {"url", text()}, {"status", object{{"type", "integer"}}}, {"ms", object{{"type", "number"}}}, {"bytes", object{{"type", "integer"}, {"description", "Of the answer's body as it came, as far as it was read; with `explain`."}}}}, "purpose", "method", "url", "status", "ms")
	return closed(object{
		{"requestUrl", text()}, {"requestOptions", object{{"type", "object"}}}, {"data", object{{"description", "The provider's last answer."}}},
		{"responseHeaders", object{{"type", "object"}, {"additionalProperties", text()}}}, {"nextCursor", object{{"type", []string{"string", "null"}}}},
		{"isLooping", object{{"type", "boolean"}}}, {"isEmptyResult", object{{"type", "boolean"}}}, {"resultCount", object{{"type", "integer"}}}, {"exchanges", listOf(exchange)},
		{"explain", schemaOf(reflect.TypeFor[proxy.Explanation]()).with("description", "With `explain`.")},
	}, "requestUrl", "requestOptions", "data", "responseHeaders", "nextCursor", "isLooping", "isEmptyResult", "resultCount", "exchanges")
}

// errorSchema leaves the codes open, since later versions have more.
func errorSchema() object {
	var codes []string
	for _, e := range problem.Table() {
		if e.Code != problem.ClientGone {
			codes = append(codes, string(e.Code))
		}
	}
	return object{{"type", "object"}, {"properties", object{
		{"statusCode", integer(400, 599)}, {"error", text().with("description", "The status in words.")},
		{"message", text().with("description", "What is wrong and what to do.")},
		{"code", text().with("description", "Stable name of the problem.").with("examples", codes)},
		{"request_id", text()},
		{"details", object{{"type", "object"}, {"description", "May name a `parameter`, or what the provider said of fields; with `explain` it has the `exchanges` that came before the problem."}}},
		{"truto_is_remote_error", object{{"const", true}, {"description", "The provider's error, not ours."}}},
		{"raw_response", object{{"description", "The provider's body, parsed if it is JSON."}}},
		{"truto_error_insight", schemaOf(reflect.TypeFor[problem.Insight]())},
		{"next_cursor", text().with("description", "Where the walk can go on.")},
	}}, {"required", []string{"statusCode", "error", "message", "code", "request_id"}}}
}

func warningSchema() object {
	var codes []string
	for _, w := range problem.Warnings() {
		codes = append(codes, w.Code)
	}
	return closed(object{{"code", text().with("examples", codes)}, {"message", text()}}, "code", "message")
}

func streamLine(name string, schema object) object { return closed(object{{name, schema}}, name) }

func closed(props object, required ...string) object {
	return object{{"type", "object"}, {"properties", props}, {"required", required}, {"additionalProperties", false}}
}

func listOf(items object) object { return object{{"type", "array"}, {"items", items}} }

func nullableDate(about string) object {
	return object{{"type", []string{"string", "null"}}, {"format", "date-time"}, {"description", about}}
}

// schemaOf is the schema of a view that is sent as JSON, from its fields and their tags.
func schemaOf(t reflect.Type) object {
	switch t.Kind() {
	case reflect.Pointer:
		inner := schemaOf(t.Elem())
		if t.Elem().Kind() == reflect.String {
			return object{{"type", []string{"string", "null"}}}
		}
		return inner
	case reflect.Struct:
		props, required := object{}, []string{}
		for i := range t.NumField() {
			if t.Field(i).Anonymous {
				inner := schemaOf(t.Field(i).Type)
				props, required = append(props, inner.of("properties").(object)...), append(required, inner.of("required").([]string)...)
				continue
			}
			name, options, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			if name == "-" {
				continue
			}
			if props = props.with(name, schemaOf(t.Field(i).Type)); options != "omitempty" {
				required = append(required, name)
			}
		}
		return object{{"type", "object"}, {"properties", props}, {"required", required}}
	case reflect.Map:
		return object{{"type", "object"}, {"additionalProperties", schemaOf(t.Elem())}}
	case reflect.Slice:
		if t == reflect.TypeFor[json.RawMessage]() {
			return object{}
		}
		return listOf(schemaOf(t.Elem()))
	case reflect.String:
		return text()
	case reflect.Int, reflect.Int64:
		return object{{"type", "integer"}}
	case reflect.Bool:
		return object{{"type", "boolean"}}
	}
	return object{} // any value
}
