package shapes

import (
	"fmt"
	"time"
)

// charged are products as they stand in an answer: many, with long names.
var charged = [...]string{
	"apm_host", "application_security_host", "ci_pipeline", "cloud_cost_management", "csm_host_pro", "data_jobs_monitoring",
	"dbm_host", "error_tracking", "fargate_container", "infra_container", "infra_host", "ingested_spans", "logs_indexed_15day",
	"logs_ingested", "network_host", "prof_host", "rum_lite", "serverless_apps", "synthetics_api_tests", "timeseries",
}

// Datadog is one organization's cost of a month: an object with many charges, several of each product.
func Datadog(month time.Time) Shape {
	return Shape{
		Name:  "datadog",
		open:  `{"data":[` + "\n",
		close: "\n" + `],"meta":{"pagination":{"next_record_id":%s}}}`,
		item:  monthsCost,
		Vars: Vars{
			Query:   `{"preliminary_from":null,"granularity":"month"}`,
			Account: `{"id":"bench","context":{"view":"sub-org"}}`,
			Call: fmt.Sprintf(`{"name":"historical","query":{"view":"sub-org"},"window":{"start":"%s","end":"%s"}}`,
				month.Format(time.RFC3339), month.AddDate(0, 1, 0).Format(time.RFC3339)),
			Lookups: `{}`,
		},
	}
}

func monthsCost(g *Gen, b []byte) []byte {
	b = fmt.Appendf(b, `{"type":"cost_by_org","id":"%s","attributes":{"account_name":"Acme","account_public_id":"%s","org_name":"%s","public_id":"%s","region":"%s","total_cost":%d,"date":"%s","charges":[`,
		g.hex(64), g.hex(12), pick(g, "Acme Web", "Acme Lab", "Acme Mobile", "Acme \\\"R&D\\\""), g.hex(12), pick(g, "us", "eu", "ap"),
		g.IntN(100_000), g.Month.Format(time.RFC3339))
	first := g.IntN(len(charged) / 2)
	products := charged[first : first+4+g.IntN(6)]
	for i, p := range products {
		if i > 0 {
			b = append(b, ',')
		}
		b = productsCharges(g, b, p)
	}
	return append(b, "]}}"...)
}

// productsCharges are those of one product: committed, on demand and the provider's own total, which is sometimes missing.
func productsCharges(g *Gen, b []byte, product string) []byte {
	kinds := []string{"committed", "on_demand", "total"}
	switch g.IntN(8) {
	case 0:
		kinds = kinds[:2]
	case 1:
		kinds = []string{"on_demand"}
	case 2:
		kinds = []string{"on_demand", "on_demand", "total"}
	}
	for i, kind := range kinds {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, `{"product_name":"%s","charge_type":"%s","cost":%s,"last_aggregation_function":"%s"}`,
			product, kind, g.money(4+g.IntN(9)), pick(g, "average", "sum", "max"))
	}
	return b
}
