package proxy

// roots are the constant roots of the mapping's scope, built once a request.
func (q *request) roots() {
	type rng struct {
		Start           string              `json:"start_date"`
		End             string              `json:"end_date"`
		Granularity     string              `json:"granularity"`
		PreliminaryFrom *string             `json:"preliminary_from"`
		Filters         map[string][]string `json:"filters"`
	}
	r := rng{Start: stamp(q.span.Start), End: stamp(q.span.End), Granularity: q.span.granularity, Filters: q.filter}
	if !q.span.preliminaryFrom.IsZero() {
		s := stamp(q.span.preliminaryFrom)
		r.PreliminaryFrom = &s
	}
	q.queryJSON = marshal(r)
	q.accountJSON = marshal(map[string]any{"id": q.acct.ID, "connector": q.conn.Name, "tenant_id": q.acct.TenantID, "context": q.context})
}
