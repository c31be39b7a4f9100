# Grafana Cloud: one product (a dimension) of an organization in a month, with the usage of its stacks.
#
# A product whose cost is attributed to stacks makes a record of each stack, and none of its own; any other makes one
# record of the organization. Both together would count twice. Amounts are dollars; no currency is in the payload: USD is
# assumed. A period's end is its last second.

def exclusive_end: rfc3339 | if . != null and endswith(":59Z") then unix + 1 | from_unix else . end;

def stack: if .stackId == null then null else {id: .stackId, name: .stackName} end;

def charge: if . == null then [] else [{amount: ., currency: "USD", type: "total"}] end;

# What is left of a stack's usage: labels, and whatever else has a plain value.
def stack_dimensions:
  {id: true, stackId: true, stackName: true, periodStart: true, periodEnd: true, totalUsage: true, attributedCost: true} as $used
  | (.stackLabels // {})
  + with_entries(select($used[.key] != true and (.value | type != "object" and type != "array")));

# A month is preliminary while any of it is.
def record($start; $until; $amount):
  {
    organization: {id: $account.context.org},
    charges: ($amount | charge),
    charge_category: (if ($amount | dcmp(0)) == -1 then "credit" else "usage" end),
    finality: ($query.preliminary_from as $from | if $from != null and $until > $from then "preliminary" else "final" end),
    start_date: $start,
    end_date: $until
  };

def usage:
  . as $item
  | {product: {id: .dimensionId, name: .dimensionName}, metric_name: .dimensionId} as $product
  | if any(.usages[]?; .attributedCost != null) then
      .usages[] as $of
      | ($of.periodStart // .periodStart | rfc3339) as $start
      | $product
      + record($start; $of.periodEnd // .periodEnd | exclusive_end; $of.attributedCost)
      + {
          id: ([($start | date), .dimensionId, $of.stackId] | stable_id),
          resources: [$of | stack + {workspace: stack}],
          usage: {quantity: $of.totalUsage, unit},
          dimensions: ($of | stack_dimensions),
          remote_data: ($item + {usages: [$of]})
        }
    else
      (.periodStart | rfc3339) as $start
      | $product
      + record($start; .periodEnd | exclusive_end; .amountDue)
      + {
          id: ([($start | date), .dimensionId] | stable_id),
          resources: [.usages[]? | stack + {workspace: stack}],
          usage: {quantity: .totalUsage, unit},
          dimensions: {includedUsage, overage}
        }
    end;

def workspaces:
  {id, name, organization: {id: $account.context.org, name: .orgName},
   created_at: (.createdAt | rfc3339), updated_at: (.updatedAt | rfc3339)};
