# Datadog: what an organization's products cost by month or by day, and what they measured by hour.
#
# An item of cost is one organization with all its charges; it makes one record a product. `daily` is given the items
# of a whole window as one array, because a day's cost is its month-to-date less that of the day before. No currency
# is in the payload: USD is assumed.

def given: if . == "" then null else . end;

# ---- who: the account pays, the organization below it is the workspace

# Two items with the same identity and period are versions of one fact.
def identity: .attributes | [.account_public_id, .public_id, .region] | map(given);

# True where the call asked for each organization below the account.
def by_organization: $call.query.view == "sub-org" or $call.query["filter[include_descendants]"] == "true";

# An account's sums are not the figures of the organization that owns the account, though their ids are the same.
def view_part: if $call.query.view == "summary" then ["summary"] else [] end;

def organization:
  if (.account_public_id | given) != null then {id: .account_public_id, name: .account_name}
  elif (.public_id | given) != null then {id: .public_id, name: .org_name}
  else null end;

def workspace:
  if (.public_id | given) != null and ((.account_public_id | given) != null or by_organization)
  then {id: .public_id, name: .org_name} else null end;

# What every record has from its item.
def who: .attributes | {organization: organization, workspace: workspace, dimensions: {region}};

# ---- how much: an item's charges, product by product

def is_projected: (. // "") | startswith("projected_");
def kind: (.charge_type // "unknown") | ltrimstr("projected_");

# The charges of one product, exact: those of one type summed, `total` the provider's own or else the sum of the parts.
# The item's header total is never read, it has lost its cents.
def amounts:
  [group_by(kind)[] | {type: (.[0] | kind), amount: (map(.cost) | dsum)}]
  | if any(.[]; .type == "total" and .amount != null) then .
    else . + [{type: "total", amount: (map(.amount) | dsum)}] end;

# One line a product, and a second one where it has projected charges too. A `total` has no prefix: it belongs to the
# projection where the item is one, or where the product has nothing else.
def lines:
  (.type == "projected_cost" or .attributes.projected_total_cost != null) as $projection
  | .attributes.charges // [] | group_by(.product_name)[]
  | (any(.[]; .charge_type | is_projected)
     and all(.[]; .charge_type == "total" or (.charge_type | is_projected))) as $only
  | group_by($projection or $only or (.charge_type | is_projected))[]
  | {product: .[0].product_name,
     projected: ($projection or $only or (.[0].charge_type | is_projected)),
     charges: ., amounts: amounts};

# Amounts come by name of their type; those that every invoice knows go first.
def rank: if . == "on_demand" then 0 elif . == "committed" then 1 elif . == "total" then 2 else 3 end;
def charges: sort_by(.type | rank) | map({amount, currency: "USD", type});

# The item with nothing but these charges: the part that made one record.
def only($charges): . + {attributes: (.attributes + {charges: $charges})};

# ---- the three granularities

def monthly:
  . as $item | who as $who | identity as $identity
  | (.attributes.date // $call.window.start | month_start) as $start
  | lines
  | $who + {
      id: (["M", ($start | month)] + $identity + [.product] + view_part
           + (if .projected then ["projected"] else [] end) | stable_id),
      product: {id: .product, name: .product},
      metric_name: .product,
      charges: (.amounts | charges),
      start_date: $start,
      end_date: ($start | add_months(1)),
      charge_category: "usage",
      finality: (if .projected then "projected" elif $call.name == "historical" then "final" else "preliminary" end),
      remote_data: (.charges as $charges | $item | only($charges))
    };

# The figures of one organization and day, less those of its last day before it in the month, if there is any: what is
# missing on either side counts as 0, and a correction downwards stays negative. A projection is of a month, not of days.
def actual: [.item | lines | select(.projected | not)];
def one_day($before):
  .item as $item | .day as $day | ($item | who) as $who | ($item | identity) as $identity
  | actual + [$before | select(. != null) | actual[] | {product, before: .amounts}]
  | group_by(.product)[]
  | .[0].product as $product
  | $who + {
      id: (["D", ($day | date)] + $identity + [$product] + view_part | stable_id),
      product: {id: $product, name: $product},
      metric_name: $product,
      charges: (map(.amounts[]?) + map(.before[]? | {type, amount: (.amount | dneg)})
                | [group_by(.type)[] | {type: .[0].type, amount: (map(.amount) | dsum)}] | charges),
      start_date: $day,
      end_date: ($day | add_days(1)),
      charge_category: "usage",
      finality: "preliminary",
      remote_data: (map(.charges[]?) as $charges | $item | only($charges))
    };

# The answer starts with the month, so that a day before the window is there to be subtracted, whichever it is. Where
# the caller set another start, the first day has nothing before it and only serves to be subtracted.
def daily:
  ($call.query.start_date != ($call.window.start | month_start | date)) as $own
  | [.[] | {key: identity, day: (.attributes.date | day_start), at: (.attributes.date | rfc3339), item: .}]
  | group_by([.key, .day]) | map(max_by(.at))
  | group_by([.key, (.day | month)])[]
  | . as $days | to_entries[] | .key as $i | .value
  | select(if $own then $i > 0 or .day == (.day | month_start) else .day >= $call.window.start end)
  | one_day(if $i == 0 then null else $days[$i - 1] end);

# A measurement without a value is not a zero; it makes no record.
def hourly:
  . as $item | who as $who | identity as $identity
  | .attributes.product_family as $family
  | (.attributes.timestamp | hour_start) as $start
  | .attributes.measurements[]? | select(.value != null) | . as $measurement
  | $who + {
      id: (["H", ($start | hour)] + $identity + [$family, .usage_type] | stable_id),
      product: {id: $family, name: $family},
      metric_name: .usage_type,
      usage: {quantity: .value, unit: .usage_type},
      start_date: $start,
      end_date: ($start | add_hours(1)),
      charge_category: "usage",
      finality: (if $query.preliminary_from != null and $start >= $query.preliminary_from
                 then "preliminary" else "final" end),
      remote_data: ($item | . + {attributes: (.attributes + {measurements: [$measurement]})})
    };

def usage:
  if $call.name == "daily" then daily
  elif $call.name == "hourly" then hourly
  else monthly end;
