package proxy

// roots are the constant roots of the mapping's scope, built once a request; $account is the standing's.
func (q *request) roots() {
	b := append(appendStamp([]byte(`{"start_date":`), q.span.Start), `,"end_date":`...)
	b = append(appendStamp(b, q.span.End), `,"granularity":`...)
	b = append(quote(b, q.span.granularity), `,"preliminary_from":`...)
	if q.span.preliminaryFrom.IsZero() {
		b = append(b, `null`...)
	} else {
		b = appendStamp(b, q.span.preliminaryFrom)
	}
	b = append(b, `,"filters":`...)
	if len(q.filter) == 0 {
		b = append(b, `{}`...)
	} else {
		b = append(b, marshal(q.filter)...)
	}
	q.queryJSON = append(b, '}')
}
