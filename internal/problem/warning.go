package problem

// Warning says in a good answer what its reader should know. Its codes are listed like those of problems.
type Warning struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

const (
	WarnUnknownParameter = "unknown_parameter"
	WarnGranularity      = "granularity_changed"
	WarnRangeWidened     = "range_widened"
	WarnRangeCut         = "range_cut"
	WarnRemoteQueryRange = "remote_query_range"
	WarnNoDataYet        = "no_data_yet"
	WarnTotalMismatch    = "total_mismatch"
	WarnLookupFailed     = "lookup_failed"
	WarnLookupTruncated  = "lookup_truncated"
	WarnPageCut          = "page_cut_by_deadline"
	WarnDerivedTruncated = "derived_truncated"
	WarnUnreadable       = "answer_unreadable"
	WarnUnpriced         = "unpriced"
	WarnMappingNote      = "mapping_note"
)

// MappingWarnings are the codes that a mapping may use.
var MappingWarnings = []string{WarnUnpriced, WarnMappingNote}

// WarningEntry is a row of the table of warnings.
type WarningEntry struct{ Code, What string }

// Warnings is every warning code in the order of the documentation.
func Warnings() []WarningEntry {
	return []WarningEntry{
		{WarnUnknownParameter, "A parameter that nothing understands was left out; `strict=true` makes it a 400."},
		{WarnGranularity, "The provider has no periods of the granularity asked for; the nearest it has is served."},
		{WarnRangeWidened, "The range was widened to whole periods of the granularity served."},
		{WarnRangeCut, "The provider does not keep data as old as the range; its start was moved."},
		{WarnRemoteQueryRange, "`remote_query` sets the provider's own range: the gateway neither slices nor clips it."},
		{WarnNoDataYet, "The provider has no data for this period yet, which is not the same as no cost."},
		{WarnTotalMismatch, "The provider's own total differs from the sum of its parts."},
		{WarnLookupFailed, "Names could not be looked up; ids are there, names are null."},
		{WarnLookupTruncated, "A lookup has more entries than the gateway keeps; some names are null."},
		{WarnPageCut, "The page is shorter than `limit` because the deadline came; go on with `next_cursor`."},
		{WarnDerivedTruncated, "The list derived from usage was cut at its bound."},
		{WarnUnreadable, "`raw` passes on an answer that can't be read as the list it should be; no next page can be found in it."},
		{WarnUnpriced, "A price is missing, so that records have a quantity and no cost; the message says where to configure it."},
		{WarnMappingNote, "The connector's mapping has something to say about the provider's figures."},
	}
}
