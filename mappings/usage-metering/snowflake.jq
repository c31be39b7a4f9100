# Snowflake: one row of USAGE_IN_CURRENCY_DAILY is a day's use of one kind in one account, paid from one balance.
#
# Values are text; a date is the number of days since 1970. Which balance paid says what a charge is: capacity and rollover
# were committed, overage is on demand, free usage costs nothing, a rebate is money back.

def low: if . == null then null else ascii_downcase end;

def charges:
  (.BALANCE_SOURCE | low) as $from
  | {amount: (.USAGE_IN_CURRENCY | dec), currency: .CURRENCY} as $paid
  | if $paid.amount == null or .CURRENCY == null then []
    elif $from == "capacity" or $from == "rollover" then [$paid + {type: "total"}, $paid + {type: "committed"}]
    elif $from == "overage" then [$paid + {type: "total"}, $paid + {type: "on_demand"}]
    elif $from == "free usage" then [$paid + {type: "included"}]
    else [$paid + {type: "total"}] end;

def category:
  (.BILLING_TYPE | low) as $type
  | if .IS_ADJUSTMENT | low == "true" then "adjustment"
    elif $type == "rebate" or $type == "support_credit" or (.BALANCE_SOURCE | low) == "rebate" then "credit"
    elif $type == "priority support" or $type == "vps_deployment_fee" then "fee"
    else "usage" end;

def unit:
  (.RATING_TYPE | low) as $by
  | if $by == "compute" then "credits" elif $by == "storage" or $by == "data transfer" then "TB" else null end;

def usage:
  (.USAGE_DATE | from_days) as $start
  | ($start | add_days(1)) as $until
  | {
      id: ([($start | date), .CONTRACT_NUMBER, .ACCOUNT_LOCATOR, .REGION, .SERVICE_LEVEL, .SERVICE_TYPE, .USAGE_TYPE, .RATING_TYPE,
            .BALANCE_SOURCE, .BILLING_TYPE, .IS_ADJUSTMENT, .CURRENCY] | stable_id),
      product: {id: (.SERVICE_TYPE // "unattributed")},
      metric_name: .USAGE_TYPE,
      organization: (if .ORGANIZATION_NAME == null then null else {id: .ORGANIZATION_NAME, name: .ORGANIZATION_NAME} end),
      charges: charges,
      usage: {quantity: (.USAGE | dec), unit: unit, aggregation: "sum"},
      start_date: $start,
      end_date: $until,
      workspace: (if .ACCOUNT_LOCATOR == null then null else {id: .ACCOUNT_LOCATOR, name: .ACCOUNT_NAME} end),
      charge_category: category,
      finality: ($query.preliminary_from as $from | if $from != null and $until > $from then "preliminary" else "final" end),
      dimensions: {contract_number: .CONTRACT_NUMBER, region: .REGION, service_level: .SERVICE_LEVEL, rating_type: .RATING_TYPE,
                   balance_source: .BALANCE_SOURCE, billing_type: .BILLING_TYPE}
    };
