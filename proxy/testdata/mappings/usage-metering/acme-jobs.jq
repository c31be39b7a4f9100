# Acme's warehouse: rows with a day, of JSON or of CSV.

def usage: {id, charges: [{amount: (.amount | dec), currency: "USD", type: "total"}], start_date: (.day | rfc3339)};

def organizations: {id, name};

def workspaces: {id, name: $parent.id};
