package shapes

import (
	"fmt"
	"time"
)

// Confluent is cost lines: small flat objects with a resource and its environment.
func Confluent(time.Time) Shape {
	return Shape{
		Name:  "confluent",
		open:  `{"api_version":"billing/v1","kind":"CostList","data":[` + "\n",
		close: "\n" + `],"metadata":{"first":null,"next":%s}}`,
		item:  costLine,
		Vars: Vars{
			Query:   `{"preliminary_from":null,"granularity":"day"}`,
			Account: `{"id":"bench","context":{}}`,
			Call:    `{"query":{},"window":{}}`,
			Lookups: Lookups,
		},
	}
}

// Lookups are the names that cost lines are given.
const Lookups = `{"organization":[{"id":"5d0c7a7e-4a1b-4f0e-9c53-0b2f6f0f7a11","display_name":"Acme Streaming"}],` +
	`"environments":{"env-7n2x4q":{"id":"env-7n2x4q","display_name":"production"},"env-k31r8w":{"id":"env-k31r8w","display_name":"staging \"eu\""}}}`

func costLine(g *Gen, b []byte) []byte {
	if g.rare() {
		return oddLine(g, b)
	}
	day := g.day()
	list := g.money(10)
	return fmt.Appendf(b, `{"api_version":"billing/v1","kind":"Cost","id":"line-%07x","start_date":"%s","end_date":"%s","granularity":"DAILY",`+
		`"network_access_type":"%s","product":"KAFKA","line_type":"%s","price":%s,"unit":"%s","quantity":%s,`+
		`"original_amount":%s,"discount_amount":%s,"amount":%s,`+
		`"resource":{"id":"lkc-%s","display_name":"%s","environment":{"id":"%s"}}}`,
		g.N, day.Format(time.DateOnly), day.AddDate(0, 0, 1).Format(time.DateOnly),
		pick(g, "INTERNET", "PRIVATE_LINK", "PEERED_VPC"), pick(g, "KAFKA_STORAGE", "KAFKA_NUM_CKUS", "KAFKA_NETWORK_READ", "KAFKA_BASE"),
		g.money(8), pick(g, "GB-hour", "CKU-hour", "GB"), g.money(6), list, g.money(10), g.money(10),
		g.hex(6), pick(g, "orders", "events-eu", "billing_1", "clickstream"), pick(g, "env-7n2x4q", "env-k31r8w", "env-unknown"))
}

// oddLine is a line with an absence, an escape, a date of the other form, or tiers.
func oddLine(g *Gen, b []byte) []byte {
	day := g.day()
	from, to := day.Format(time.DateTime), day.AddDate(0, 0, 1).Format(time.DateTime)
	switch g.IntN(4) {
	case 0:
		return fmt.Appendf(b, `{"api_version":"billing/v1","kind":"Cost","start_date":"%s","end_date":"%s","granularity":"DAILY",`+
			`"product":"SUPPORT_PREMIER","line_type":"SUPPORT","original_amount":%s,"amount":%s,"description":"plan %d"}`,
			from, to, g.money(2), g.money(2), g.N)
	case 1:
		return fmt.Appendf(b, `{"api_version":"billing/v1","kind":"Cost","id":"line-%07x","start_date":"%s","end_date":"%s","granularity":"DAILY",`+
			`"line_type":"PROMO_CREDIT","original_amount":-5.0,"discount_amount":0.0,"amount":-5.0,"description":"CODE%d"}`,
			g.N, from, to, g.N)
	case 2:
		return fmt.Appendf(b, `{"api_version":"billing/v1","kind":"Cost","start_date":"%s","end_date":"%s","granularity":"DAILY","network_access_type":"INTERNET",`+
			`"product":"TABLEFLOW","line_type":"TABLEFLOW_DATA_PROCESSED","price":0.04,"unit":"GB","quantity":%s,"original_amount":%s,"discount_amount":%s,"amount":%s,`+
			`"resource":{"id":"lkc-%s","display_name":"events \"eu\"","environment":{"id":"env-7n2x4q"}},"tier_dimensions":{"tier":"0-10 TB/%d","volume":"standard"}}`,
			from, to, g.money(3), g.money(4), g.money(4), g.money(4), g.hex(6), g.N)
	default:
		return fmt.Appendf(b, `{"api_version":"billing/v1","kind":"Cost","id":"line-%07x","start_date":"%s","end_date":"%s","granularity":"DAILY","network_access_type":"INTERNET",`+
			`"product":"CONNECT","line_type":"CONNECT_NUM_TASKS","price":0.017,"unit":"Task-hour","quantity":%s,"original_amount":%s,"discount_amount":%s,`+
			`"resource":{"id":"lcc-%s","display_name":"S3 sink: orders/raw é","environment":{"id":"env-k31r8w"}}}`,
			g.N, from, to, g.money(2), g.money(4), g.money(4), g.hex(6))
	}
}
