package proxy

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/upstream"
)

// walkOf is a walk at a provider whose connector has this list.
func walkOf(t *testing.T, h http.HandlerFunc, list string) *walk {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	text := "connector: acme\ntitle: Acme\ncontext: { base_url: { default: \"" + server.URL + "\" } }\nresources: { usage: { list: " + list + " } }\n"
	conn, finds := connector.Parse("acme.yaml", []byte(text))
	if conn == nil {
		t.Fatalf("%v", finds)
	}
	client := upstream.New(upstream.Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	t.Cleanup(client.CloseIdle)
	values := map[string]any{"base_url": server.URL}
	acct := &account.Account{ID: "a", Connector: "acme", Context: values, BaseURLSet: true}
	return &walk{ctx: t.Context(), request: &request{standing: &standing{conn: conn}, method: conn.Resources["usage"].List, scope: &connector.Scope{}, sess: client.For(acct, conn, values)}}
}

// TestLimitsOfParents: as many as there may be are walked, one more is an error and never left out.
func TestLimitsOfParents(t *testing.T) {
	for _, c := range []struct {
		name           string
		parents, pages int
		code           problem.Code
	}{
		{"as many as may be", maxParents, 1, ""},
		{"one more", maxParents + 1, 1, problem.UpstreamTooLarge},
		{"as many pages as may be", 1, maxParentPages, ""},
		{"one page more", 1, maxParentPages + 1, problem.PaginationLoop},
	} {
		t.Run(c.name, func(t *testing.T) {
			page := 0
			w := walkOf(t, func(w http.ResponseWriter, r *http.Request) {
				page++
				var b strings.Builder
				for i := range c.parents {
					fmt.Fprintf(&b, `{"id":"%d"},{"id":"%d"},`, i, i)
				}
				next := "null"
				if page < c.pages {
					next = fmt.Sprint(page + 1)
				}
				fmt.Fprintf(w, `{"data":[%s{"id":"0"}],"next":%s}`, b.String(), next)
			}, `{ get: "/{{ .parent.id }}", parents: { get: /p, items: data, key: id, page: { next_token: [next], token_param: t } } }`)
			n := 0
			var err error
			for err == nil {
				if w.pos.Parent, err = w.nextParent(); w.pos.Parent == nil {
					break
				}
				n++
			}
			if c.code == "" && (err != nil || n != c.parents) || c.code != "" && (err == nil || problem.From(err).Code != c.code) {
				t.Errorf("%d parents, %v", n, err)
			}
		})
	}
}
