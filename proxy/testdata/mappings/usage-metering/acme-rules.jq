# Acme's graph: costs with a day.

def usage: {id, charges: [{amount: (.amount | dec), currency: "USD", type: "total"}], start_date: (.day | rfc3339)};

def organizations: {id, name};

def workspaces: {id, name};
