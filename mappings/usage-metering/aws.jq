# AWS Cost Explorer: what one service cost one account in a day or month.
#
# An item is a group within a result, $parent, that has the period and whether it is estimated. A group's keys are values
# without names: those are in the request, in the same order. Amounts are texts; a credit is a negative one. The cost
# that accrued is the amortized one, what the bill has is the unblended one.

# {SERVICE: "Amazon Simple Storage Service", LINKED_ACCOUNT: "111122223333"}; there are two at most.
def named_keys:
  [$call.body.GroupBy[]? | .Key] as $names
  | [{key: $names[0], value: .Keys[0]}, {key: $names[1], value: .Keys[1]}]
  | map(select(.key != null)) | from_entries;

def account:
  if . == null then null
  else . as $id
    | {id: $id, name: (first($page.DimensionValueAttributes[]? | select(.Value == $id) | .Attributes.description) // null)}
  end;

def category:
  if .RECORD_TYPE == "Credit" then "credit"
  elif .RECORD_TYPE == "Refund" then "adjustment"
  elif .RECORD_TYPE == "Tax" or .SERVICE == "Tax" then "tax"
  elif .SERVICE // "" | startswith("AWS Support") then "fee"
  else "usage" end;

def charge($type): {amount: (.Amount | dec), currency: (.Unit | ascii_upcase), type: $type};

def charges:
  (.AmortizedCost // .UnblendedCost) as $total
  | if $total == null then []
    elif .UnblendedCost == null or (.UnblendedCost.Amount | dcmp($total.Amount)) == 0 then [$total | charge("total")]
    else [($total | charge("total")), (.UnblendedCost | charge("billed"))] end;

def finality($start):
  if $parent.Estimated != null then $parent.Estimated
  else $query.preliminary_from != null and $start >= $query.preliminary_from end
  | if . then "preliminary" else "final" end;

def usage:
  named_keys as $keys
  | ($parent.TimePeriod.Start | rfc3339) as $start
  | {
      id: (["\($query.granularity[:1] | ascii_upcase)", ($start | date)] + .Keys | stable_id),
      product: {id: $keys.SERVICE, name: $keys.SERVICE},
      metric_name: $keys.USAGE_TYPE,
      workspace: ($keys.LINKED_ACCOUNT | account),
      charges: (.Metrics | charges),
      start_date: $start,
      end_date: ($parent.TimePeriod.End | rfc3339),
      charge_category: ($keys | category),
      finality: finality($start),
      dimensions: ($keys | with_entries(select(.key != "SERVICE" and .key != "LINKED_ACCOUNT" and .key != "USAGE_TYPE")))
    };
