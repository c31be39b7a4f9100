package gateway

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"

	"github.com/labstack/echo/v4"

	"github.com/meterbridge/meterbridge/internal/problem"
)

//go:embed ui
var ui embed.FS

// docsPolicy lets the page use what this gateway serves and nothing else; nothing in it is inline.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// mediaTypes of the page's files; a file of another kind is not served.
var mediaTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// docs answers with the page that renders the OpenAPI document.
func (g *gateway) docs(c echo.Context) error { return serveFile(c, "index.html") }

// docsAsset answers with what the page is made of.
func (g *gateway) docsAsset(c echo.Context) error {
	name := param(c, "*")
	if name == "" {
		return c.Redirect(http.StatusFound, "../docs")
	}
	return serveFile(c, name)
}

func serveFile(c echo.Context, name string) error {
	media, ok := mediaTypes[path.Ext(name)]
	body, err := ui.ReadFile("ui/" + path.Base(name))
	if err != nil || !ok || path.Base(name) != name {
		return problem.New(problem.NotFound, "the documentation has no such file; it begins at /docs")
	}
	sum := sha256.Sum256(body)
	etag := `"` + hex.EncodeToString(sum[:12]) + `"`
	h := c.Response().Header()
	h.Set("Content-Security-Policy", docsPolicy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", etag)
	if c.Request().Header.Get("If-None-Match") == etag {
		return c.NoContent(http.StatusNotModified)
	}
	return c.Stream(http.StatusOK, media, bytes.NewReader(body))
}
