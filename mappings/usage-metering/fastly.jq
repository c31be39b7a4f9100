# Fastly: an item is an invoice, or the estimate of the open month, with its lines. A record is a product's line of it.
#
# Amounts are in major units, as numbers or as text. The currency stands on the invoice; an estimate has none, and USD is
# assumed for it alone. Products have names and no ids. Lines have no ids either, and an estimate's lines have to meet
# those of the invoice that follows it: so an id has nothing in it that only one of the two knows, but a coupon.

# What tells two lines of a month apart; where no product is named, nothing but the description does.
def parts:
  [.product_line, .product_group, .product_name, .region, .usage_type, .credit_coupon_code]
  | map(if . == "" then null else . end);
def key: .description as $said | parts | if .[:3] == [null, null, null] then . + [$said] else . end;

def total(f): [.[] | f | select(. != null)] | if . == [] then null else dsum end;
def same(f): [.[] | f] | unique | if length == 1 then .[0] else null end;

def usage:
  with_entries(select(.key != "transaction_line_items")) as $invoice
  | ($invoice.billing_start_date // $call.window.start | month_start) as $start
  | ($invoice.currency_code // "USD" | ascii_upcase) as $currency
  | [.transaction_line_items[]?] | group_by(key)[]
  | (.[0] | key) as $key
  | .[0] as $line
  | total(.amount) as $amount
  | total(.units) as $units
  | {
      id: ([($start | month), $invoice.customer_id] + $key | stable_id),
      product: {id: ([$key[2, 1, 0], $line.description, "unattributed"] | first(.[] | select(. != null and . != ""))), name: $key[2]},
      metric_name: $key[4],
      organization: {id: $invoice.customer_id},
      charges: (if $amount == null then [] else [{amount: $amount, currency: $currency, type: "total"}] end),
      usage: (if $units == null then null else {quantity: $units, unit: $key[4], unit_price: (same(.rate) | dec)} end),
      charge_category: (if $key[5] != null or ($amount // 0 | dcmp(0)) == -1 then "credit" else "usage" end),
      finality: (if $call.name == "month_to_date" then "preliminary" else "final" end),
      start_date: $start,
      end_date: ($start | add_months(1)),
      created_at: ($invoice.invoice_posted_on | if . == null or . == "" then null else rfc3339 end),
      dimensions: {product_line: $key[0], product_group: $key[1], region: $key[3], credit_coupon_code: $key[5], description: same(.description)},
      remote_data: ($invoice + {transaction_line_items: .})
    };
