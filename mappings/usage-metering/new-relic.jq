# New Relic: rows of NRQL. Of the granularity day an item is what one source of data, or one kind of compute, used in an
# account on a day; of month it is a row with a column for each month-to-date value, or one kind of compute.
#
# There are no prices: a charge is the quantity by the price in the account's context. A time series has a row for every day
# of the window and each source that it has anywhere: the zeros among them depend on what was asked for, and are left out.

def prices:
  $account.context
  | {DataPlatform: {of: "gb_price", is: .gb_price}, CoreCCU: {of: "core_ccu_price", is: .core_ccu_price},
     AdvancedCCU: {of: "advanced_ccu_price", is: .advanced_ccu_price},
     FullPlatformUsersBillable: {of: "full_user_price", is: .full_user_price},
     CoreUsersBillable: {of: "core_user_price", is: .core_user_price}};

def filled: . != null and . != "";

# Ids of accounts are numbers, and may come as 1234567.0.
def account_id: if . == null then null else tostring | rtrimstr(".0") end;

# The facets by position: a list where there are several.
def facet($i): .facet | if type == "array" then .[$i] elif $i == 0 then . else null end;

# What a row counts: one product, or of a row of the whole month each column that has a value.
def counted:
  if has("gigabytes") then {product: "DataPlatform", metric: (.usageMetric // facet(0)), quantity: .gigabytes, unit: "GB"}
  elif has("units") then (.metric // facet(0)) as $kind | {product: $kind, metric: $kind, quantity: .units, unit: "CCU"}
  else
    ({product: "DataPlatform", metric: "GigabytesIngested", unit: "GB"},
     {product: "FullPlatformUsersBillable", metric: "FullPlatformUsersBillable", unit: "users"},
     {product: "CoreUsersBillable", metric: "CoreUsersBillable", unit: "users"}) as $column
    | $column + {quantity: .[$column.metric], part: {($column.metric): .[$column.metric]}}
  end;

def usage:
  . as $row
  | prices as $prices
  | (.consumingAccountId // facet(1) | account_id) as $workspace
  | (if .beginTimeSeconds == null then $call.window.start | month_start else .beginTimeSeconds | from_unix | day_start end) as $start
  | (if .beginTimeSeconds == null then $start | add_months(1) else $start | add_days(1) end) as $until
  | counted
  | select(.quantity != null and ($row.beginTimeSeconds == null or (.quantity | dcmp(0)) != 0))
  | $prices[.product] as $price
  | {
      id: (if $row.beginTimeSeconds == null then ["M", ($start | month), .product] else ["D", ($start | date), .product, .metric, $workspace] end | stable_id),
      product: {id: .product},
      metric_name: .metric,
      charges: (if $price.is | filled then [{amount: (.quantity | dmul($price.is)), currency: ($account.context.currency | ascii_upcase), type: "total", priced_by: "config"}] else [] end),
      usage: {
        quantity: (.quantity | dec), unit: .unit,
        unit_price: (if $price.is | filled then $price.is | dec else null end),
        aggregation: (if $row.beginTimeSeconds == null then "last" else "sum" end)
      },
      start_date: $start,
      end_date: $until,
      workspace: (if $workspace == null then null else {id: $workspace, name: $row.accountName} end),
      charge_category: "usage",
      # A period is preliminary while any of it is.
      finality: ($query.preliminary_from | if . != null and $until > . then "preliminary" else "final" end),
      remote_data: (.part // $row),
      # Without any price quantities are all that is wanted.
      warning: (if ($price.is | filled) or ([$prices[].is | select(filled)] == []) or (.quantity | dcmp(0)) == 0 then null
                else {code: "unpriced", message: "no price for \(.product): set context.\($price.of)"} end)
    };

def workspaces: {id: (.id | account_id), name};
