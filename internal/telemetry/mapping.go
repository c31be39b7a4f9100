package telemetry

import "time"

// MappingError counts an item that a mapping could not read.
func (m *Metrics) MappingError(connector, resource string) {
	if m != nil {
		m.mappings.WithLabelValues(label(connector), label(resource)).Inc()
	}
}

// MappingChecked counts an item that a compiled mapping and jq's machine both read.
func (m *Metrics) MappingChecked(connector, resource string, same bool) {
	if m == nil {
		return
	}
	outcome := "other"
	if same {
		outcome = "same"
	}
	m.checks.WithLabelValues(label(connector), label(resource), outcome).Inc()
}

// Mapping counts the time that a mapping has worked.
func (m *Metrics) Mapping(connector, resource string, took time.Duration) {
	if m != nil && took > 0 {
		m.mapping.WithLabelValues(label(connector), label(resource)).Add(took.Seconds())
	}
}

// Mapped counts n items that an engine has mapped.
func (m *Metrics) Mapped(connector, resource, engine string, n int) {
	if m != nil && n > 0 {
		m.mapped.WithLabelValues(label(connector), label(resource), label(engine)).Add(float64(n))
	}
}
