# Acme: an item of JSON carries its records as they are; a row of a table is one record.

def named: if $lookups.teams[.product.id // ""] != null then . + {product: (.product + {name: $lookups.teams[.product.id].name})} else . end;

def usage:
  if .records != null then .records[] | named
  else {
    id, product: {id: .product},
    charges: [{amount: (.amount | dec), currency: (.currency // "USD"), type: "total"}],
    start_date: (.day | rfc3339)
  } end;

def organizations: {id, name, status};
