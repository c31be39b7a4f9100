package simulate

import (
	"maps"
	"slices"
	"strings"
)

// Request is what `test` asks through the whole pipeline.
type Request struct {
	Name     string `yaml:"-"`
	Resource string `yaml:"resource"`
	ID       string `yaml:"id"`
	Query    string `yaml:"query"`  // raw, without integrated_account_id and the format
	Format   string `yaml:"format"` // unified, normalized, debug, stream, csv or raw
	Via      string `yaml:"via"`    // unified or proxy
	Status   int    `yaml:"status"` // 200, unless an error is what the golden shows
}

// extensions are the goldens' by format.
var extensions = map[string]string{
	"unified": ".json", "normalized": ".json", "debug": ".json", "stream": ".ndjson", "csv": ".csv", "raw": ".raw",
}

// Golden is the name of the request's golden: usage.json.
func (r Request) Golden() string { return r.Name + extensions[r.Format] }

// Account is the demo account of a cassette.
type Account struct {
	Connector   string            `json:"connector"`
	Credentials map[string]string `json:"credentials"`
	Context     map[string]any    `json:"context"`
}

// Account is the cassette's account for a simulator that listens at base (without a path: http://127.0.0.1:9090).
func (c *Cassette) Account(base string) Account {
	own := strings.TrimSuffix(base, "/") + "/" + c.Name
	a := Account{Connector: c.Name, Credentials: maps.Clone(c.Credentials), Context: map[string]any{"base_url": own}}
	for k, v := range c.Context {
		if s, ok := v.(string); ok {
			v = strings.ReplaceAll(s, "{base}", own)
		}
		a.Context[k] = v
	}
	return a
}

// Golden is what `test` expects of a request, and whether there is any yet.
func (c *Cassette) Golden(r Request) ([]byte, bool) {
	g, ok := c.goldens[r.Golden()]
	return g, ok
}

// Update is the cassette's text with these goldens (by [Request.Golden]) in place of the ones it has; everything else
// stays byte for byte, new goldens come last.
func (c *Cassette) Update(goldens map[string][]byte) []byte {
	comment, secs, err := readArchive(c.raw)
	if err != nil {
		return c.raw // it has parsed before
	}
	var files []File
	left := maps.Clone(goldens)
	for _, s := range secs {
		name, isGolden := strings.CutPrefix(s.name, "golden/")
		if g, ok := left[name]; ok && isGolden {
			s.data = g
			delete(left, name)
		}
		files = append(files, File{Name: s.name, Data: s.data})
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		files = append(files, File{Name: "golden/" + name, Data: left[name]})
	}
	return Format(comment, files)
}
