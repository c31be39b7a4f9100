package simulate

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const pagesCassette = `Pages by a key of the body, a form's field, a header and a link.
-- cassette.yaml --
month: 2026-09
now: 2026-10-05T12:00:00Z
credentials: {}
auth: none
requests: {}
-- exchange/body --
POST /body
body: { from: "{*}" }
absent: [page.token]

200

one
-- exchange/body-2 --
POST /body
body: { page: { token: t2 } }

200

two
-- exchange/form --
POST /form
form: { id: [a, b] }
absent: [cursor]

200

one
-- exchange/form-2 --
POST /form
form: { id: [a, b], cursor: t2 }

200

two
-- exchange/header --
GET /header
absent: [X-Cursor]

200
Link: <{self:page=2}>; rel="next"

one
-- exchange/header-2 --
GET /header
headers: { X-Cursor: t2 }

200

two
-- exchange/text --
POST /text
text: "SELECT {what} FROM t"

200

got {what}
-- exchange/lists --
GET /lists?id=a&id={second}&n=1

200

got {second}
`

func TestPatternsOfPagesAndBodies(t *testing.T) {
	tape, err := Parse("pages.txtar", []byte(pagesCassette))
	if err != nil {
		t.Fatal(err)
	}
	sim, err := New(Config{Cassettes: []*Cassette{tape}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	defer server.Close()
	const form = "Content-Type: application/x-www-form-urlencoded"
	for _, c := range []struct{ name, method, path, body, header, want string }{
		{"a body without the token", "POST", "/body", `{"from":1,"page":{}}`, "", "200 one"},
		{"with it", "POST", "/body", `{"from":1,"page":{"token":"t2"}}`, "", "200 two"},
		{"with another", "POST", "/body", `{"from":1,"page":{"token":"t3"}}`, "", "404 page.token: must be absent"},
		{"a form", "POST", "/form", "id=a&id=b", form, "200 one"},
		{"a form's second page", "POST", "/form", "id=a&id=b&cursor=t2", form, "200 two"},
		{"a form in another order", "POST", "/form", "id=b&id=a", form, `404 form id: \"b\" is not a`},
		{"a form with one of two", "POST", "/form", "id=a", form, "404 form id: given 1 times"},
		{"no header", "GET", "/header", "", "", "200 one"},
		{"a header", "GET", "/header", "", "X-Cursor: t2", "200 two"},
		{"another header", "GET", "/header", "", "X-Cursor: t3", "404 X-Cursor: must be absent"},
		{"a text", "POST", "/text", "SELECT x\ny FROM t", "", "200 got x\ny"},
		{"another text", "POST", "/text", "DROP t", "", "404 text: "},
		{"a list", "GET", "/lists?id=a&n=1&id=b", "", "", "200 got b"},
		{"a list too long", "GET", "/lists?id=a&n=1&id=b&id=c", "", "", "404 query id: given 3 times"},
	} {
		req, err := http.NewRequest(c.method, server.URL+"/pages"+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		if name, v, ok := strings.Cut(c.header, ": "); ok {
			req.Header.Set(name, v)
		}
		w := httptest.NewRecorder()
		sim.ServeHTTP(w, req)
		status, text, _ := strings.Cut(c.want, " ")
		if http.StatusText(w.Code) != map[string]string{"200": "OK", "404": "Not Found"}[status] || !strings.Contains(w.Body.String(), text) {
			t.Errorf("%s: %d %s, want %s", c.name, w.Code, w.Body, c.want)
		}
		if link := w.Header().Get("Link"); c.name == "no header" && link != `<`+server.URL+`/pages/header?page=2>; rel="next"` {
			t.Errorf("Link: %s", link)
		}
	}
}
