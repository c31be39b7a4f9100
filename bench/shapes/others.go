package shapes

import (
	"fmt"
	"time"
)

// Talkdesk is rows of usage by month, account and product, whose names are looked up.
func Talkdesk(time.Time) Shape {
	return Shape{
		Name: "talkdesk",
		open: `{"_embedded":{"usage":[` + "\n", close: "\n" + `]},"_links":{"next":{"href":%s}}}`,
		item: talkRow,
		Vars: Vars{
			Query:   `{"preliminary_from":null,"granularity":"month"}`,
			Account: `{"id":"bench","context":{"region":"us"}}`,
			Call:    `{"query":{},"window":{}}`,
			Lookups: `{"products":{"TD-310001":{"id":"TD-310001","name":"Telephony"},"TD-310002":{"id":"TD-310002","name":"Messaging"}},` +
				`"accounts":{"6a10c2f09b3d4e0011aa0001":{"id":"6a10c2f09b3d4e0011aa0001","name":"acme","company_name":"Acme Corp."}}}`,
		},
	}
}

func talkRow(g *Gen, b []byte) []byte {
	direction, resolution, kind := pick(g, `"INBOUND"`, `"OUTBOUND"`), pick(g, `"ANSWERED"`, `"MISSED"`, `"VOICEMAIL"`), pick(g, "CALL", "MESSAGE", "NUMBER")
	if g.rare() {
		direction, resolution, kind = "null", "null", "RECHARGE"
	}
	product := pick(g, "TD-310001", "TD-310002", "TD-310003")
	return fmt.Appendf(b, `{"id":"%s","account_id":"6a10c2f09b3d4e0011aa0001","product_id":"%s","aggr_product_id":"%s","month":"%s","type":"%s","description":"%s",`+
		`"currency":"USD","direction":%s,"resolution":%s,"unit":"MINUTES","price":%s,"wallet_name":"contact_center","number_of_units":%s,"total_amount":%s}`,
		g.hex(32), product, product, g.Month.Format("2006-01"), kind, pick(g, "Inbound - Portugal", "Outbound - Japan", "SMS segments"),
		direction, resolution, g.money(6), g.money(1), g.money(8))
}

// OpenAI is results of a day's bucket: small objects with an amount of their own, which name their parent nowhere.
func OpenAI(month time.Time) Shape {
	return Shape{
		Name: "openai", Nested: true,
		open:  fmt.Sprintf(`{"object":"page","data":[{"object":"bucket","start_time":%d,"end_time":%d,"results":[`+"\n", month.Unix(), month.AddDate(0, 0, 1).Unix()),
		close: "\n" + `]}],"has_more":true,"next_page":%s}`,
		item: func(g *Gen, b []byte) []byte {
			return fmt.Appendf(b, `{"object":"organization.costs.result","amount":{"value":%s,"currency":"usd"},"line_item":"%s, %s","project_id":"proj_%s","api_key_id":"key_%s","quantity":%s,"quantity_unit":"1000_tokens"}`,
				g.money(12), pick(g, "gpt-4o-2024-08-06", "o3-2025-04-16", "text-embedding-3-large"), pick(g, "input", "output", "cached input"),
				pick(g, "alpha", "beta"), g.hex(12), g.money(6))
		},
		Vars: Vars{
			Query:   `{"preliminary_from":null,"granularity":"day"}`,
			Account: `{"id":"bench","context":{}}`,
			Call:    `{"query":{},"window":{}}`,
			Lookups: `{"projects":{"proj_alpha":{"id":"proj_alpha","name":"Search"}}}`,
			Parent:  fmt.Sprintf(`{"object":"bucket","start_time":%d,"end_time":%d,"results":[]}`, month.Unix(), month.AddDate(0, 0, 1).Unix()),
		},
	}
}

// Vercel is lines of FOCUS, one charge each.
func Vercel(time.Time) Shape {
	return Shape{
		Name: "vercel",
		open: `{"data":[` + "\n", close: "\n" + `],"next":%s}`,
		item: func(g *Gen, b []byte) []byte {
			day, quantity := g.day(), g.money(9)
			return fmt.Appendf(b, `{"BilledCost":%s,"BillingCurrency":"USD","ChargeCategory":"Usage","ChargePeriodStart":"%sT07:00:00.000Z","ChargePeriodEnd":"%sT07:00:00.000Z",`+
				`"ConsumedQuantity":%s,"ConsumedUnit":"Hours","EffectiveCost":%s,"RegionId":"iad1","RegionName":"Washington, D.C., USA (East)","ServiceName":"%s","ServiceCategory":"Compute",`+
				`"ServiceProviderName":"Vercel","Tags":{"ProjectId":"prj_%s","ProjectName":"%s"},"PricingCategory":"Standard","PricingCurrency":"USD","PricingQuantity":%s,"PricingUnit":"Hours"}`,
				g.money(2), day.Format(time.DateOnly), day.AddDate(0, 0, 1).Format(time.DateOnly), quantity, g.money(15),
				pick(g, "Fluid Active CPU", "Fast Data Transfer", "Edge Requests"), g.hex(20), pick(g, "storefront", "docs"), quantity)
		},
		Vars: Vars{
			Query:   `{"preliminary_from":null,"granularity":"day"}`,
			Account: `{"id":"bench","context":{"team_id":"team_1"}}`,
			Call:    `{"query":{},"window":{}}`,
			Lookups: `{"teams":{"team_1":{"id":"team_1","name":"Acme"}}}`,
		},
	}
}
