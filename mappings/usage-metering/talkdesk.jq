# Talkdesk Billing Insights: one row a month, account, product and kind of use, with its units, unit price and amount.
# Rows of the types CREDIT_COMMIT and RECHARGE are money put in, never consumption. Names come from lookups and may be
# missing; every field of a row is documented as optional.

# The looked-up object with this id, null where either is missing.
def in_table($table): if . == null then null else $table[.] end;

# The members that the provider filled.
def filled: with_entries(select(.value != null and .value != ""));

def usage:
  (.type == "CREDIT_COMMIT" or .type == "RECHARGE") as $put_in
  | (.account_id | in_table($lookups.accounts)) as $account
  | (.month | month_start) as $start
  | ($start | add_months(1)) as $until
  | {
      id: (.id // ([.month, .account_id, .product_id, .aggr_product_id, .type, .direction, .resolution,
                    .unit, .wallet_name, .description, .currency] | stable_id)),
      product: {id: .product_id, name: (.product_id | in_table($lookups.products)).name},
      metric_name: ([.type, .direction, .resolution] | map(select(. != null and . != ""))
                    | if . == [] then null else join("_") | ascii_downcase end),
      organization: {id: .account_id, name: $account.company_name},
      workspace: {id: .account_id, name: $account.name},
      charges: (
        if .total_amount == null then []
        else [{
          amount: .total_amount,
          currency: (.currency // "USD" | ascii_upcase),
          type: (if $put_in then "committed" else "total" end)
        }] end),
      usage: {quantity: .number_of_units, unit, unit_price: .price},
      charge_category: (if $put_in then "commitment" else "usage" end),
      # A month is preliminary while any of it is.
      finality: ($query.preliminary_from as $from | if $from != null and $until > $from then "preliminary" else "final" end),
      start_date: $start,
      end_date: $until,
      dimensions: ({aggr_product_id, direction, resolution, wallet_name, description} | filled)
    };

def products: {id, name, category: .family, unit: .unit_of_measure};

# An account is the customer's company, and, under its subdomain, the place of work that usage is booked on.
def organizations: {id, name: .company_name, status};

def workspaces: {id, name, organization: {id, name: .company_name}};
