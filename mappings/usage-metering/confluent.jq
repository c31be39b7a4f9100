# Confluent Cloud: the organization's cost lines of each day, its organization and its environments.
#
# A line is one resource, line type and day. Amounts are dollars; no currency is in the payload: USD is assumed. The
# names of organization and environments come from lookups, which may fail: a line is the same without them.

# crn://confluent.cloud/organization=<uuid>/environment=env-… → <uuid>
def organization_in_crn:
  [strings | split("/")[] | select(startswith("organization=")) | ltrimstr("organization=")][0];

# An API key belongs to one organization; where that can't be asked, its environments know the id.
def organization:
  if $lookups.organization[0].id != null then $lookups.organization[0] | {id, name: .display_name}
  else {id: (first($lookups.environments[]? | .metadata.resource_name | organization_in_crn | values) // null)} end;

def environment: if .id == null then null else {id, name: $lookups.environments[.id].display_name} end;

# Ids are the provider's, but not every answer has them: then all that tells two lines of a day apart.
def line_id:
  if (.id // "") != "" then .id
  else ["D", (.start_date | date), .resource.id, .resource.environment.id, .product, .line_type,
        .network_access_type, .unit, .description]
    + [.tier_dimensions // {} | to_entries[] | .key, (.value | tostring)]
    | stable_id
  end;

def category:
  if .line_type == "PROMO_CREDIT" then "credit"
  elif .line_type == "SUPPORT" or (.product // "" | startswith("SUPPORT_")) then "fee"
  else "usage" end;

# `amount` is after the discount; where it is absent, the price before and the discount say it.
def total:
  if .amount != null then .amount
  elif .original_amount != null then [.original_amount, (.discount_amount | dneg)] | dsum
  else null end;

def charges:
  [{amount: total, currency: "USD", type: "total"},
   {amount: .original_amount, currency: "USD", type: "list"},
   {amount: (.discount_amount | dneg), currency: "USD", type: "discount"}];

# A resource carries its environment; a line that has only the environment carries it itself.
def resources:
  if .resource.id == null then []
  else [.resource | {id, name: .display_name, workspace: (.environment | environment)}] end;

def usage:
  (.start_date | day_start) as $start
  | {
      id: line_id,
      product: {id: (.product // .line_type)},
      metric_name: .line_type,
      resources: resources,
      organization: organization,
      workspace: (if .resource.id == null then .resource.environment | environment else null end),
      charges: charges,
      usage: (if .quantity == null then null else {quantity, unit, unit_price: .price} end),
      start_date: $start,
      end_date: (if .end_date == null then $start | add_days(1) else .end_date | day_start end),
      charge_category: category,
      finality: (if $query.preliminary_from != null and $start >= $query.preliminary_from
                 then "preliminary" else "final" end),
      dimensions: ((.tier_dimensions // {}) + {network_access_type, description})
    };

def dates: {created_at: (.metadata.created_at | rfc3339), updated_at: (.metadata.updated_at | rfc3339)};

def organizations: {id, name: .display_name} + dates;

def workspaces:
  (.metadata.resource_name | organization_in_crn) as $id
  | {id, name: .display_name,
     organization: {id: $id, name: (first($lookups.organization[]? | select(.id == $id) | .display_name) // null)}}
  + dates;
