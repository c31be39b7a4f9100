# Cloudflare: the metered usage of an account. An item is a row with the columns of FOCUS 1.3: one day, service,
# subscription and zone.
#
# Columns of Cloudflare's own have no prefix. The cumulated ones are sums over the billing cycle so far: to add them up
# would count each day again, and they are left out. A unit may be empty, where the service's name says it.

include "focus";

# A zone is what FOCUS calls a resource. A family follows from its service, and is a name: it has no part in the id.
def row:
  focus_keep(.key != "CumulatedContractedCost" and .key != "CumulatedPricingQuantity"
    and .key != "ZoneId" and .key != "ZoneName" and .key != "ServiceFamilyName")
  + {ResourceId: .ZoneId, ResourceName: .ZoneName};

def usage:
  .ServiceFamilyName as $family
  | row
  | focus
  | . + {dimensions: (.dimensions + {ServiceFamilyName: $family})};
