def usage:
  {
    id, product: {id: .product, name: $lookups.names[.product].name},
    charges: [{amount: (.amount | dec), currency: "USD", type: "total"}],
    start_date: (.day // $call.window.start | rfc3339), end_date: (.day // $call.window.start | add_days(1) | rfc3339)
  };
