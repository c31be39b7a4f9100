# Twilio: an item is a list, all usage records of an account in a week of days or a quarter of months. A record is a
# category in one of them.
#
# Categories nest: sms has what sms-inbound has, and that what sms-inbound-longcode has; totalprice has all. The answer does
# not tell which are above which, so those that are counted are listed here: none of them is above another, as their names
# go, and of two that are known to say the same only one (calls-text-to-speech is amazon-polly once more). What they leave
# open of totalprice is a record too: so the records of an account add up to what it is charged, whatever categories there
# come to be. It is made here and not as a control total's residual, for there may be nothing else that day.
# Numbers are texts, the last day is inclusive, and most categories are 0.

def counted:
  ["calls-inbound-local calls-inbound-mobile calls-inbound-tollfree calls-outbound calls-client calls-sip-inbound",
   "calls-sip-outbound calls-emergency calls-globalconference calls-media-stream-minutes calls-pay-verb-transactions",
   "calls-transfers",
   "agent-conference amazon-polly answering-machine-detection branded-calling call-progess-events conversation-relay",
   "recordings recordingstorage speech-recognition transcriptions tts-google virtual-agent",
   "trunking-cps trunking-emergency-calls trunking-origination-local trunking-origination-mobile",
   "trunking-origination-tollfree trunking-recordings trunking-secure trunking-termination",
   "voice-insights-client-insights-monthy-commit voice-insights-client-insights-on-demand-minute",
   "voice-insights-ptsn-insights-on-demand-minute voice-insights-sip-interface-insights-on-demand-minute",
   "voice-insights-sip-trunking-insights-on-demand-minute voice-intelligence-eip-operators voice-intelligence-operators",
   "voice-intelligence-transcription",
   "sms-inbound-longcode sms-inbound-shortcode sms-inbound-tollfree sms-outbound-longcode sms-outbound-shortcode",
   "sms-outbound-tollfree sms-messages-carrierfees mms-inbound-longcode mms-inbound-shortcode mms-inbound-toll-free",
   "mms-outbound-longcode mms-outbound-shortcode mms-outbound-toll-free mms-messages-carrierfees",
   "failed-message-processing-fee",
   "channels-messaging-inbound channels-messaging-outbound channels-whatsapp-conversation-authentication",
   "channels-whatsapp-conversation-free channels-whatsapp-conversation-marketing channels-whatsapp-conversation-service",
   "channels-whatsapp-conversation-utility channels-whatsapp-inbound channels-whatsapp-outbound",
   "usage-rcs-basic-messages-outbound usage-rcs-messages-inbound usage-rcs-messaging-carrier-fees",
   "usage-rcs-single-messages-outbound",
   "a2p-10dlc-registrationfees-brandregistration a2p-10dlc-registrationfees-bv a2p-10dlc-registrationfees-campaigncharges",
   "a2p-10dlc-registrationfees-campaignregistration a2p-10dlc-registrationfees-campaignvetting",
   "a2p-10dlc-registrationfees-monthly a2p-10dlc-registrationfees-onetime",
   "conversations-api-requests conversations-conversation-events conversations-endpoint-connectivity",
   "conversations-participant-events conversations-participants",
   "phonenumbers-cps phonenumbers-emergency phonenumbers-local phonenumbers-mobile phonenumbers-porting",
   "phonenumbers-setups phonenumbers-tollfree shortcodes-customerowned shortcodes-mms-enablement shortcodes-mps",
   "shortcodes-random shortcodes-setup-fees shortcodes-uk shortcodes-vanity",
   "call-forwarding-lookups calleridlookups carrier-lookups enhanced-line-type-lookups fraud-lookups line-status-lookups",
   "live-activity-lookups lookup-identity-match number-format-lookups phone-quality-score-lookups reassigned-number",
   "sim-swap-lookups sms-pumping-risk",
   "authy-authentications authy-calls-outbound authy-monthly-fees authy-phone-intelligence authy-phone-verifications",
   "authy-sms-outbound authy-verify-outbound-email verify-push verify-sna verify-totp",
   "verify-whatsapp-conversations-business-initiated",
   "flex-active-user-hours flex-concurrent-users flex-named-users functions mediastorage monitor-reads monitor-storage",
   "monitor-writes notify-actions-attempts notify-channels pfax-minutes-inbound pfax-minutes-outbound pfax-pages",
   "premiumsupport proxy-active-sessions studio-engagements sync-actions sync-endpoint-hours",
   "taskrouter-tasks",
   "pchat-actions pchat-aps pchat-conv-med-storage pchat-messages pchat-notifications pchat-reads pchat-users",
   "basic-peer-to-peer-rooms-participant-minutes group-rooms-data-track group-rooms-media-downloaded",
   "group-rooms-media-recorded group-rooms-media-routed group-rooms-media-stored group-rooms-participant-minutes",
   "group-rooms-recorded-minutes media-composer-minutes peer-to-peer-rooms-participant-minutes",
   "small-group-rooms-data-track small-group-rooms-participant-minutes turnmegabytes-australia turnmegabytes-brasil",
   "turnmegabytes-germany turnmegabytes-india turnmegabytes-ireland turnmegabytes-japan turnmegabytes-singapore",
   "turnmegabytes-useast turnmegabytes-uswest",
   "wireless-orders-artwork wireless-orders-bulk wireless-orders-esim wireless-orders-starter wireless-usage-commands-home",
   "wireless-usage-commands-roaming wireless-usage-mrc-custom wireless-usage-mrc-individual wireless-usage-mrc-pooled",
   "wireless-usage-mrc-suspended wireless-usage-sms wireless-usage-voice",
   "authy-bucket-adjustment lookup-bucket-adjustment min-spend-adjustments pchat-bucket-adjustment proxy-bucket-adjustment",
   "smsmessages-bucket-adjustments"]
  | map(split(" ")[] | {key: ., value: true}) | from_entries;

def is_zero: . == null or . == "" or dcmp(0) == 0;
def is_used: [.count, .usage, .price] | all(is_zero) | not;

# The currency is the account's, and every row of it has it.
def charges($amount): if $amount == null or $amount == "" then [] else [{amount: ($amount | dec), currency: (.price_unit | ascii_upcase), type: "total"}] end;

# The period of a row: its end is that of a whole one, though an open month's ends today.
def period:
  (.start_date | day_start) as $start
  | ($start | if $query.granularity == "month" then add_months(1) else add_days(1) end) as $until
  | {start_date: $start, end_date: $until,
     finality: (if $query.preliminary_from != null and $until > $query.preliminary_from then "preliminary" else "final" end)};

def id($category): [(if $query.granularity == "month" then "M" else "D" end), (.start_date | date), .account_sid, $category] | stable_id;

def category_of:
  if startswith("a2p-") or endswith("fee") or endswith("fees") or endswith("-setups") then "fee"
  elif endswith("-adjustment") or endswith("-adjustments") then "adjustment"
  else "usage" end;

# What the counted categories leave open of the total.
def rest($rows):
  .price as $total
  | select($total != null and $total != "")
  | ([$rows[] | .price | select(. != null and . != "")] | if . == [] then 0 else dsum end) as $sum
  | ($total | dsub($sum)) as $rest
  | select($rest | is_zero | not)
  | {id: id("unallocated"), metric_name: "unallocated", organization: {id: .account_sid, name: $parent.friendly_name}, charges: charges($rest), remote_data: .} + period;

def usage:
  counted as $counted
  | group_by([.start_date, .account_sid])[]
  | [.[] | select($counted[.category])] as $rows
  | ($rows[]
     | select(is_used)
     | {
         id: id(.category),
         product: {id: .category, name: .description},
         metric_name: .category,
         organization: {id: .account_sid, name: $parent.friendly_name},
         charges: charges(.price),
         usage: (if .usage == null or .usage == "" then null else {quantity: (.usage | dec), unit: .usage_unit} end),
         charge_category: (.category | category_of),
         dimensions: (if .count_unit == .usage_unit or .count == null then null else {count, count_unit} end),
         remote_data: .
       } + period),
    (first(.[] | select(.category == "totalprice")) | rest($rows));

# "Wed, 04 Nov 2026 19:01:27 +0000"
def rfc2822:
  if . == null or . == "" then null
  else split(" ")
    | {Jan: "01", Feb: "02", Mar: "03", Apr: "04", May: "05", Jun: "06", Jul: "07", Aug: "08", Sep: "09", Oct: "10", Nov: "11", Dec: "12"}[.[2]] as $month
    | "\(.[3])-\($month)-\(.[1])T\(.[4])Z" | rfc3339
  end;

# An account's answer has its auth token, which is nobody's but the provider's and the account's.
def organizations:
  {id: .sid, name: .friendly_name, status, created_at: (.date_created | rfc2822), updated_at: (.date_updated | rfc2822),
   remote_data: with_entries(select(.key != "auth_token"))};
