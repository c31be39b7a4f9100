package gateway

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/meterbridge/meterbridge/internal/admin"
)

// Admin is the handler of the admin surface: the rows of a table, behind the same edge as the data surface, and the document
// that is written from them. Of the configuration it needs
// Operators, Metrics, Version and Log.
func Admin(c Config, rows []admin.Route) (http.Handler, error) {
	rows = append(rows, documentRow(), aliveRow())
	body, err := plainJSON(describeAdmin(rows, c.Version))
	if err != nil {
		return nil, err
	}
	var table []route
	for _, r := range rows {
		handle := served(r)
		if r.ID == documentID {
			handle = func(_ *gateway, c echo.Context) error { return c.Blob(http.StatusOK, contentJSON, body) }
		}
		table = append(table, route{[]string{r.Method}, routed(r.Path), accessOf(r.Policy), handle})
	}
	return build(c, table)
}

const documentID = "openapi"

// documentRow is the document's own; it is answered with what was written at the start.
func documentRow() admin.Route {
	return admin.Route{Method: http.MethodGet, Path: "/openapi.json", Policy: admin.Operator, ID: documentID, Tag: "Gateway",
		Summary: "This document", Text: "OpenAPI 3.1, written from the table of routes.", Answer: anyObject}
}

func aliveRow() admin.Route {
	return admin.Route{Method: http.MethodGet, Path: "/healthz", Policy: admin.Open, ID: "healthz", Tag: "Gateway",
		Summary: "Alive", Text: "Answers as long as the process does.", Answer: anyObject,
		Handle: func(*http.Request) (any, error) { return map[string]string{"status": "ok"}, nil }}
}

// accessOf keeps a row without a policy without one, which build refuses.
func accessOf(p admin.Policy) access {
	switch p {
	case admin.Open:
		return public
	case admin.Operator:
		return operator
	}
	return 0
}

// served gives a row's handler the path's values, and sends what it answers.
func served(r admin.Route) func(*gateway, echo.Context) error {
	return func(_ *gateway, c echo.Context) error {
		req := c.Request()
		for _, name := range c.ParamNames() {
			req.SetPathValue(name, param(c, name))
		}
		view, err := r.Handle(req)
		switch {
		case err != nil:
			return err
		case view == nil:
			return c.NoContent(goodStatus(r))
		}
		c.Response().Header().Set("Cache-Control", "no-store")
		return encode(c, goodStatus(r), view)
	}
}

func goodStatus(r admin.Route) int {
	switch {
	case r.Status != 0:
		return r.Status
	case r.Answer == nil:
		return http.StatusNoContent
	}
	return http.StatusOK
}

// routed is a path as the router writes it: /a/:id for /a/{id}.
func routed(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}
