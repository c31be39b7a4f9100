package connector

import "strings"

// recipe is a need that providers share, and how it is said. A test lints each.
type recipe struct{ title, text, yaml, jq string }

var recipes = []recipe{
	{"A bearer token", "Credentials have names of their own, and auth alone reads them.", `
credentials: { token: { title: API token, docs: https://acme.example/tokens } }
auth: { headers: { Authorization: "Bearer ${token}" } }
`, ""},
	{"Page numbers", `The first page is asked for by its number too. total is how many pages there are; where the answer says only whether
there is another, write more: its path; where it says neither, write {}: then an empty page is the last. A body takes the
number by token_key and the size by size.key.`, `
list:
  get: /v1/costs
  query: { from: "{{ .window.start | date }}", to: "{{ .window.end | date }}" }
  window: { max: 1 month, align: month, resolution: day }
  items: data
  page: { number: { total: paging.pages }, token_param: page, size: { param: per_page, default: 100, max: 500 } }
`, ""},
	{"A POST whose body takes the page's token", `What the answer gives goes back as it came: a number stays one. remote_query sets keys of the body, as strings but for
types.`, `
list:
  post: /v1/search
  body:
    json: { range: { from: "{{ .window.start | date }}", to: "{{ .window.end | date }}" }, groups: [product, "{{ .query.product_id[0] }}"] }
    types: { detailed: boolean }
  window: { max: 31 days, resolution: day }
  items: rows
  page: { next_token: meta.next, more: meta.has_more, token_key: page.cursor, size: { key: page.size, default: 1000 } }
`, ""},
	{"Later pages by another request", `A fact of the window's first page is carried to the others.`, `
list:
  post: /v1/statements
  body: { json: { statement: "SELECT * FROM usage WHERE day >= '{{ .window.start | date }}' AND day < '{{ .window.end | date }}'" } }
  window: { max: 1 month, resolution: day }
  items: data
  carry: { handle: statementHandle }
  page: { index: { count: meta.partitions }, token_param: partition, then: { get: "/v1/statements/{{ .carry.handle }}" } }
`, ""},
	{"Dates in the path, and rows without a date", `One call a day; a row's date is that of the window that it was asked for with. A slot fills one segment of the path and is
escaped; one that gives a list fills several: ` + "`/{{ .context.scope | split(\"/\") }}/costs`" + `.`, `
list:
  get: "/v1/usage/{{ .window.start | date }}"
  window: { max: 1 day, align: day, oldest: 90 days, resolution: day }
  items: rows
`, `
def usage: {id: ([$call.window.start, .sku] | stable_id), start_date: $call.window.start, end_date: $call.window.end};
`},
	{"Inclusive ends", `.window.end is where the slice ends, not its last day.`, `
list:
  get: /v1/costs
  query: { startDate: "{{ .window.start | date }}", endDate: "{{ .window.end | add_days(-1) | date }}" }
  window: { max: 1 month, align: month, resolution: day }
  items: data
`, ""},
	{"Wide rows", `A row with a column for each product is one item, and the mapping makes a record of each column.`, `
list: { get: /v1/days, query: { month: "{{ .window.start | month }}" }, window: { align: month, resolution: day }, items: days }
`, `
def usage:
  . as $row
  | to_entries[]
  | select(.key | endswith("_cost"))
  | (.key | rtrimstr("_cost")) as $product
  | {
      id: ([$row.day, $product] | stable_id), product: {id: $product, name: null},
      charges: [{amount: (.value | dec), currency: "USD", type: "total"}],
      start_date: ($row.day | rfc3339), end_date: ($row.day | add_days(1) | rfc3339),
      remote_data: {day: $row.day, (.key): .value}
    };
`},
	{"An asynchronous report as a table", `The call starts the report, its status is asked for until it is done, and the download's rows are the items: objects of
strings by header.`, `
list:
  post: /v1/reports
  body: { json: { from: "{{ .window.start | date }}", to: "{{ .window.end | date }}", format: csv } }
  window: { resolution: day }
  format: csv
  job:
    id: report.id
    status: { get: "/v1/reports/{{ .job }}" }
    done: '.body.report.state == "done"'
    failed: '.body.report.state == "failed"'
    error: [report.reason]
    download: report.url
`, ""},
}

func recipeDocs() string {
	var b strings.Builder
	b.WriteString("## Recipes\n\nWhat begins with `list:` stands in a resource; jq is the mapping's.\n\n")
	for _, r := range recipes {
		b.WriteString("### " + r.title + "\n\n" + r.text + "\n\n~~~yaml" + r.yaml + "~~~\n\n")
		if r.jq != "" {
			b.WriteString("~~~jq" + r.jq + "~~~\n\n")
		}
	}
	return b.String()
}
