# Elastic Cloud: an item is an instance (a deployment, a project, or a service of the organization) with the lines that it
# was charged for. A record is one SKU of it.
#
# Nothing in the answer is dated: the day is that of the window which was asked for. Amounts are ECU, a unit of Elastic's
# own, and a line's total is rounded to four places, so that quantity times rate is not quite it. A line has no id.

# Lines that nothing but their rates tell apart are one record, so that an id stands for one of them.
def lines: [.product_line_items[]?] | group_by([.sku, .type, .kind, .unit]);

def total(f): [.[] | f | select(. != null)] | if . == [] then null else dsum end;
def same(f): [.[] | f] | unique | if length == 1 then .[0] else null end;

def charges:
  $account.context as $context
  | ($context.ecu_price | if . == null or . == "" then null else dec end) as $price
  | total(.total_ecu) as $ecu
  | if $ecu == null then []
    else [{amount: $ecu, currency: "ECU", type: "total", virtual: true}]
      + if $price == null then []
        else [{amount: ($ecu | dmul($price)), currency: ($context.currency | ascii_upcase), type: "total", priced_by: "config"}] end
    end;

def usage:
  {id, name, type} as $instance
  | $call.window as $day
  | lines[]
  | .[0] as $line
  | {
      id: ([($day.start | date), $instance.id, $line.sku, $line.type, $line.kind, $line.unit] | stable_id),
      product: {id: ($line.sku // $line.type // "unattributed"), name: same(.name)},
      metric_name: $line.type,
      resources: [{id: $instance.id, name: (if $instance.name == "" then null else $instance.name end)}],
      organization: {id: $account.context.organization_id},
      charges: charges,
      usage: {quantity: total(.quantity.value), unit: $line.unit, unit_price: same(.rate.value)},
      charge_category: "usage",
      finality: (if $query.preliminary_from != null and $day.end > $query.preliminary_from then "preliminary" else "final" end),
      start_date: $day.start,
      end_date: $day.end,
      dimensions: {instance_type: $instance.type, kind: $line.kind},
      remote_data: ($instance + {product_line_items: .})
    };
