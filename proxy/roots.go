package proxy

// aboutRequest is room for what most requests are when they are written down.
const aboutRequest = 256

// roots are the constant roots of the mapping's scope, built once a request; $account is the standing's.
func (q *request) roots() {
	b := append(appendStamp(append(make([]byte, 0, aboutRequest), `{"start_date":`...), q.span.Start), `,"end_date":`...)
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
