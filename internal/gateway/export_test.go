package gateway

// RouteInfo is a row of the router's table, for tests from outside.
type RouteInfo struct {
	Methods []string
	Path    string
	Public  bool
}

// RouteTable is the router's table.
func RouteTable() []RouteInfo {
	var out []RouteInfo
	for _, r := range routes() {
		out = append(out, RouteInfo{r.methods, r.path, r.access == public})
	}
	return out
}

const (
	MaxPath        = maxPath
	MaxHeaderBytes = maxHeaderBytes
	MaxWireHeader  = maxWireHeader
	MaxRequestID   = maxRequestID
	MaxOrder       = maxOrder
)

// Document is the OpenAPI document as served.
var Document = writtenDocument
