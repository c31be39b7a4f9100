package proxy

import "github.com/meterbridge/meterbridge/internal/mapping"

// checked hears of an item that the compiled mapping and jq's machine have both read. A difference is a defect of ours:
// the log has its place, and nothing of the item.
func (q *request) checked(c mapping.Checked) {
	q.Observer.MappingChecked(q.conn.Name, q.mapped, c.Same)
	if !c.Same {
		q.Log.Error("a compiled mapping did not do what jq does, which has it from now on",
			"connector", q.conn.Name, "resource", q.mapped, "file", c.File, "line", c.Line, "panic", c.Panic)
	}
}
