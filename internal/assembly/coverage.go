package assembly

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/meterbridge/meterbridge/internal/coverage"
	"github.com/meterbridge/meterbridge/internal/simulate"
)

// Coverage says how far each connector fills the unified usage, in the order of their names. One without a cassette
// has no records.
func Coverage(files Files) ([]*coverage.Connector, error) {
	catalog, err := files.Catalog()
	if err != nil {
		return nil, err
	}
	cassettes, err := files.Cassettes()
	if err != nil {
		return nil, err
	}
	seen := map[string]coverage.Evidence{}
	for _, c := range cassettes {
		if catalog.Connectors.Get(c.Name) == nil {
			continue
		}
		if seen[c.Name], err = evidence(files, c); err != nil {
			return nil, err
		}
	}
	var out []*coverage.Connector
	for _, name := range catalog.Connectors.Names() {
		c, err := coverage.Of(catalog, catalog.Connectors.Get(name), seen[name])
		if err != nil {
			return nil, err
		}
		if c != nil {
			out = append(out, c)
		}
	}
	return out, nil
}

// evidence is what a cassette shows of usage: its goldens, and the items that come where the same is asked of /proxy.
func evidence(files Files, c *simulate.Cassette) (coverage.Evidence, error) {
	var e coverage.Evidence
	r, err := NewReplay(files, c, Options{Hurry: true})
	if err != nil {
		return e, err
	}
	defer r.Close()
	asked := map[string]bool{}
	for _, q := range c.Requests {
		if q.Resource != "usage" || q.Via != "unified" || q.ID != "" {
			continue
		}
		if golden, ok := c.Golden(q); ok && q.Format == "unified" {
			e.Goldens = append(e.Goldens, golden)
		}
		if asked[q.Query] {
			continue
		}
		asked[q.Query] = true
		items, err := r.items(q)
		if err != nil {
			return e, fmt.Errorf("asking the cassette of %s for the items of %s: %w", c.Name, q.Name, err)
		}
		e.Items = append(e.Items, items...)
	}
	return e, nil
}

// items are the provider's, as /proxy gives them; none where it refuses, as it does a filter.
func (r *Replay) items(q simulate.Request) ([][]byte, error) {
	resp := r.Get("/proxy/"+q.Resource+"?integrated_account_id="+url.QueryEscape(r.Account)+"&truto_ignore_limit=true&"+q.Query, nil)
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return nil, err
	}
	var list struct{ Result []json.RawMessage }
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, err
	}
	var out [][]byte
	for _, item := range list.Result {
		out = append(out, item)
	}
	return out, nil
}
