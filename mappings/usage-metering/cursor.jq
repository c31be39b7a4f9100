# Cursor: an item is one event of one user, with the model that answered. It is a moment, which the record gives as
# created_at; its period is the hour around it.
#
# Amounts are fractional cents of a currency that nothing names: USD is assumed. chargedCents is there also for what the
# plan includes (isChargeable is false), which is no cost. Events have no id. timestamp is milliseconds in a text.

def dollars: if . == null then null else dec | dshift(-2) end;

def is_included: if .isChargeable == null then .kind // "" | startswith("Included") else .isChargeable | not end;

# What the event was charged; in older answers its parts say it.
def charged:
  if .chargedCents != null then .chargedCents
  elif .tokenUsage.totalCents != null then [.tokenUsage.totalCents, .cursorTokenFee // 0] | dsum
  else null end;

def charges:
  (charged | dollars) as $amount
  | if is_included then [{amount: $amount, currency: "USD", type: "included"}]
    else [
      {amount: $amount, currency: "USD", type: "total"},
      {amount: (.tokenUsage.totalCents | dollars), currency: "USD", type: "usage_based"},
      {amount: (.cursorTokenFee | dollars), currency: "USD", type: "platform_fee"}
    ] end;

def tokens: .tokenUsage | {inputTokens, outputTokens, cacheWriteTokens, cacheReadTokens};

# An event is counted in tokens, or as so many requests.
def metric: if [tokens[] | values] != [] then "tokenUsage" elif .requestsCosts != null then "requestsCosts" else null end;

def used:
  if metric == "tokenUsage" then {quantity: ([tokens[] | values] | dsum), unit: "tokens"}
  else {quantity: .requestsCosts, unit: (if metric == null then null else "requests" end)} end;

def usage:
  (.timestamp | from_unix_ms) as $at
  | ($at | hour_start) as $start
  | {
      id: ([.timestamp, .userEmail, .model, .maxMode, .isHeadless, .conversationId] | stable_id),
      product: (if .model == null then null else {id: .model} end),
      metric_name: metric,
      charges: charges,
      usage: used,
      start_date: $start,
      end_date: ($start | add_hours(1)),
      created_at: $at,
      user: (if .userEmail == null then null else {id: .userEmail, email: .userEmail, name: $lookups.members[.userEmail].name} end),
      model: {id: .model},
      charge_category: "usage",
      finality: (if $query.preliminary_from != null and $start >= $query.preliminary_from then "preliminary" else "final" end),
      dimensions: (tokens + {kind, maxMode, isHeadless, isTokenBasedCall, requestsCosts, isFreeBugbot, conversationId})
    };

# Events name a member by their address alone.
def users: {id: .email, name, email};
