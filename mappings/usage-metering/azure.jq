# Azure Cost Management: what one service cost in a day or month, in one resource group or subscription and currency.
#
# An item is a row, an object by the names of the answer's columns. A day is a number, 20261101, a month a date. The cost
# is a number in the row's own currency, of which a scope may have several. In a scope below a subscription that one is
# in the path alone, and the rows are its resource groups; above it the rows are subscriptions. What has none is "".

def text: if . == "" then null else . end;

# subscriptions/<id>/resourceGroups/… → <id>
def subscription_of_scope:
  $account.context.scope // "" | ascii_downcase | [split("/")[] | select(. != "")]
  | if .[0] == "subscriptions" then .[1] else null end;

def subscription: if . == null then null else {id: ., name: $lookups.subscriptions[.].displayName} end;

def group($subscription):
  if . == null then []
  else [{id: "/subscriptions/\($subscription.id)/resourceGroups/\(.)", name: ., workspace: $subscription}] end;

# The columns that have a place of their own; others come by remote_query, which may group by something else.
def placed:
  {Cost: true, PreTaxCost: true, UsageDate: true, BillingMonth: true, ServiceName: true, SubscriptionId: true,
   ResourceGroup: true, Currency: true};

def others: with_entries(select(placed[.key] != true));

def usage:
  (.SubscriptionId // subscription_of_scope | subscription) as $subscription
  | (.ResourceGroup | text | group($subscription)) as $groups
  | (if .UsageDate != null then .UsageDate | yyyymmdd else .BillingMonth | rfc3339 end) as $start
  | (if .UsageDate != null then $start | add_days(1) else $start | add_months(1) end) as $until
  | (.Currency | ascii_upcase) as $currency
  | others as $others
  | {
      id: ([(if .UsageDate != null then "D" else "M" end), ($start | date), $subscription.id, .ServiceName, .ResourceGroup, $currency]
           + [$others | to_entries[] | .key, .value]
           | stable_id),
      product: {id: (.ServiceName | text), name: (.ServiceName | text)},
      resources: $groups,
      workspace: (if $groups == [] then $subscription else null end),
      charges: [{amount: (.Cost // .PreTaxCost), currency: $currency, type: "total"}],
      start_date: $start,
      end_date: $until,
      finality: ($query.preliminary_from as $from | if $from != null and $until > $from then "preliminary" else "final" end),
      dimensions: $others
    };

def workspaces: {id: .subscriptionId, name: .displayName, organization: {id: .tenantId, name: null}};
