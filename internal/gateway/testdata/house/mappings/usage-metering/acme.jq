# Acme: what the tests of the edge need of a provider.

def usage: {
  id: ([.day, .product] | stable_id),
  product: {id: .product, name: .product},
  metric_name: "calls",
  charges: [{amount: .cost, currency: "USD", type: "total"}],
  usage: {quantity: .calls, unit: "call"},
  start_date: (.day | day_start),
  end_date: (.day | add_days(1))
};

def workspaces: {id, name};
