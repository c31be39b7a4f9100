package gateway

// The examples of the document. A test holds them to the schemas.

const exampleRecord = `{
	"id": "2026-09-01:prod_1:lkc-a1b2",
	"product": {"id": "prod_1", "name": "Compute"},
	"metric_name": "cpu_hours",
	"resources": [{"id": "lkc-a1b2", "name": "orders", "workspace": {"id": "env-1", "name": "production"}}],
	"organization": {"id": "org-1", "name": "Acme"},
	"charges": [{"amount": 123.4567890123456789, "currency": "USD", "type": "total"}],
	"usage": {"quantity": 412.5, "unit": "hour", "unit_price": 0.2992891855},
	"start_date": "2026-09-01T00:00:00Z",
	"end_date": "2026-09-02T00:00:00Z",
	"created_at": null,
	"updated_at": null,
	"charge_category": "usage",
	"finality": "final",
	"dimensions": {"region": "eu-west-1"},
	"remote_data": {"line_type": "COMPUTE", "amount": 123.4567890123456789}
}`

const exampleRange = `{"start": "2026-09-01T00:00:00Z", "end": "2026-10-01T00:00:00Z", "granularity": "day", "preliminary_from": null}`

const exampleList = `{"result": [` + exampleRecord + `], "next_cursor": "c1.AAAAAbG9yZW0", "prev_cursor": null, "result_count": 1, "range": ` + exampleRange + `}`

const exampleNormalized = `{
	"result": [{
		"integrated_account_id": "62f44730-dd91-461e-bd6a-aedd9e0ad79d", "connector": "acme", "id": "2026-09-01:prod_1:lkc-a1b2",
		"product_id": "prod_1", "product_name": "Compute", "organization_id": "org-1", "organization_name": "Acme",
		"metric_name": "cpu_hours", "usage_quantity": 412.5, "usage_unit": "hour",
		"total_amount": 123.4567890123456789, "total_currency": "USD",
		"start_date": "2026-09-01T00:00:00Z", "end_date": "2026-09-02T00:00:00Z"
	}],
	"included": {
		"products": [{"id": "prod_1", "name": "Compute"}],
		"organizations": [{"id": "org-1", "name": "Acme"}],
		"resources": [{"id": "lkc-a1b2", "name": "orders", "workspace_id": "env-1"}],
		"workspaces": [{"id": "env-1", "name": "production"}],
		"charges": [{"usage_id": "2026-09-01:prod_1:lkc-a1b2", "position": 0, "amount": 123.4567890123456789, "currency": "USD", "type": "total"}],
		"usage_resources": [{"usage_id": "2026-09-01:prod_1:lkc-a1b2", "position": 0, "resource_id": "lkc-a1b2"}],
		"usage_dimensions": [{"usage_id": "2026-09-01:prod_1:lkc-a1b2", "position": 0, "name": "region", "value": "eu-west-1"}]
	},
	"next_cursor": null, "prev_cursor": null, "result_count": 1, "range": ` + exampleRange + `
}`

const exampleDebug = `{
	"result": ` + exampleList + `,
	"debug": {
		"requestUrl": "https://api.acme.example/v1/costs?from=2026-09-01",
		"requestOptions": {"method": "GET", "headers": {"Authorization": ["[redacted]"]}},
		"data": {"data": [{"line_type": "COMPUTE", "amount": 123.4567890123456789}]},
		"responseHeaders": {"Content-Type": "application/json"},
		"nextCursor": "c1.AAAAAbG9yZW0", "isLooping": false, "isEmptyResult": false, "resultCount": 1,
		"exchanges": [{"purpose": "list", "method": "GET", "url": "https://api.acme.example/v1/costs?from=2026-09-01", "status": 200, "ms": 84.2}]
	}
}`

const exampleSummary = `{
	"result": [
		{"by": {"product_id": "prod_1", "month": "2026-09"}, "charges": [{"amount": 3703.703670370367, "currency": "USD", "type": "total"}], "usage": {"quantity": 12375.0, "unit": "hour"}, "record_count": 30},
		{"by": {"product_id": null, "month": "2026-09"}, "charges": [{"amount": -12.5, "currency": "USD", "type": "total"}], "usage": null, "record_count": 1}
	],
	"totals": {"charges": [{"amount": 3691.203670370367, "currency": "USD", "type": "total"}], "usage": {"quantity": 12375.0, "unit": "hour"}, "record_count": 31},
	"range": ` + exampleRange + `
}`
