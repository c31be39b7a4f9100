# GitHub: the usage lines of an organization, one a day, product, SKU and repository. The report is that of a whole month.
#
# Amounts are dollars; the report names no currency: USD is assumed. grossAmount is before discounts (free minutes and
# the like) and netAmount after them. Lines of licences have no repository, or an empty one. A date may carry a time.

def usage:
  (.date | day_start) as $start
  | (.repositoryName | if . == "" then null else . end) as $repository
  | {
      id: ([($start | date), .organizationName, .product, .sku, $repository] | stable_id),
      product: {id: .product},
      metric_name: .sku,
      resources: (if $repository == null then [] else [{id: $repository, name: $repository}] end),
      organization: {id: .organizationName},
      charges: [
        {amount: .netAmount, currency: "USD", type: "total"},
        {amount: .grossAmount, currency: "USD", type: "list"},
        {amount: (.discountAmount | dneg), currency: "USD", type: "discount"}
      ],
      usage: {quantity, unit: .unitType, unit_price: .pricePerUnit},
      start_date: $start,
      end_date: ($start | add_days(1)),
      charge_category: "usage",
      finality: (if $query.preliminary_from != null and $start >= $query.preliminary_from then "preliminary" else "final" end)
    };
