# Anthropic: the costs of a day by workspace and description. An item is one result of a day's bucket, which is its parent.
#
# `amount` is text in the currency's lowest unit: "123.45" is 1.2345 dollars. The default workspace has no id, and is left out.

def workspace: if . == null then null else {id: ., name: $lookups.workspaces[.].name} end;

# What the provider says of a row beside its cost; the model stands in a field of its own.
def rest: {description, cost_type, token_type, context_window, service_tier, inference_geo};

def usage:
  ($parent.starting_at | rfc3339) as $start
  | ($parent.ending_at | rfc3339) as $until
  | {
      id: ([($start | date), .workspace_id, .cost_type, .model, .token_type, .context_window, .service_tier, .inference_geo,
            .description] | stable_id),
      product: {id: (.cost_type // "unattributed")},
      metric_name: (.token_type // .description),
      charges: (if .amount == null then []
                else [{amount: (.amount | dshift(-2)), currency: (.currency | ascii_upcase), type: "total"}] end),
      start_date: $start,
      end_date: $until,
      workspace: (.workspace_id | workspace),
      model: (if .model == null then null else {id: .model, provider: "anthropic"} end),
      charge_category: (if (.amount | dcmp(0)) == -1 then "credit" else "usage" end),
      finality: ($query.preliminary_from as $from | if $from != null and $until > $from then "preliminary" else "final" end),
      dimensions: rest
    };

def workspaces: {id, name, created_at: .created_at};
