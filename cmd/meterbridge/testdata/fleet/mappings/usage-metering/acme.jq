# Acme: one item is what a product cost on a day.

def usage:
  (.date | day_start) as $start
  | {
      id: .id,
      product: {id: .product},
      metric_name: .metric,
      charges: [{amount: .cost, currency: "USD", type: "total"}],
      usage: {quantity: .quantity, unit: .unit},
      start_date: $start,
      end_date: ($start | add_days(1)),
      finality: "final"
    };
