# Databricks: one row of the billable usage is the DBUs of an hour, workspace, cluster, SKU and node type.
#
# There is no money in it: a charge is DBUs times the price of the SKU in the account's context, exactly. A SKU without a
# price has no charge. Tags are JSON within a cell.

def text: if . == "" then null else . end;

# {"team":"data"} → {"tag.team": "data"}
def tags($prefix): (text // "{}") | fromjson | with_entries({key: ($prefix + .key), value: (.value | tostring)});

# A person is named by their address, a service principal by its name.
def owner: if . == null then {} elif contains("@") then {email: .} else {name: .} end;

def price: $account.context.dbu_price as $prices | if $prices == null then null else $prices[.] end;

def usage:
  (.timestamp | hour_start) as $start
  | ($start | add_hours(1)) as $until
  | (.sku | price) as $price
  | (.dbus | dmul($price)) as $amount
  | {
      id: ([($start | hour), .workspaceId, .clusterId, .sku, .clusterNodeType, .clusterOwnerUserId] | map(text) | stable_id),
      product: {id: .sku},
      metric_name: "dbus",
      resources: (if (.clusterId | text) == null then [] else [{id: .clusterId, name: (.clusterName | text)}] end),
      workspace: (if (.workspaceId | text) == null then null
                  else {id: .workspaceId, name: $lookups.workspaces[.workspaceId].workspace_name} end),
      user: ((.clusterOwnerUserName | text | owner) + {id: (.clusterOwnerUserId | text)}),
      charges: (if $amount == null then []
                else [{amount: $amount, currency: ($account.context.currency | ascii_upcase), type: "total", priced_by: "config"}] end),
      usage: {quantity: (.dbus | dec), unit: "DBU", unit_price: $price, aggregation: "sum"},
      charge_category: "usage",
      finality: ($query.preliminary_from as $from | if $from != null and $until > $from then "preliminary" else "final" end),
      start_date: $start,
      end_date: $until,
      dimensions: ({node_type: (.clusterNodeType | text), machine_hours: (.machineHours | text)}
                   + (.clusterCustomTags | tags("cluster_tag.")) + (.tags | tags("tag."))),
      warning: (if $price == null and $account.context.dbu_price != null
                then {code: "unpriced", message: ("no price for " + .sku + ": set context.dbu_price")} else null end)
    };

def workspaces: {id: .workspace_id, name: .workspace_name, created_at: (.creation_time | if . == null then null else from_unix_ms end)};
