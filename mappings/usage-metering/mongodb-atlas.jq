# MongoDB Atlas: one line of an invoice, which is its parent: what one SKU cost a project, mostly on one day.
#
# Prices are whole cents and the unit price is in dollars; no currency is in the payload: USD is assumed. A line has no
# id, and its dates are those of the usage, which may lie in the month before its invoice. A cluster's name is its key
# within its project, and is unique nowhere else.

def project: if .groupId == null then null else {id: .groupId, name: .groupName} end;

def compact: if . == null then null else rfc3339 | replace_all(":"; "") end;

# A cluster in several regions has a line for each, and only their unit prices tell them apart.
def line_id:
  [$parent.id, (.startDate | compact), (.endDate | compact), .sku, .groupId, .clusterName, .stitchAppName,
   .cloudProvider, .unit, .tierLowerBound, .note, (if .clusterName == null then null else .unitPriceDollars end)]
  | stable_id;

def category:
  (.sku // "" | ascii_upcase | split("_")) as $words
  | if any($words[]; . == "TAX") then "tax"
    elif any($words[]; . == "CREDIT" or . == "REFUND") or (.totalPriceCents | dcmp(0)) == -1 then "credit"
    elif any($words[]; . == "SUPPORT") then "fee"
    else "usage" end;

def discounted: (.discountCents | dcmp(0)) as $sign | $sign != null and $sign != 0;

# The discount is inside of the total, so that the price before it is the sum of both.
def charges:
  [{amount: (.totalPriceCents | dshift(-2)), currency: "USD", type: "total"}]
  + if discounted and .totalPriceCents != null then
      [{amount: ([.totalPriceCents, .discountCents] | dsum | dshift(-2)), currency: "USD", type: "list"},
       {amount: (.discountCents | dshift(-2) | dneg), currency: "USD", type: "discount"}]
    else [] end;

# How far percentDiscount of these cents is from the discount, in hundredths of a cent.
def off($cents; $line):
  $cents | dmul($line.percentDiscount) | dsub($line.discountCents | dshift(2)) | if dcmp(0) == -1 then dneg else . end;

# Whether the discount is a percentage of the total itself, by more than what rounding explains.
def outside:
  . as $line
  | discounted and .totalPriceCents != null and .percentDiscount != null
    and (off(.totalPriceCents; $line) | dcmp(100)) != 1
    and (off([.totalPriceCents, .discountCents] | dsum; $line) | dcmp(200)) == 1;

# One tag may have several values.
def tags: [.tags // {} | to_entries[] | {(.key): (.value | if type == "array" then map(tostring) | join(",") else . end)}] | add // {};

def usage:
  . as $line
  | (.startDate // $parent.startDate | rfc3339) as $start
  | {
      id: line_id,
      product: {id: .sku},
      metric_name: .sku,
      resources: (
        if .clusterName == null then []
        else [{id: ([.groupId, .clusterName] | stable_id), name: .clusterName, workspace: project}] end),
      organization: {id: $parent.orgId, name: $lookups.organizations[$parent.orgId // ""].name},
      workspace: (if .clusterName == null then project else null end),
      charges: charges,
      usage: {quantity, unit, unit_price: .unitPriceDollars},
      start_date: $start,
      end_date: (.endDate // $parent.endDate | rfc3339),
      created_at: (.created | rfc3339),
      charge_category: category,
      finality: (
        if $parent.statusName == "PENDING" or $query.preliminary_from != null and $start >= $query.preliminary_from
        then "preliminary" else "final" end),
      dimensions: (tags + {invoiceId: $parent.id, cloudProvider, stitchAppName, note, tierLowerBound, tierUpperBound, percentDiscount})
    }
  + if outside then
      {warning: {code: "mapping_note", message: "discounts of invoice \($parent.id) are a percentage of totalPriceCents: its totals may be before them"}}
    else {} end;

def workspaces:
  {id, name, organization: {id: .orgId, name: $lookups.organizations[.orgId // ""].name}, created_at: (.created | rfc3339)};
