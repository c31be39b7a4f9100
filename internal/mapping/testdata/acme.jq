# Acme: cost lines by day, one item a line, and the products of the catalogue.

def named: if . == null then null else {id: ., name: null} end;

def place: if .id == null then null else {id, name: $lookups.places[.id].label} end;

def usage:
  (.start_date | day_start) as $start
  | {
      id: (if (.id // "") != "" then .id else ["D", (.start_date | date), .resource.id, .product] | stable_id end),
      product: (.product // .line_type | named),
      metric_name: .line_type,
      resources: (if .resource.id == null then [] else [.resource | {id, name: .display_name, workspace: (.environment | place)}] end),
      organization: (if $account.id == null then null else {id: $account.id, name: null} end),
      charges: ([{type: "total", amount: .amount}, {type: "list", amount: .original_amount}, {type: "discount", amount: (.discount_amount | dneg)}]
        | map(select(.amount != null) | {amount, currency: "USD", type})),
      usage: (if .quantity == null then null else {quantity, unit, unit_price: .price} end),
      start_date: $start,
      end_date: (if .end_date == null then $start | add_days(1) else .end_date | day_start end),
      charge_category: (if .line_type == "PROMO" then "credit" else "usage" end),
      finality: (if $query.preliminary_from != null and $start >= $query.preliminary_from then "preliminary" else "final" end),
      dimensions: ((.tiers // {}) + {network_access_type, description})
    };

def products: .catalogue[] as $p | {id: $p.sku, name: $p.title, unit: $p.unit, remote_data: $p};
