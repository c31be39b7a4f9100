# Sumo Logic usage report: an item is a row of the CSV, an object of strings by header, one a period (and child
# organization). Columns come in families: "<Category> Credits" is what a category cost, "<Category> (<unit>)" (detailed
# reports only) the consumption behind it; "Total Credits" is their sum and no record of its own. Which categories there
# are depends on the contract. A row makes a record of each category, in the order of their names, zeros included.

# An empty cell is unknown, which is not 0.
def filled: . != null and . != "";
def is_number: [dec?] != [];

# The columns "<Category> (<unit>)" of a row: {category: {column, unit, value}}.
def consumption:
  to_entries
  | map(select((.key | endswith(")") and contains(" (")) and (.value == "" or (.value | is_number)))
    | (.key | rtrimstr(")") | split(" (")) as $parts
    | {key: ($parts[:-1] | join(" (")), value: {column: .key, unit: $parts[-1], value}})
  | from_entries;

# Whatever else is not a number: {column: value}.
def labels($head):
  with_entries(select(.value != "" and $head[.key] == null and (.key | endswith(" Credits") | not) and (.value | is_number | not)));

# What was asked for decides what a date stands for: remote_query may have replaced the granularity.
def period_start($by):
  (if contains("/") then mdy else . end)
  | if $by == "month" then month_start elif $by == "week" then week_start else day_start end;
def period_end($by):
  if $by == "month" then add_months(1) elif $by == "week" then add_days(7) else add_days(1) end;

# The report never says whose it is: the child organization that the row names, else the one that is configured.
def owner($child_id; $child_name; $context):
  if ($child_id | filled) then {id: $child_id, name: $child_name}
  elif ($child_name | filled) then {id: ([$child_name] | stable_id), name: $child_name}
  elif ($context.org_id | filled) then {id: $context.org_id, name: $context.org_name}
  else {id: $context.deployment, name: $context.org_name} end;

def usage:
  . as $row
  | $account.context as $context
  | ($context.credit_price | if filled then dec else null end) as $price
  | ($call.body.groupBy // "day") as $by
  | (.Date // error("the row has no Date") | period_start($by)) as $start
  | ($start | period_end($by)) as $until
  # A period is preliminary while any of it is.
  | ($query.preliminary_from | if . != null and $until > . then "preliminary" else "final" end) as $finality
  | ({Date, ($context.child_id_column): .[$context.child_id_column], ($context.child_name_column): .[$context.child_name_column]}
     | with_entries(select(.value != null))) as $head
  | owner(.[$context.child_id_column]; .[$context.child_name_column]; $context) as $organization
  | consumption as $consumption
  | labels($head) as $labels
  | [$by, ($start | date), $organization.id] as $id
  # Labels tell rows of one period apart where their column is not known to name an organization.
  | ($labels | to_entries | map(.key, .value)) as $rest
  # The categories of the row. Of one that has no credits, an empty consumption says nothing at all.
  | ([keys[] | select(endswith(" Credits") and . != "Total Credits") | rtrimstr(" Credits")] + ($consumption | keys) | unique)[]
  | . as $category
  | slug as $slug
  | $row["\(.) Credits"] as $credits
  | $consumption[.] as $used
  | select($credits != null or $used.value != "")
  | {
      id: ($id + [$slug] + $rest | stable_id),
      product: {id: $slug, name: $category},
      metric_name: $slug,
      organization: $organization,
      charges: (
        if $credits | filled then
          ($credits | dec) as $amount
          | [{amount: $amount, currency: "CREDITS", type: "total", virtual: true}]
            + if $price == null then [] else [{amount: ($amount | dmul($price)), currency: $context.currency, type: "total", priced_by: "config"}] end
        else [] end),
      usage: (if $used.value | filled then {quantity: ($used.value | dec), unit: $used.unit} else null end),
      charge_category: "usage",
      finality: $finality,
      start_date: $start,
      end_date: $until,
      dimensions: $labels,
      remote_data: ($head + $labels
        + if $credits == null then {} else {"\($category) Credits": $credits} end
        + if $used == null then {} else {($used.column): $used.value} end)
    };
