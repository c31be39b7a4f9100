package gateway

import (
	"fmt"
	"strings"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/bracket"
	"github.com/meterbridge/meterbridge/proxy"
)

// parameter is a query parameter of the contract.
type parameter struct {
	name    string
	aliases []string // the same parameter under another name
	text    string
	schema  object
	example any
	deep    bool // written with brackets
	commas  bool // a list in one value
}

const exampleAccount = "62f44730-dd91-461e-bd6a-aedd9e0ad79d"

// parameters are the query parameters in the order in which a reader needs them.
func parameters() []parameter {
	list := []parameter{
		{name: "integrated_account_id", schema: text().with("maxLength", bracket.MaxValue), example: exampleAccount,
			text: "The integrated account to ask. Required, unless the token is bound to one account. `GET /integrated-account` lists those that the token may see."},
		{name: "truto_response_format", aliases: []string{"response_format"}, schema: oneOf("unified", "raw", "normalized", "stream", "debug").with("default", "unified"), example: "unified",
			text: "The shape of the answer: `unified` records in the list envelope; `raw`, one answer of the provider byte for byte; `normalized`, flat rows and the tables they refer to; `stream`, one record a line over all pages; `debug`, the unified body and what was said to the provider for it, without secrets."},
		{name: "start_date", schema: moment(), example: "2026-09-01",
			text: "Start of the range, inclusive: a date, a month (`2026-09`) or an RFC 3339 instant, in UTC where it has no offset. Default: start of the current month, or of the end's month if only that is given."},
		{name: "end_date", schema: moment(), example: "2026-09-30",
			text: "End of the range, exclusive; a date or a month includes it whole. Default: end of the month that the start lies in."},
		{name: "date", schema: text().with("format", "date"), example: "2026-09-15",
			text: "One day; the same as start and end on that day. Not together with them."},
		{name: "granularity", schema: oneOf("hour", "day", "week", "month"), example: "day",
			text: "Length of the periods. Default: the provider's own. One that the provider has not is served as the next finer, else the next coarser, with the warning `granularity_changed`."},
		{name: "limit", schema: integer(1, proxy.MaxLimit).with("default", proxy.DefaultLimit), example: proxy.DefaultLimit,
			text: "Records of a page; only the last page is shorter. In `raw` it becomes the provider's own page size. A stream or a table has no limit unless one is given."},
		{name: "next_cursor", aliases: []string{"cursor"}, schema: text().with("maxLength", bracket.MaxCursor), example: "c1.AAAAAbG9yZW0",
			text: "The next page: `next_cursor` of the last answer, exactly as it came. Empty is the first page. `limit`, format and exclusions may change under way, all else may not."},
	}
	for _, f := range proxy.Filters {
		list = append(list, filterParameter(f))
	}
	return append(list, []parameter{
		{name: "summary_by", schema: array(oneOf(proxy.Dimensions()...), len(proxy.Dimensions())).with("uniqueItems", true), example: []string{"product_id", "month"}, commas: true,
			text: fmt.Sprintf("Sums over all records of the range, by these dimensions in this order: `product_id,month`; `usage` alone has it. One answer without pages, as JSON or, with `Accept: text/csv`, as a table of a row a group and currency; `limit`, cursors, `truto_key_by`, `truto_exclude_fields` and other formats are a 400 beside it. "+
				"Null is a value of its own. A record of several resources, or of resources in several workspaces, is counted once, under null. `day` and `month` are those of `start_date`; `day` needs days to be served. At most %d groups: then 400 `too_many_groups`. Past the deadline 504, never a sum of some of the records.", proxy.MaxGroups)},
		{name: "truto_ignore_limit", aliases: []string{"ignore_limit"}, schema: boolean(), example: true,
			text: fmt.Sprintf("Pages as long as the provider's own, at most %d records.", proxy.MaxIgnoredLimit)},
		{name: "truto_key_by", aliases: []string{"key_by"}, schema: text(), example: "id",
			text: "`result` becomes an object keyed by this field; dotted paths are allowed. A record without it, or a second one with the same key, is a 400 that names it."},
		{name: "truto_ignore_remote_data", aliases: []string{"ignore_remote_data"}, schema: boolean(), example: true,
			text: "Leaves `remote_data`, the provider's item as it came, out of the records."},
		{name: "truto_exclude_fields", aliases: []string{"exclude_fields"}, schema: array(text(), proxy.MaxExcludeFields), example: []string{"remote_data", "product.name"}, commas: true,
			text: "Fields to leave out: `a,b`, or `truto_exclude_fields[]=a&truto_exclude_fields[]=b`; dotted paths are allowed."},
		{name: "numbers", schema: oneOf("string"), example: "string",
			text: "`string` sends the exact numbers (`amount`, `quantity`, `unit_price`) as JSON strings, for clients whose parser rounds."},
		{name: "remote_query", schema: object{{"type", "object"}, {"additionalProperties", true}}, example: map[string]string{"status": "active"}, deep: true,
			text: "Parameters of the provider's own, `remote_query[name]=value`, passed on unchanged and last, nesting and order kept; into a JSON body where the request has one. It can set no header, host, path or credential."},
		{name: "strict", schema: boolean(), example: true,
			text: "A parameter that nothing understands is a 400 and not a warning."},
		{name: "explain", schema: object{{"anyOf", []object{boolean(), integer(1, proxy.MaxExplained)}}}, example: true,
			text: fmt.Sprintf("With `truto_response_format=debug`: where the records come from. For %d of the provider's items, or for as many as the number says, each value of their records with the provider's fields that feed it and the line of the mapping that builds it; the provider's fields that nothing reads; and which calls were made and why.", proxy.DefaultExplained)},
		{name: "stream_meta", schema: boolean(), example: true,
			text: "Adds checkpoints and a last line with the outcome to a stream, for clients that can't see trailers."},
	}...)
}

// accountParameters are those that a list of accounts has beside a page's.
func accountParameters() []parameter {
	return []parameter{
		{name: "tenant_id", schema: text(), example: "acme-1", text: "Only accounts of this customer."},
		{name: "status", schema: oneOf(account.StatusNames()...), example: "needs_reauth", text: "Only accounts with this status."},
		{name: "connector", schema: text(), example: "acme", text: "Only accounts of this connector."},
	}
}

func filterParameter(name string) parameter {
	what := strings.ReplaceAll(strings.TrimSuffix(name, "_id"), "_", " ")
	p := parameter{name: name, schema: array(text(), proxy.MaxFilterValues), example: []string{"prod_1"}}
	switch name {
	case "metric_name":
		p.example = []string{"requests"}
		p.text = "Only usage of these metrics."
	case "workspace_id":
		p.text = "Only usage of these workspaces, the row's own or a resource's."
	default:
		p.text = "Only usage of these " + what + "s, by id."
	}
	p.text += " OR within the parameter, AND between filters; the provider filters where it can, and the gateway always. On a field that the connector never fills: 400 `unsupported_filter`."
	return p
}

// object is the parameter as OpenAPI writes it.
func (p parameter) object() object {
	o := object{{"name", p.name}, {"in", "query"}}
	about := p.text
	if len(p.aliases) > 0 {
		about += " Also `" + strings.Join(p.aliases, "`, `") + "`."
	}
	o = o.with("description", about).with("required", false)
	if p.deep {
		o = o.with("style", "deepObject").with("explode", true)
	}
	if p.commas {
		o = o.with("style", "form").with("explode", false)
	}
	return o.with("schema", p.schema).with("example", p.example)
}

// pathParameters are the variable parts of the routes.
func pathParameters(model Schemas) object {
	in := func(name, about string, schema object, example any) object {
		return object{{"name", name}, {"in", "path"}, {"required", true}, {"description", about}, {"schema", schema}, {"example", example}}
	}
	return object{
		{"path.model", in("model", "The unified model.", oneOf(proxy.ModelName), proxy.ModelName)},
		{"path.resource", in("resource", "A resource of the model.", oneOf(model.Names()...), model.Names()[0])},
		{"path.remote_resource", in("resource", "A resource of the connector: one of the model, or one that it lists under `proxy` in its capabilities.", text(), model.Names()[0])},
		{"path.id", in("id", "The object's id. A slash in it is written `%2F`.", text(), "org-1")},
		{"path.account", in("id", "The integrated account's id.", text(), exampleAccount)},
		{"path.connector", in("connector", "A connector's name, as `GET /integrated-account` shows it.", text(), "acme")},
		{"path.method", in("method", "A method of the resource.", oneOf("list", "get"), "list")},
		{"path.path", in("path", "Path below the account's base URL, passed on as it is escaped. It may hold slashes.", text(), "v1/invoices")},
		{"path.asset", in("path", "A file of the page.", text(), "docs.js")},
	}
}

func headerParameters() object {
	in := func(name, about, example string) object {
		return object{{"name", name}, {"in", "header"}, {"required", false}, {"description", about}, {"schema", text().with("maxLength", bracket.MaxCursor)}, {"example", example}}
	}
	id := in(headerRequestID, fmt.Sprintf("An id of the caller's own for this request, printable ASCII, at most %d bytes; it comes back in the answer and stands in the log. One that does not fit is replaced.", maxRequestID), "req-2026-09-15-0001")
	return object{
		{"header." + headerRequestID, id},
		{"header.Last-Event-ID", in("Last-Event-ID", "Where a stream of server-sent events goes on: the id of the last event received. Browsers send it themselves.", "c1.AAAAAbG9yZW0")},
	}
}

func text() object    { return object{{"type", "string"}} }
func boolean() object { return object{{"type", "boolean"}, {"default", false}} }
func moment() object {
	return text().with("anyOf", []object{{{"format", "date"}}, {{"pattern", `^\d{4}-\d{2}$`}}, {{"format", "date-time"}}})
}
func integer(from, to int) object {
	return object{{"type", "integer"}, {"minimum", from}, {"maximum", to}}
}
func oneOf(values ...string) object { return text().with("enum", values) }
func array(items object, most int) object {
	return object{{"type", "array"}, {"items", items}, {"maxItems", most}}
}
