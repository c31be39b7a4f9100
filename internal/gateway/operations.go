package gateway

import (
	"net/http"
	"slices"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/proxy"
)

// operation is what the document says of a route beyond the router's table.
type operation struct {
	id, tag  string
	summary  string
	text     string
	path     []string // of pathParameters
	query    []string // of parameters
	streams  bool
	body     object // of a request that writes; nil: passed on
	answers  object // the good ones
	problems []int  // statuses beside those that every route has
}

// everywhere are the statuses of problems that any route can end in.
var everywhere = []int{http.StatusRequestEntityTooLarge, http.StatusRequestHeaderFieldsTooLarge, http.StatusInternalServerError}

var tags = []object{
	{{"name", "Usage metering"}, {"description", "Usage and cost in the unified model."}},
	{{"name", "Accounts"}, {"description", "Integrated accounts, what they can do, and how their data is made."}},
	{{"name", "Provider"}, {"description", "The provider's own API, with the stored credentials."}},
	{{"name", "Gateway"}, {"description", "Health, metrics and this documentation."}},
}

const infoText = `Meterbridge reads usage and cost from many providers and answers in one shape. Send ` + "`Authorization: Bearer TOKEN`" + `, name an integrated account, and read the first page:

` + "`GET /unified/usage-metering/usage?integrated_account_id=ID&start_date=2026-09-01&end_date=2026-09-30`" + `

- **Paging**: send ` + "`next_cursor`" + ` back until it is null. A page with a cursor is never empty.
- **Money is exact**: numbers carry the provider's digits. Read them with a decimal parser, or ask for ` + "`numbers=string`" + `.
- **Formats**: ` + "`truto_response_format`" + `, or the header ` + "`Accept`" + ` with ` + "`text/csv`, `application/x-ndjson` or `text/event-stream`" + `.
- **Errors** have one shape everywhere, with a stable ` + "`code`" + ` and a message that says what to do.
- HEAD works wherever GET does. Lists in a query are written ` + "`a[]=x&a[]=y`, `a[0]=x` or repeated" + `.`

// operations by the router's path. A route without one is missing from the document, which a test refuses.
func operations() map[string]operation {
	data, describing := dataProblems(), []int{http.StatusBadRequest, http.StatusNotFound}
	single := []string{"integrated_account_id", "truto_response_format", "truto_ignore_remote_data", "truto_exclude_fields", "numbers", "remote_query", "strict", "explain"}
	passed := []string{"integrated_account_id", "truto_response_format", "start_date", "end_date", "date", "granularity", "limit", "next_cursor", "truto_ignore_limit", "remote_query"}
	return map[string]operation{
		"/unified/:model/:resource": {id: "list", tag: "Usage metering", summary: "List records", streams: true,
			text: "Records of a resource, page by page. A page is filled from as many of the provider's pages as it takes. With `truto_response_format=stream` or one of the other media types, all pages in one answer.",
			path: []string{"model", "resource"}, query: parameterNames(), answers: listAnswers(), problems: data},
		"/unified/:model/:resource/:id": {id: "get", tag: "Usage metering", summary: "Get one record",
			text: "One object by its id, where the connector can; its capabilities say where.",
			path: []string{"model", "resource", "id"}, query: single, answers: getAnswers(), problems: data},
		"/unified/:model/:resource/meta/:method": {id: "metaOfAccount", tag: "Accounts", summary: "Describe a method for an account",
			text: "The same as for a connector, of the account's.",
			path: []string{"model", "resource", "method"}, query: []string{"integrated_account_id", "strict"}, answers: jsonAnswer("The description.", "Meta"), problems: append(slices.Clone(describing), http.StatusMethodNotAllowed)},
		"/unified/:model/:resource/:connector/meta/:method": {id: "metaOfConnector", tag: "Accounts", summary: "Describe a method of a connector",
			text: "Schema of the records, the fields that this connector really fills, the query it accepts, and the mapping's source.",
			path: []string{"model", "resource", "connector", "method"}, query: []string{"strict"}, answers: jsonAnswer("The description.", "Meta"), problems: append(slices.Clone(describing), http.StatusMethodNotAllowed)},
		"/proxy/:resource": {id: "proxyList", tag: "Provider", summary: "A provider's resource, unmapped",
			text: "A resource of the connector with the stored credentials. Lists come in the list envelope with the provider's own items. The gateway's own parameters are taken out; every other one is passed on. Anything but GET and HEAD needs a token with `write`, and passes body and answer through.",
			path: []string{"remote_resource"}, query: passed, answers: passedAnswers("ProxyList"), problems: data},
		"/proxy/:resource/:id": {id: "proxyGet", tag: "Provider", summary: "One object of a provider's resource, unmapped",
			text: "The object as the provider sends it. Anything but GET and HEAD needs a token with `write`.",
			path: []string{"remote_resource", "id"}, query: []string{"integrated_account_id", "remote_query"}, answers: passedAnswers(""), problems: data},
		"/custom/*": {id: "custom", tag: "Provider", summary: "Any path of the provider",
			text: "Any path below the account's base URL with the stored credentials; the answer as it comes. `truto_response_format=stream` passes bytes on as they arrive. Anything but GET and HEAD needs a token with `write`.",
			path: []string{"path"}, query: []string{"integrated_account_id", "truto_response_format"}, answers: passedAnswers(""), problems: data},
		"/integrated-account": {id: "listAccounts", tag: "Accounts", summary: "List integrated accounts",
			text: "The accounts that the token may see, with their status, in the order in which they were made; never a secret.", query: []string{"tenant_id", "status", "connector", "limit", "next_cursor", "strict"},
			answers: jsonAnswer("The accounts.", "AccountList"), problems: describing[:1]},
		"/integrated-account/:id": {id: "getAccount", tag: "Accounts", summary: "Get an integrated account",
			text: "One account. An unknown one and one of another token are the same 404.", query: []string{"strict"},
			path: []string{"account"}, answers: jsonAnswer("The account.", "Account"), problems: describing},
		"/integrated-account/:id/capabilities": {id: "capabilities", tag: "Accounts", summary: "What an account can do",
			text: "Resources, methods, formats, filters, granularities, limits, restatement delay and known gaps.", query: []string{"strict"},
			path: []string{"account"}, answers: jsonAnswer("The capabilities.", "Capabilities"), problems: describing},
		"/integrated-account/:id/token": {id: "mintToken", tag: "Accounts", summary: "Make a short-lived token for an account",
			text: "A token that reads this one account for minutes, for a browser or a job. It can never do more than the token that asks, counts against the same limits, and ends with it. It is shown this once.", query: []string{"strict"},
			path: []string{"account"}, body: mintBody(), answers: object{jsonMember("201", "The token.", "AccountToken")}, problems: append(slices.Clone(describing), http.StatusForbidden)},
		"/healthz": {id: "healthz", tag: "Gateway", summary: "Alive", text: "Answers as long as the process does.",
			answers: jsonAnswer("Alive.", "Health")},
		"/readyz": {id: "readyz", tag: "Gateway", summary: "Ready", text: "Whether the gateway can serve, and the state of its parts: `listener` is `ok` or, while it stops, `draining`; `connectors` is `ok` or `none`; `redis` is `ok` or `down`, and where none is configured `cursor_store` is `memory`; `database`, where one is configured, is `ok` or `down`. Redis that is lost costs speed and not data, and without the database those accounts are served that were used lately: `degraded` says so, and the gateway stays ready. A `listener` or `connectors` that is not `ok` is a 503.",
			answers: append(jsonAnswer("Ready.", "Readiness"), jsonMember("503", "Not ready.", "Readiness"))},
		"/metrics": {id: "metrics", tag: "Gateway", summary: "Metrics", text: "Prometheus text.",
			answers: textAnswer("The metrics.", "text/plain")},
		"/openapi.json": {id: "openapi", tag: "Gateway", summary: "This document", text: "OpenAPI 3.1, written from the router's table and the installed model.",
			answers: object{{"200", answerOf("The document.", object{{"application/json", object{{"schema", object{{"type", "object"}}}}}})}}},
		"/docs": {id: "docs", tag: "Gateway", summary: "This documentation as a page", text: "The page needs nothing from outside the gateway.",
			answers: textAnswer("The page.", "text/html")},
		"/docs/*": {id: "docsAsset", tag: "Gateway", summary: "A part of the page", text: "Style, script and picture of the page.",
			path: []string{"asset"}, answers: textAnswer("The file.", "text/css", "text/javascript", "image/svg+xml"), problems: describing[1:]},
		"/": {id: "home", tag: "Gateway", summary: "The way to the documentation", text: "Leads to `/docs`.",
			answers: object{{"302", object{{"description", "See `/docs`."}, {"headers", headersOf(headerRequestID)}}}}},
	}
}

// dataProblems are the statuses of every problem that a request for data can end in.
func dataProblems() []int {
	var out []int
	for _, e := range problem.Table() {
		if e.Code != problem.ClientGone && !slices.Contains(out, e.Status) {
			out = append(out, e.Status)
		}
	}
	return append(out, remoteStatuses)
}

func parameterNames() []string {
	var out []string
	for _, p := range parameters() {
		out = append(out, p.name)
	}
	return out
}

func listAnswers() object {
	records := object{
		{"application/json", object{
			{"schema", object{{"anyOf", []object{reference("schemas", "List"), reference("schemas", "KeyedList"), reference("schemas", "NormalizedList"), reference("schemas", "DebugBody"), reference("schemas", "Summary")}}}},
			{"examples", object{
				{"unified", example("A page of usage", exampleList)},
				{"normalized", example("truto_response_format=normalized", exampleNormalized)},
				{"debug", example("truto_response_format=debug", exampleDebug)},
				{"summary", example("summary_by=product_id,month", exampleSummary)},
			}},
		}},
		{"application/x-ndjson", object{{"schema", reference("schemas", "StreamLine")}}},
		{"text/event-stream", object{{"schema", text().with("description", "Events `record` with a cursor as their id, comments as heartbeats, and a last `end` or `error`.")}}},
		{"text/csv", object{{"schema", text().with("description", "All pages, one row a record and currency; usage has the columns "+codeList(proxy.CSVColumns())+". With `summary_by`, one row a group and currency: the dimensions, then "+codeList(proxy.SummaryColumns(nil))+".")}}},
		{"*/*", object{{"schema", object{{"description", "`raw`: one answer of the provider, byte for byte, with its own media type."}}}}},
	}
	return object{{"200", answerOf("A page of records, or all of them as they arrive.", records, dataHeaders...)}}
}

func getAnswers() object {
	content := object{{"application/json", object{{"schema", reference("schemas", "Record")}}}, {"*/*", object{{"schema", object{{"description", "`raw`: the provider's answer, byte for byte."}}}}}}
	return object{{"200", answerOf("The object.", content, dataHeaders...)}}
}

// passedAnswers are the provider's own: any status below 400 passes.
func passedAnswers(list string) object {
	content := object{{"*/*", object{{"schema", object{{"description", "The provider's answer as it came."}}}}}}
	if list != "" {
		content = append(object{{"application/json", object{{"schema", reference("schemas", list)}}}}, content...)
	}
	return object{{"2XX", answerOf("The provider's answer.", content, dataHeaders...)}}
}
