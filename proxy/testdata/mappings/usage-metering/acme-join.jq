# Acme's invoices: a line takes its date and its state from its invoice.

def usage: {
  id, product: {id: .sku},
  charges: [{amount: (.amount | dec), currency: "USD", type: "total"}],
  start_date: ($parent.issued.at | rfc3339), finality: (if $parent.status == "paid" then "final" else "preliminary" end)
};

def organizations: {id, name: $parent.id};
