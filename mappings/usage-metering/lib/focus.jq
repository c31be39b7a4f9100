# FOCUS 1.0 to 1.4: a row of Cost and Usage, as JSON or as a row of CSV, is one usage record.
#
# A mapping includes it and says `def usage: focus;`, or `focus + {…}` where the provider has more to say. Empty cells
# are nulls. Costs are exact, and those of the row: EffectiveCost is what accrued, BilledCost what the invoice has.
#
# | FOCUS | record |
# | EffectiveCost, without it BilledCost | charges: total; of a Purchase for later use, which accrues nothing: committed |
# | BilledCost, ListCost, where they differ | charges: billed, list |
# | PricingCategory Standard, Committed | charges: on_demand, committed, as much as the total |
# | PricingCurrencyEffectiveCost of a virtual currency | charges: a total of its own |
# | ConsumedQuantity, without it PricingQuantity | usage, with the price where it is one of this unit |
# | SkuId, ServiceName | product; SkuMeter, without it ChargeDescription: metric_name |
# | BillingAccountId, SubAccountId, ResourceId | organization, workspace, resources |
# | ChargeCategory, ChargeClass Correction | charge_category |
# | Tags, and every column that is named nowhere above | dimensions |

# ISO 4217. An object of constants is made once, and not for every row.
def focus_currencies:
  {AED: true, AFN: true, ALL: true, AMD: true, ANG: true, AOA: true, ARS: true, AUD: true, AWG: true, AZN: true,
   BAM: true, BBD: true, BDT: true, BGN: true, BHD: true, BIF: true, BMD: true, BND: true, BOB: true, BRL: true,
   BSD: true, BTN: true, BWP: true, BYN: true, BZD: true, CAD: true, CDF: true, CHF: true, CLP: true, CNY: true,
   COP: true, CRC: true, CUP: true, CVE: true, CZK: true, DJF: true, DKK: true, DOP: true, DZD: true, EGP: true,
   ERN: true, ETB: true, EUR: true, FJD: true, FKP: true, GBP: true, GEL: true, GHS: true, GIP: true, GMD: true,
   GNF: true, GTQ: true, GYD: true, HKD: true, HNL: true, HTG: true, HUF: true, IDR: true, ILS: true, INR: true,
   IQD: true, IRR: true, ISK: true, JMD: true, JOD: true, JPY: true, KES: true, KGS: true, KHR: true, KMF: true,
   KPW: true, KRW: true, KWD: true, KYD: true, KZT: true, LAK: true, LBP: true, LKR: true, LRD: true, LSL: true,
   LYD: true, MAD: true, MDL: true, MGA: true, MKD: true, MMK: true, MNT: true, MOP: true, MRU: true, MUR: true,
   MVR: true, MWK: true, MXN: true, MYR: true, MZN: true, NAD: true, NGN: true, NIO: true, NOK: true, NPR: true,
   NZD: true, OMR: true, PAB: true, PEN: true, PGK: true, PHP: true, PKR: true, PLN: true, PYG: true, QAR: true,
   RON: true, RSD: true, RUB: true, RWF: true, SAR: true, SBD: true, SCR: true, SDG: true, SEK: true, SGD: true,
   SHP: true, SLE: true, SOS: true, SRD: true, SSP: true, STN: true, SVC: true, SYP: true, SZL: true, THB: true,
   TJS: true, TMT: true, TND: true, TOP: true, TRY: true, TTD: true, TWD: true, TZS: true, UAH: true, UGX: true,
   USD: true, UYU: true, UZS: true, VED: true, VES: true, VND: true, VUV: true, WST: true, XAF: true, XCD: true,
   XCG: true, XOF: true, XPF: true, YER: true, ZAR: true, ZMW: true, ZWG: true};

# Everything else than a state's currency is a virtual one: Token → TOKEN, AI Credits → AI_CREDITS.
def focus_currency:
  if . == null then {currency: null}
  else ascii_upcase as $code
    | if focus_currencies[$code] then {currency: $code}
      else {currency: (slug | ascii_upcase), virtual: true} end
  end;

# Spreadsheets write MM/DD/YY.
def focus_date: if . == null then null elif contains("/") then mdy else rfc3339 end;

def focus_is($x): dcmp($x) == 0;

def focus_keep(f): [to_entries[] | select(f) | {(.key): .value}] | add // {};

def focus_tags:
  if . == null then {}
  elif type == "string" then (fromjson? // {Tags: .}) | if type == "object" then . else {Tags: .} end
  else . end
  | focus_keep(.value != null);

# What is bought for later accrues nothing on the day it is bought.
def focus_for_later:
  if .EffectiveCost == null then .CommitmentDiscountId != null
  else (.EffectiveCost | focus_is(0)) and (.CommitmentDiscountId != null or (.BilledCost | focus_is(0) | not)) end;

def focus_category:
  (.ChargeCategory // "Usage" | ascii_downcase) as $category
  | if .ChargeClass == "Correction" and ($category == "usage" or $category == "purchase") then "adjustment"
    elif $category != "purchase" then $category
    elif focus_for_later then "commitment"
    else "fee" end;

# How a usage row's total was priced.
def focus_pricing:
  if focus_category != "usage" then null
  elif .PricingCategory == "Committed" then "committed"
  elif .PricingCategory == "Standard" then "on_demand"
  else null end;

def focus_virtual: .PricingCurrencyEffectiveCost != null and (.PricingCurrency | focus_currency | .virtual == true);

def focus_charges:
  (.EffectiveCost // .BilledCost | dec) as $total
  | (.BilledCost | dec) as $billed
  | (.ListCost | dec) as $list
  | focus_category as $category
  | focus_pricing as $pricing
  | (.BillingCurrency | focus_currency) as $currency
  | (if $category == "commitment" then [{amount: $billed, type: "committed"}]
     elif $pricing == null then [{amount: $total, type: "total"}]
     else [{amount: $total, type: "total"}, {amount: $total, type: $pricing}] end)
    + (if $billed | focus_is($total) then [] else [{amount: $billed, type: "billed"}] end)
    + (if $list | focus_is($total) then [] else [{amount: $list, type: "list"}] end)
  | map(. + $currency);

def focus_virtual_charges:
  if focus_virtual and focus_category != "commitment" then
    [{amount: (.PricingCurrencyEffectiveCost | dec), type: "total"} + (.PricingCurrency | focus_currency)]
  else [] end;

def focus_unit_price: .ContractedUnitPrice // .ListUnitPrice | dec;

def focus_usage:
  if .ConsumedQuantity != null then
    {quantity: (.ConsumedQuantity | dec), unit: .ConsumedUnit, unit_price: (if .ConsumedUnit == .PricingUnit then focus_unit_price else null end)}
  elif .PricingQuantity != null then {quantity: (.PricingQuantity | dec), unit: .PricingUnit, unit_price: focus_unit_price}
  else null end;

def focus_resources($workspace):
  if .ResourceId == null and .ResourceName == null then []
  else [{id: .ResourceId, name: .ResourceName, workspace: $workspace}] end;

# The columns that a record has elsewhere, always or in this row.
def focus_used:
  (.EffectiveCost // .BilledCost) as $total
  | {BilledCost: true, EffectiveCost: true, ListCost: true, BillingCurrency: true, BillingAccountId: true, BillingAccountName: true,
     ChargePeriodStart: true, ChargePeriodEnd: true, ServiceName: true, SkuId: true, SkuMeter: true, SubAccountId: true,
     SubAccountName: true, ResourceId: true, ResourceName: true, ConsumedQuantity: true, ConsumedUnit: true, Tags: true}
  + {ChargeDescription: (.SkuMeter == null),
     ChargeCategory: (focus_category != "adjustment"),
     ContractedCost: (.ContractedCost | focus_is($total)),
     PricingQuantity: (.ConsumedQuantity == null or (.PricingQuantity == .ConsumedQuantity and .PricingUnit == .ConsumedUnit)),
     PricingUnit: (.ConsumedQuantity == null or .PricingUnit == .ConsumedUnit),
     PricingCurrency: (.PricingCurrency == .BillingCurrency or focus_virtual),
     PricingCurrencyEffectiveCost: (.PricingCurrency == .BillingCurrency or focus_virtual)};

def focus_dimensions:
  focus_used as $used
  | (.Tags | focus_tags) + focus_keep($used[.key] != true);

# Columns of the provider's own tell rows apart too, but not by how much, when, or under which name.
def focus_tells_apart($all):
  .key as $key
  | ($key | ascii_downcase) as $low
  | ($low | contains("cost") or contains("price") or contains("quantity") or contains("amount")) or ($key | endswith("Time") or endswith("At"))
    or ($key | endswith("Name")) and $all[($key | rtrimstr("Name")) + "Id"] != null
  | not;

def focus_pairs: . as $all | [to_entries[] | select(focus_tells_apart($all)) | .key, (.value | if type == "object" or type == "array" then tojson else . end)];

# The columns of the specification that have no part in the id: amounts, names, what follows from another column, and what
# only the invoice brings, since a preliminary row and its final version are one.
def focus_columns:
  {AllocatedMethodDetails: true, AllocatedMethodId: true, AllocatedResourceId: true, AllocatedResourceName: true,
   AllocatedTags: true, AvailabilityZone: true, BilledCost: true, BillingAccountId: true, BillingAccountName: true,
   BillingAccountType: true, BillingCurrency: true, BillingPeriodEnd: true, BillingPeriodStart: true,
   CapacityReservationId: true, CapacityReservationStatus: true, ChargeCategory: true, ChargeClass: true,
   ChargeDescription: true, ChargeFrequency: true, ChargePeriodEnd: true, ChargePeriodStart: true,
   CommitmentDiscountCategory: true, CommitmentDiscountId: true, CommitmentDiscountName: true,
   CommitmentDiscountQuantity: true, CommitmentDiscountStatus: true, CommitmentDiscountType: true,
   CommitmentDiscountUnit: true, CommitmentProgramEligibilityDetails: true, ConsumedQuantity: true, ConsumedUnit: true,
   ContractApplied: true, ContractedCost: true, ContractedUnitPrice: true, EffectiveCost: true, HostProviderName: true,
   InvoiceDetailId: true, InvoiceId: true, InvoiceIssuerName: true, ListCost: true, ListUnitPrice: true,
   PricingCategory: true, PricingCurrency: true, PricingCurrencyContractedUnitPrice: true,
   PricingCurrencyEffectiveCost: true, PricingCurrencyListUnitPrice: true, PricingQuantity: true, PricingUnit: true,
   ProviderName: true, PublisherName: true, RegionId: true, RegionName: true, ResourceId: true, ResourceName: true,
   ResourceType: true, ServiceCategory: true, ServiceName: true, ServiceProviderName: true, ServiceSubcategory: true,
   SkuId: true, SkuMeter: true, SkuPriceDetails: true, SkuPriceId: true, SubAccountId: true, SubAccountName: true,
   SubAccountType: true, Tags: true};

def focus_moment: focus_date | if . == null then null elif endswith("T00:00:00Z") then date else . end;

def focus_id:
  . as $row
  | focus_columns as $columns
  | ["F", (.ChargePeriodStart | focus_moment), (.ChargePeriodEnd | focus_moment), .BillingAccountId, .SubAccountId, .ServiceName, (.SkuId // .SkuMeter), .SkuPriceId, (.ResourceId // .ResourceName),
     (.RegionId // .RegionName), .AvailabilityZone, .ChargeCategory, .ChargeClass, .ChargeDescription, .PricingCategory, .ConsumedUnit, .PricingUnit,
     .CommitmentDiscountId, .CommitmentDiscountStatus, .CapacityReservationId, .CapacityReservationStatus, .AllocatedMethodId, .AllocatedResourceId,
     (if .ChargeClass == null then null else .BillingPeriodStart | focus_moment end)]
    + (.Tags | focus_tags | focus_pairs)
    + (focus_keep($columns[.key] | not) | focus_pairs)
  | stable_id;

def focus:
  focus_keep(.value != null and .value != "")
  | (.ChargePeriodStart | focus_date) as $start
  | (.ChargePeriodEnd | focus_date) as $until
  | (if .SubAccountId == null then null else {id: .SubAccountId, name: .SubAccountName} end) as $workspace
  | focus_resources($workspace) as $resources
  | {
      id: focus_id,
      product: {id: (.SkuId // .ServiceName), name: .ServiceName},
      metric_name: (.SkuMeter // .ChargeDescription),
      resources: $resources,
      organization: (if .BillingAccountId == null then null else {id: .BillingAccountId, name: .BillingAccountName} end),
      workspace: (if $resources == [] then $workspace else null end),
      charges: (focus_charges + focus_virtual_charges),
      usage: focus_usage,
      start_date: $start,
      end_date: $until,
      charge_category: focus_category,
      finality: (if $query.preliminary_from != null and $start >= $query.preliminary_from then "preliminary" else "final" end),
      dimensions: focus_dimensions
    };
