package proxy_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/proxy"
)

// TestFieldsAreFilledOrOmitted holds the capabilities to the records: each field of the model is either filled by a record
// of a cassette or of a script, or is left out with a reason, and never both.
func TestFieldsAreFilledOrOmitted(t *testing.T) {
	t.Parallel()
	catalog, err := assembly.Files{}.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	seen := fieldsSeen(t)
	for _, name := range catalog.Connectors.Names() {
		conn := catalog.Connectors.Get(name)
		for resource, can := range proxy.Describe(catalog, conn, nil).Resources {
			met := seen[name+" "+resource]
			for _, f := range catalog.Model.Fields(resource) {
				filled, omitted := slices.Contains(can.Fields, f.Path), can.Omitted[f.Path] != ""
				for p := range can.Omitted {
					omitted = omitted || strings.HasPrefix(f.Path, p+".") || strings.HasPrefix(f.Path, p+"[].")
				}
				switch {
				case filled == omitted:
					t.Errorf("%s, %s: %s is filled %v and omitted %v", name, resource, f.Path, filled, omitted)
				case filled && !met[f.Path]:
					t.Errorf("%s, %s: %s is said to be filled, and no cassette or script has it: omit it with its reason, or record one", name, resource, f.Path)
				case omitted && met[f.Path]:
					t.Errorf("%s, %s: %s is omitted and yet filled", name, resource, f.Path)
				}
			}
		}
	}
}

// fieldsSeen are the fields with a value, by connector and resource.
func fieldsSeen(t *testing.T) map[string]map[string]bool {
	t.Helper()
	seen := map[string]map[string]bool{}
	note := func(key string, records []json.RawMessage) {
		if seen[key] == nil {
			seen[key] = map[string]bool{}
		}
		for _, r := range records {
			var v map[string]any
			if json.Unmarshal(r, &v) == nil {
				noteFields(seen[key], "", v)
			}
		}
	}
	cassettes, err := assembly.Files{}.Cassettes()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cassettes {
		r, err := assembly.NewReplay(assembly.Files{}, c, assembly.Options{Hurry: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range c.Requests {
			if q.Format != "unified" && q.Format != "" || q.Via == "proxy" || q.ID != "" {
				continue
			}
			resp := r.Get("/unified/usage-metering/"+q.Resource+"?integrated_account_id="+url.QueryEscape(r.Account)+"&"+q.Query, http.Header{})
			body, _ := io.ReadAll(resp.Body)
			var v struct{ Result []json.RawMessage }
			_ = json.Unmarshal(body, &v) // a request that shows an error, or is keyed, has no list
			note(c.Name+" "+q.Resource, v.Result)
		}
		r.Close()
	}
	scripts, _ := filepath.Glob("testdata/providers/*.txtar")
	for _, file := range scripts {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		connector, resource := "", ""
		for _, s := range sections(string(text)) {
			switch kind, _, _ := strings.Cut(s.name, " "); kind {
			case "account":
				connector = readAccount(t, s.text).Connector
			case "request":
				resource = ""
				if m := listPath.FindStringSubmatch(s.text); m != nil {
					resource = m[1]
				}
			case "answer":
				_, body, _ := strings.Cut(s.text, "\n")
				var v struct{ Result []json.RawMessage }
				if resource != "" && json.Unmarshal([]byte(body), &v) == nil {
					note(connector+" "+resource, v.Result)
				}
			}
		}
	}
	return seen
}

var listPath = regexp.MustCompile(`^GET /unified/usage-metering/(\w+)(\?|\n| )`)

// noteFields walks a record as the model names its fields: product.id, charges[].amount. A map's keys are no fields.
func noteFields(seen map[string]bool, path string, v map[string]any) {
	for k, e := range v {
		at := strings.TrimPrefix(path+"."+k, ".")
		switch e := e.(type) {
		case nil:
			continue
		case map[string]any:
			seen[at] = true
			if at != "dimensions" && at != "remote_data" {
				noteFields(seen, at, e)
			}
		case []any:
			for _, one := range e {
				seen[at] = true
				if one, ok := one.(map[string]any); ok {
					noteFields(seen, at+"[]", one)
				}
			}
		default:
			seen[at] = true
		}
	}
}
