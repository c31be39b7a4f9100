# OpenAI: the costs of a day by project, line item and API key. An item is one result of a day's bucket, which is its parent.
#
# Amounts are in major units of a currency in lower case. Negative ones are credits. A quantity is there only because the
# costs are grouped by line item.

# "gpt-4o-2024-08-06, input" → the model and what was metered of it; a name of another form is a line item as it stands.
def parts: (. // "") | split(", ") | if length == 2 and (.[0] | split(" ") | length) == 1 then {model: .[0], metric: .[1]} else {} end;

def project: if . == null then null else {id: ., name: $lookups.projects[.].name} end;

def usage:
  (.line_item | parts) as $of
  | ($parent.start_time | from_unix) as $start
  | {
      id: ([($start | date), .project_id, .line_item, .api_key_id] | stable_id),
      product: {id: (.line_item // "unattributed"), name: .line_item},
      metric_name: ($of.metric // .line_item),
      resources: (if .api_key_id == null then [] else [{id: .api_key_id}] end),
      workspace: (.project_id | project),
      charges: (if .amount.value == null then [] else [{amount: (.amount.value | dec), currency: (.amount.currency | ascii_upcase), type: "total"}] end),
      usage: {quantity: (.quantity | dec), unit: .quantity_unit},
      model: (if $of.model == null then null else {id: $of.model, provider: "openai"} end),
      charge_category: (if (.amount.value // 0 | dcmp(0)) == -1 then "credit" else "usage" end),
      finality: (if $query.preliminary_from != null and ($parent.end_time | from_unix) > $query.preliminary_from then "preliminary" else "final" end),
      start_date: $start,
      end_date: ($parent.end_time | from_unix)
    };

def workspaces: {id, name, created_at: (.created_at | if . == null then null else from_unix end)};
