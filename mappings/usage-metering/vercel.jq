# Vercel: the charges of a team. An item is a line of FOCUS 1.3: one day, service, project, region and way of pricing.
#
# A day is one of Los Angeles, and begins at 07:00 or 08:00 UTC. EffectiveCost has what a plan or commitment covers too,
# BilledCost is what goes to the invoice. The team is not in a line, the project is among its tags.

include "focus";

def team: $account.context.team_id as $id | if $id == null then null else {id: $id, name: $lookups.teams[$id].name} end;

# FOCUS has a column for whose the usage is; here it is two tags.
def with_project:
  (.Tags | focus_tags) as $tags
  | . + {SubAccountId: $tags.ProjectId, SubAccountName: $tags.ProjectName,
         Tags: ($tags | focus_keep(.key != "ProjectId" and .key != "ProjectName"))};

# A line names no meter and no resource.
def usage: with_project | focus + {metric_name: null, resources: [], organization: team};
